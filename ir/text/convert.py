"""From parsed expressions to what the fields of ops hold, as their annotations say."""

from __future__ import annotations

import enum
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, cast

import sympy

from ...diagnostics import suggest
from .. import structure
from ..core import Successor, Symbol, Value
from ..dims import DIM_FUNCTIONS, Dim, canonical_dim, is_data_dependent, symbol
from ..graph.literals import Device, Layout, MemoryFormat
from ..structure import Structure
from ..types import DType, ListType, ScalarKind, ScalarType, TensorType, Type
from .syntax import Arithmetic, Atom, Expression, Group

_INITIAL = (Symbol, types.NoneType, bool, int, float)

Token: TypeAlias = Any
"""A token of lark: a string that knows its place."""


class TypeField:
    """Stand for the annotation `Type`, an alias that names classes out of reach."""


class StructureField:
    """Stand for the annotation `Structure`, as above."""


class InitialField:
    """Stand for what a cell holds first: a symbol, number or none, or a list of these."""


class NameField:
    """Stand for a field that holds a bare name as a string."""


class ReferenceField:
    """Stand for a field that holds a reference into the table of locations, as a string."""


class Problem(Exception):
    """A mistake in the text, at `at` or, where that is None, at the part that holds it."""

    def __init__(
        self, message: str, at: Token | None = None, help: str = "", code: str = "MC0201"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.help = help
        self.code = code


@dataclass(frozen=True)
class Scope:
    """Look up values and blocks by their tokens."""

    value: Callable[[Token], Value]
    edge: Callable[[Token, tuple[Value, ...]], Successor]


def unquote(token: Token) -> str:
    """Return the text that a string token stands for."""
    try:
        return json.loads(token, strict=False)
    except ValueError:
        raise Problem("the string has an escape that is none of JSON's", token) from None


def symbol_name(token: Token) -> Symbol:
    """Return the name that `@name` or `@"name"` stands for."""
    text = token[1:]
    return Symbol(json.loads(text) if text.startswith('"') else text)


def convert(node: Expression, annotation: Any, scope: Scope) -> Any:
    """Return what a field annotated with `annotation` holds when `node` is written for it."""
    converter = _CONVERTERS.get(annotation)
    if converter is not None:
        return converter(node, scope)
    if typing.get_origin(annotation) is tuple:
        return _tuple(node, typing.get_args(annotation)[0], scope)
    if isinstance(annotation, types.UnionType):
        return _union(node, typing.get_args(annotation), scope)
    assert issubclass(annotation, enum.Enum), f"no conversion to {annotation}"
    return _enumerator(node, annotation)


def _fail(node: Expression, wanted: str, help: str = "") -> NoReturn:
    raise Problem(f"expected {wanted}, found {node}", _head(node), help)


def _head(node: Expression) -> Token | None:
    if isinstance(node, Atom):
        return node.token
    return node.head if isinstance(node, Group) else None


def _tuple(node: Expression, annotation: Any, scope: Scope) -> tuple[Any, ...]:
    if not isinstance(node, Group) or node.kind != "list":
        _fail(node, "a list")
    return tuple(convert(item, annotation, scope) for item in node.items)


def _initial(node: Expression, scope: Scope) -> Any:
    if isinstance(node, Group) and node.kind == "list":
        return tuple(_union(item, _INITIAL, scope) for item in node.items)
    return _union(node, _INITIAL, scope)


def _union(node: Expression, annotations: Iterable[Any], scope: Scope) -> Any:
    allowed = tuple(annotations)
    if Symbol in allowed and isinstance(node, Atom) and node.kind == "symbol":
        return symbol_name(node.token)
    value = literal(node, scope)
    if type(value) not in allowed:
        _fail(node, " or ".join(kind.__name__ for kind in allowed))
    return value


def _enumerator(node: Expression, cls: type[enum.Enum]) -> enum.Enum:
    names = [str(member.value) for member in cls]
    if not isinstance(node, Atom) or node.kind != "name" or str(node) not in names:
        _fail(node, f"a {cls.__name__}", suggest(str(node), names))
    return cls(str(node))


def _exactly(kind: type) -> Callable[[Expression, Scope], Any]:
    def converter(node: Expression, scope: Scope) -> Any:
        value = literal(node, scope)
        if type(value) is not kind:
            _fail(node, kind.__name__)
        return value

    return converter


def _symbol(node: Expression, scope: Scope) -> Symbol:
    if not isinstance(node, Atom) or node.kind != "symbol":
        _fail(node, "a symbol such as @name")
    return symbol_name(node.token)


def _token(kind: str) -> Callable[[Expression, Scope], str]:
    def converter(node: Expression, scope: Scope) -> str:
        if not isinstance(node, Atom) or node.kind != kind:
            _fail(node, f"a {kind}")
        return str(node)

    return converter


def _value(node: Expression, scope: Scope) -> Value:
    if not isinstance(node, Atom) or node.kind != "value":
        _fail(node, "a value such as %x")
    return scope.value(node.token)


def _successor(node: Expression, scope: Scope) -> Successor:
    if not isinstance(node, Group) or node.kind != "edge":
        _fail(node, "a block such as ^bb1(%x)")
    return scope.edge(node.head, tuple(_value(item, scope) for item in node.items))


# --- literals ---------------------------------------------------------------------------------


def literal(node: Expression, scope: Scope) -> Any:
    """Return the value, number, string, constant, dtype or tuple of these that `node` denotes."""
    if isinstance(node, Group):
        return _group_literal(node, scope)
    if isinstance(node, Arithmetic):
        return _negative(node, scope)
    reader = _ATOM_LITERALS.get(node.kind)
    if reader is None:
        _fail(node, "a literal or a value")
    return reader(node, scope)


def _group_literal(node: Group, scope: Scope) -> Any:
    if node.kind == "list":
        return tuple(literal(item, scope) for item in node.items)
    maker = _NAMED_LITERALS.get(str(node.head)) if node.kind == "call" else None
    if maker is None:
        _fail(node, "a literal or a value")
    items = [literal(item, scope) for item in node.items]
    try:
        return maker(*items)
    except (TypeError, ValueError):
        _fail(node.items[0] if node.items else node, f"what {node.head} takes")


def _device(name: Any) -> Device:
    if not isinstance(name, str):
        raise TypeError(name)
    return Device(name)


def _negative(node: Arithmetic, scope: Scope) -> Any:
    if node.kind != "negate":
        _fail(node, "a literal or a value")
    number = literal(node.items[0], scope)
    if type(number) not in (int, float):
        _fail(node.items[0], "a number")
    return -number


def _name_literal(node: Atom, scope: Scope) -> Any:
    name = str(node)
    if name in _NAMES:
        return _NAMES[name]
    dtypes = [dtype.value for dtype in DType]
    if name not in dtypes:
        _fail(node, "a literal or a value", suggest(name, [*_NAMES, *dtypes]))
    return DType(name)


_NAMES: Mapping[str, Any] = {
    "none": None,
    "true": True,
    "false": False,
    "inf": math.inf,
    "nan": math.nan,
}

_NAMED_LITERALS: Mapping[str, Callable[..., Any]] = {
    "complex": complex,
    "device": _device,
    "memory": MemoryFormat,
    "layout": Layout,
}

_ATOM_LITERALS: Mapping[str, Callable[[Atom, Scope], Any]] = {
    "integer": lambda node, scope: int(node.token),
    "floating": lambda node, scope: float(node.token),
    "string": lambda node, scope: unquote(node.token),
    "value": lambda node, scope: scope.value(node.token),
    "name": _name_literal,
}


# --- types ------------------------------------------------------------------------------------


def read_type(node: Expression) -> Type:
    """Return the type that `node` denotes."""
    kinds = [kind.value for kind in ScalarKind]
    if isinstance(node, Atom) and node.kind == "name" and str(node) in kinds:
        return ScalarType(ScalarKind(str(node)))
    if isinstance(node, Group) and node.kind == "type":
        if node.head == "list" and len(node.items) == 1:
            return ListType(read_type(node.items[0]))
        if node.head == "tensor" and len(node.items) in (2, 3):
            return _tensor_type(*node.items)
    _fail(node, "a type", "types are i64, f64, i1, str, tensor<[dims], dtype> and list<type>")


def _tensor_type(dims: Expression, dtype: Expression, device: Expression | None = None) -> Type:
    if not isinstance(dims, Group) or dims.kind != "list":
        _fail(dims, "dims in brackets")
    element = cast(DType, _enumerator(dtype, DType))
    if device is None:
        return TensorType(tuple(read_dim(dim) for dim in dims.items), element)
    if not isinstance(device, Atom) or device.kind != "string":
        _fail(device, 'a device such as "cuda:0"')
    return TensorType(tuple(read_dim(dim) for dim in dims.items), element, unquote(device.token))


def read_dim(node: Expression) -> Dim:
    """Return the dim that `node` denotes: an int or an expression over names."""
    return canonical_dim(cast(Dim, _dim(node)))


def _dim(node: Expression) -> Any:
    if isinstance(node, Atom):
        reader = _ATOM_DIMS.get(node.kind)
        return reader(node) if reader else _fail(node, "a dim")
    operands = [_dim(item) for item in node.items]
    if isinstance(node, Arithmetic):
        return _ARITHMETIC[node.kind](*operands)
    function = DIM_FUNCTIONS.get(str(node.head)) if node.kind == "call" else None
    return function(*operands) if function else _fail(node, "a dim")


def _data_dependent(node: Atom) -> Any:
    if not is_data_dependent(str(node)):
        _fail(node, "a data-dependent dim", "they are named ?u0, ?u1, ...")
    return symbol(str(node))


def _add(left: Any, right: Any) -> Any:
    return left + right


def _subtract(left: Any, right: Any) -> Any:
    return left - right


def _multiply(left: Any, right: Any) -> Any:
    return left * right


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _raise_to(base: Any, exponent: Any) -> Any:
    return base**exponent


def _negate(number: Any) -> Any:
    return -number


_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negate": _negate,
    "raise_to": _raise_to,
}

