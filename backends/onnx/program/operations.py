"""Every op of a host function on ONNX values, and why some have no form in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import onnx_ir

from ....diagnostics import DiagnosticError
from ....ir.core import Func, Op, map_values
from ....ir.graph import AtenOp
from ....ir.host import (
    Branch,
    CondBranch,
    Invoke,
    Item,
    LoadWeight,
    Print,
    Raise,
    ReadCell,
    Return,
    Size,
    Switch,
    arith,
)
from ....ir.types import I64, STR, ListType, TensorType
from ..element_types import Unsupported, element_type
from .lists import LISTS
from .numbers import ARITHMETIC, math_refusal
from .scope import Scope
from .tables import TABLES

Values: TypeAlias = Sequence[onnx_ir.Value]
Emit: TypeAlias = Callable[[Scope, Op, Values], onnx_ir.Value]

HELP = "compile for another target, or move the construct out of the program"

_ELSEWHERE = (AtenOp, Branch, CondBranch, LoadWeight, Print, Raise, ReadCell, Return, Switch)


def _item(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = the only element of a tensor, as a number."""
    kind, (source,) = op.results[0].type, operands
    tensor = scope.shared.types[source]
    assert isinstance(tensor, TensorType)
    if tensor.rank:
        shape = scope.emitter.integers([])
        source = scope.node("Reshape", source, shape, kind=TensorType((), tensor.dtype))
    if element_type(tensor) == element_type(kind):
        return scope.declare(scope.node("Identity", source, kind=kind), kind)
    return scope.node("Cast", source, kind=kind, to=int(element_type(kind)))


def _size(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = one extent of a tensor."""
    assert isinstance(op, Size)
    tensor = op.source.type
    assert isinstance(tensor, TensorType)
    extent = tensor.shape[op.dim]
    if isinstance(extent, int):
        return scope.integer(extent)
    shape = scope.emitter.node("Shape", operands[0], start=op.dim, end=op.dim + 1)
    return scope.node("Reshape", shape, scope.emitter.integers([]), kind=I64)


OPERATIONS: Mapping[type[Op], Emit] = {
    **ARITHMETIC,
    **LISTS,
    **TABLES,
    Item: _item,
    Size: _size,
}
"""How each op is computed that is neither a terminator nor torch's."""


def emit(scope: Scope, op: Op) -> None:
    """Append the nodes of `op`, which is no terminator, and bind its results."""
    if isinstance(op, LoadWeight | ReadCell | Print | arith.Constant):
        return  # at hand wherever it is needed, or left out
    if isinstance(op, AtenOp):
        _emit_torch(scope, op)
    else:
        operands = [scope.lookup(value) for value in op.operands]
        scope.values[op.results[0]] = OPERATIONS[type(op)](scope, op, operands)


def _emit_torch(scope: Scope, op: AtenOp) -> None:
    if op.results and scope.shared.constants.issuperset(op.results):
        return  # a constant that another path has computed
    place = scope.place_of(op)
    arguments = map_values(op.arguments, place.lookup)
    keywords = {name: map_values(argument, place.lookup) for name, argument in op.keywords}
    types = [result.type for result in op.results]
    try:
        results = place.emitter.emit(op.operator, arguments, keywords, types)
    except Unsupported as refusal:
        message = f"{op.target} has no form in ONNX: {refusal}"
        raise op.error("MC0401", message, help=HELP) from None
    place.bind(op.results, results)


def refusals(func: Func) -> Iterator[DiagnosticError]:
    """Yield why ops and lists of a host function have no form in ONNX; torch's ops aside."""
    for op in func.ops:
        if (reason := _reason_against(op)) is not None:
            yield op.error("MC0402", reason, help=HELP)


def _is_too_large(value: bool | int | float) -> bool:
    return isinstance(value, int) and not -(1 << 63) <= value < 1 << 63


def _reason_against(op: Op) -> str | None:
    if isinstance(op, Invoke):
        return "ONNX has no functions that call themselves"
    if any(value.type in (STR, ListType(STR)) for value in (*op.results, *op.operands)):
        return "ONNX has no strings that depend on data"
    if type(op) not in OPERATIONS and not isinstance(op, _ELSEWHERE):
        return f"{op.name} has no form in ONNX"
    if isinstance(op, arith.Constant) and _is_too_large(op.value):
        return f"the int {op.value} has more than 64 bits"
    if isinstance(op, arith.MathCall):
        return math_refusal(op)
    for value in op.results:
        if isinstance(value.type, ListType) and isinstance(value.type.element, ListType):
            return "ONNX has no lists of lists"
    return None
