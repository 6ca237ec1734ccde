"""Types, dims and structures of the IR in the form that the runtime reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ...ir import structure as ir
from ...ir.dims import canonical_dim
from ...ir.types import Dim, ListType, ScalarType, TensorType, Type
from ...runtime import structure, types

_FUNCTIONS: Mapping[str, str] = {
    "Add": "add",
    "Mul": "mul",
    "Pow": "pow",
    "floor": "floor",
    "Mod": "mod",
    "Max": "max",
    "Min": "min",
}
"""What the runtime calls the classes of sympy of which canonical dims are made."""


def runtime_type(value_type: Type, *, checked: bool) -> types.Type:
    """Return the runtime's form of `value_type`; only types that it checks keep symbolic dims."""
    match value_type:
        case ScalarType(kind=kind):
            return types.ScalarType(kind.value)
        case ListType(element=element):
            return types.ListType(runtime_type(element, checked=checked))
        case TensorType():
            convert = runtime_dim if checked else _known_dim
            shape = tuple([convert(dim) for dim in value_type.shape])
            return types.TensorType(shape, value_type.dtype.value, value_type.device)


def runtime_dim(dim: Dim) -> types.Dim:
    """Return the runtime's form of `dim`."""
    canonical = canonical_dim(dim)
    return canonical if isinstance(canonical, int) else _expression(canonical)


def runtime_structure(value: ir.Structure) -> structure.Structure:
    """Return the runtime's form of `value`."""
    match value:
        case ir.Leaf(index=index):
            return structure.Leaf(index)
        case ir.Constant(value=constant):
            return structure.Constant(constant)
        case ir.Sequence(kind=kind):
            return structure.Sequence(kind, _items(value.items))
        case ir.Mapping():
            return runtime_mapping(value)
        case ir.Array(kind=kind):
            return structure.Array(kind, _items(value.items))
        case ir.Record(kind=kind, type_name=type_name, fields=fields):
            return structure.Record(kind, type_name, fields, _items(value.items))


def runtime_mapping(value: ir.Mapping) -> structure.Mapping:
    """Return the runtime's form of a mapping, such as the inputs of an entry."""
    return structure.Mapping(value.keys, _items(value.items))


def _items(items: tuple[ir.Structure, ...]) -> tuple[structure.Structure, ...]:
    return tuple([runtime_structure(item) for item in items])


def _known_dim(dim: Dim) -> types.Dim:
    return dim if isinstance(dim, int) else types.UNKNOWN_DIM


def _expression(expression: Any) -> types.Dim:
    if expression.is_Symbol:
        return str(expression)
    if expression.is_Integer:
        return int(expression)
    if expression.is_Rational:
        return types.Apply("div", (int(expression.p), int(expression.q)))
    arguments = tuple([_expression(argument) for argument in cast("list[Any]", expression.args)])
    return types.Apply(_FUNCTIONS[type(expression).__name__], arguments)