_ATOM_DIMS: Mapping[str, Callable[[Atom], Any]] = {
    "integer": lambda node: sympy.Integer(int(node.token)),
    "name": lambda node: symbol(str(node)),
    "data_dependent": _data_dependent,
}


# --- structures -------------------------------------------------------------------------------


def read_structure(node: Expression, scope: Scope) -> Structure:
    """Return the pytree structure that `node` denotes."""
    if not isinstance(node, Group) or node.kind != "call":
        return structure.Constant(convert(node, None | bool | int | float | str, scope))
    reader = _STRUCTURES.get(str(node.head))
    if reader is None:
        _fail(node, "a structure", suggest(str(node.head), list(_STRUCTURES)))
    return reader(node, scope)


def _leaf(node: Group, scope: Scope) -> Structure:
    if len(node.items) != 1:
        _fail(node, "leaf(number)")
    return structure.Leaf(convert(node.items[0], int, scope))


def _sequence(node: Group, scope: Scope) -> Structure:
    items = tuple(read_structure(item, scope) for item in node.items)
    return structure.Sequence(str(node.head), items)


def _array(node: Group, scope: Scope) -> Structure:
    if len(node.items) != 1:
        _fail(node, f"{node.head}(structure)")
    return structure.Array(str(node.head), (read_structure(node.items[0], scope),))


