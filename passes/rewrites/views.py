"""ATen views that change nothing, or that two views can be joined to."""

from __future__ import annotations

from typing import Any, cast

from ...ir import TensorType, Value
from ...ir.core import map_values
from ...ir.graph import AtenOp
from ...ir.host import arith
from ..patterns import Miss, Pattern, Rewrite, pattern

_VIEW = "aten.view.default"
_SLICE_END = 2**63 - 1


@pattern(AtenOp)
def known_argument(op: AtenOp) -> Rewrite:
    """Write host scalars that are constants as literals."""
    arguments = map_values(op.arguments, _literal)
    keywords = map_values(op.keywords, _literal)
    if arguments == op.arguments and keywords == op.keywords:
        return Miss("no argument is a constant")
    types = [result.type for result in op.results]
    return AtenOp(arguments=arguments, target=op.target, keywords=keywords, result_types=types)


@pattern(
    AtenOp,
    "aten.alias.default",
    "aten.detach.default",
    "aten.lift_fresh.default",
    "aten.expand.default",
    "aten.reshape.default",
    "aten._unsafe_view.default",
    _VIEW,
)
def view_to_same_shape(op: AtenOp) -> Rewrite:
    """view(x, x.shape) -> x; the same for expand, alias and detach."""
    return _if_same_type(op, op.arguments[0])


@pattern(AtenOp, _VIEW)
def view_of_view(op: AtenOp) -> Rewrite:
    """view(view(x, a), b) -> view(x, b)."""
    inner = op.arguments[0].owner
    if not isinstance(inner, AtenOp) or inner.target != _VIEW:
        return Miss("the operand is no view")
    arguments = (inner.arguments[0], *op.arguments[1:])
    return AtenOp(arguments=arguments, target=_VIEW, result_types=[op.out.type])


@pattern(AtenOp, "aten.permute.default")
def permute_nothing(op: AtenOp) -> Rewrite:
    """permute(x, [0, 1, 2]) -> x."""
    if _axes(op) != list(range(_rank(op))):
        return Miss("the order of the axes changes")
    return _if_same_type(op, op.arguments[0])


@pattern(AtenOp, "aten.permute.default")
def permute_of_permute(op: AtenOp) -> Rewrite:
    """permute(permute(x, p), q) -> permute(x, p[q])."""
    inner = op.arguments[0].owner
    if not isinstance(inner, AtenOp) or inner.target != op.target:
        return Miss("the operand is no permute")
    axes = tuple(_axes(inner)[axis] for axis in _axes(op))
    arguments = (inner.arguments[0], axes)
    return AtenOp(arguments=arguments, target=op.target, result_types=[op.out.type])


@pattern(AtenOp, "aten.transpose.int", "aten.t.default")
def transpose_twice(op: AtenOp) -> Rewrite:
    """transpose(transpose(x, a, b), a, b) -> x; the same for t."""
    inner = op.arguments[0].owner
    if not isinstance(inner, AtenOp) or inner.target != op.target:
        return Miss("the operand is no transpose")
    if _swapped(inner) != _swapped(op):
        return Miss("the transposes swap different axes")
    return _if_same_type(op, inner.arguments[0])


@pattern(AtenOp, "aten.squeeze.dim")
def squeeze_of_unsqueeze(op: AtenOp) -> Rewrite:
    """squeeze(unsqueeze(x, d), d) -> x."""
    inner = op.arguments[0].owner
    if not isinstance(inner, AtenOp) or inner.target != "aten.unsqueeze.default":
        return Miss("the operand is no unsqueeze")
    rank = cast(TensorType, inner.out.type).rank
    if op.arguments[1] % rank != inner.arguments[1] % rank:
        return Miss("another axis was added")
    return _if_same_type(op, inner.arguments[0])


@pattern(AtenOp, "aten.slice.Tensor")
def slice_of_all(op: AtenOp) -> Rewrite:
    """x[:] -> x."""
    defaults = (0, None, None, 1)[len(op.arguments) - 1 :]
    _, start, end, step = (*op.arguments[1:], *defaults)
    if start not in (0, None) or end not in (_SLICE_END, None) or step != 1:
        return Miss("the slice has bounds or a step")
    return _if_same_type(op, op.arguments[0])


def _if_same_type(op: AtenOp, source: Value) -> Rewrite:
    if source.type != op.out.type:
        return Miss("the result has another type than the operand")
    return source


def _literal(value: Value) -> Any:
    return value.owner.value if isinstance(value.owner, arith.Constant) else value


def _rank(op: AtenOp) -> int:
    return cast(TensorType, op.out.type).rank


def _axes(op: AtenOp) -> list[int]:
    return [axis % _rank(op) for axis in op.arguments[1]]


def _swapped(op: AtenOp) -> set[int]:
    return {axis % _rank(op) for axis in op.arguments[1:]}


VIEW_PATTERNS: tuple[Pattern, ...] = (
    known_argument,
    view_to_same_shape,
    view_of_view,
    permute_nothing,
    permute_of_permute,
    transpose_twice,
    squeeze_of_unsqueeze,
    slice_of_all,
)