def _mapping(node: Group, scope: Scope) -> Structure:
    return structure.Mapping(*_pairs(node.items, scope))


def _record(node: Group, scope: Scope) -> Structure:
    if not node.items:
        _fail(node, "a class and its fields")
    type_name = convert(node.items[0], str, scope)
    return structure.Record(str(node.head), type_name, *_pairs(node.items[1:], scope))


def _pairs(nodes: Iterable[Expression], scope: Scope) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    keys: list[Any] = []
    items: list[Structure] = []
    for node in nodes:
        if not isinstance(node, Group) or node.kind != "list" or len(node.items) != 2:
            _fail(node, "a pair [key, structure]")
        keys.append(literal(node.items[0], scope))
        items.append(read_structure(node.items[1], scope))
    return tuple(keys), tuple(items)


_STRUCTURES: Mapping[str, Callable[[Group, Scope], Structure]] = {
    "leaf": _leaf,
    "tuple": _sequence,
    "list": _sequence,
    "array": _array,
    "scalar": _array,
    "dict": _mapping,
    "namedtuple": _record,
    "dataclass": _record,
    "mapping": _record,
}

_CONVERTERS: Mapping[Any, Callable[[Expression, Scope], Any]] = {
    Any: literal,
    Value: _value,
    Successor: _successor,
    Symbol: _symbol,
    NameField: _token("name"),
    ReferenceField: _token("reference"),
    TypeField: lambda node, scope: read_type(node),
    StructureField: read_structure,
    InitialField: _initial,
    bool: _exactly(bool),
    int: _exactly(int),
    float: _exactly(float),
    str: _exactly(str),
}
