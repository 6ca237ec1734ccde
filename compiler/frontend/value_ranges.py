"""Which ints a tensor can hold: the operations that made it know, for positions and counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...ir import TensorType, Value
from ...ir.graph import AtenOp
from ...ir.types import DType

Range: TypeAlias = tuple[int | None, int | None]
"""The smallest and the largest number, None where there is no bound."""

Rule: TypeAlias = Callable[[AtenOp], Range]

UNBOUNDED: Range = (None, None)
NOT_NEGATIVE: Range = (0, None)


def range_of(value: Value) -> Range:
    """Return bounds of the elements of `value`, a tensor of ints or flags."""
    while isinstance(value.owner, AtenOp) and value.owner.target in _PASSING:
        source = value.owner.arguments[0]
        if _type(source).dtype not in (_type(value).dtype, DType.I1):
            return UNBOUNDED
        value = source
    if _type(value).dtype is DType.I1:
        return (0, 1)
    op = value.owner
    if not isinstance(op, AtenOp) or _type(value).dtype is not DType.I64:
        return UNBOUNDED
    rule = _RULES.get((op.target, op.results.index(value)))
    return UNBOUNDED if rule is None else rule(op)


def element_of(value: Value) -> tuple[Any, int]:
    """Return what tells a number from others, and what is added to it in `value`.

    Two numbers of which that is the same differ by what is added.
    """
    place: list[Any] = []
    offset = 0
    while isinstance(value.owner, AtenOp) and _type(value).dtype is DType.I64:
        op = value.owner
        other = _argument(op, 1, "other")
        if op.target == "aten.select.int":
            place.append(op.arguments[1:])
        elif op.target in _SIGNS and type(other) is int and not op.keywords:
            offset += _SIGNS[op.target] * other
        else:
            break
        value = op.arguments[0]
        assert isinstance(value, Value)
    return ("element", value, *place), offset


_SIGNS = {"aten.add.Tensor": 1, "aten.sub.Tensor": -1}


def _type(value: Any) -> TensorType:
    assert isinstance(value, Value)
    assert isinstance(value.type, TensorType)
    return value.type


def _argument(op: AtenOp, position: int, name: str) -> Any:
    """Return the argument at `position` or with this name; None if it was left out."""
    if position < len(op.arguments):
        return op.arguments[position]
    return dict(op.keywords).get(name)


def _below(extent: Any) -> Range:
    return (0, extent - 1) if isinstance(extent, int) else NOT_NEGATIVE


def _at_most(number: Any) -> Range:
    return (0, number) if isinstance(number, int) else NOT_NEGATIVE


# --- rules --------------------------------------------------------------------------------------


def _position_in_all(op: AtenOp) -> Range:
    """Return the range of a position along a dim, or among all elements if none is named."""
    source, dim = _type(op.arguments[0]), _argument(op, 1, "dim")
    if dim is None:
        return _below(source.elements)
    return _below(source.shape[dim]) if source.rank else (0, 0)


def _position_along(dim_at: int) -> Rule:
    """Return the rule for positions along a dim, the argument at `dim_at`, else the last dim."""

    def rule(op: AtenOp) -> Range:
        source, dim = _type(op.arguments[0]), _argument(op, dim_at, "dim")
        return _below(source.shape[-1 if dim is None else dim]) if source.rank else (0, 0)

    return rule


def _position_anywhere(op: AtenOp) -> Range:
    """Return the range of positions along each of the dims."""
    source = _type(op.arguments[0])
    if not source.is_static or not source.rank:
        return NOT_NEGATIVE
    return _below(max(map(int, source.shape)))


def _category(op: AtenOp) -> Range:
    return _below(_type(op.arguments[0]).shape[-1])


def _count(op: AtenOp) -> Range:
    return _at_most(_type(op.arguments[0]).elements)


def _sum(op: AtenOp) -> Range:
    """Return the range of a sum of flags, which is a count."""
    return _count(op) if _type(op.arguments[0]).dtype is DType.I1 else UNBOUNDED


def _place_among(boundaries_at: int) -> Rule:
    """Return the rule for places among sorted boundaries: before, between or behind them."""
    return lambda op: _at_most(_type(op.arguments[boundaries_at]).shape[-1])


def _remainder(op: AtenOp) -> Range:
    divisor = op.arguments[1]
    return (0, divisor - 1) if isinstance(divisor, int) and divisor > 0 else UNBOUNDED


def _clamp(op: AtenOp) -> Range:
    low, high = _argument(op, 1, "min"), _argument(op, 2, "max")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        return (high, high)
    is_open = high is None or isinstance(high, int)  # else it may be smaller than `low`, and wins
    return (
        low if isinstance(low, int) and is_open else None,
        high if isinstance(high, int) else None,
    )


_RULES: Mapping[tuple[str, int], Rule] = {
    **{(f"aten.{name}.default", 0): _position_in_all for name in ("argmax", "argmin")},
    **{
        (f"aten.{name}.dim", 1): _position_along(1)
        for name in ("max", "min", "median", "nanmedian")
    },
    **{
        (f"aten.{name}.default", 1): _position_along(1)
        for name in ("sort", "mode", "cummax", "cummin")
    },
    **{(f"aten.{name}.default", 1): _position_along(2) for name in ("topk", "kthvalue")},
    ("aten.argsort.default", 0): _position_along(1),
    ("aten.nonzero.default", 0): _position_anywhere,
    ("aten.multinomial.default", 0): _category,
    **{(f"aten.sum.{name}", 0): _sum for name in ("default", "dim_IntList")},
    **{(f"aten.count_nonzero.{name}", 0): _count for name in ("default", "dim_IntList")},
    ("aten.bucketize.Tensor", 0): _place_among(1),
    ("aten.searchsorted.Tensor", 0): _place_among(0),
    ("aten.remainder.Scalar", 0): _remainder,
    ("aten.clamp.default", 0): _clamp,
}
"""(operator, number of the result) -> the rule for its elements."""

_PASSING: frozenset[str] = frozenset(
    [
        "aten._to_copy.default",
        "aten._unsafe_view.default",
        "aten.clone.default",
        "aten.diagonal.default",
        "aten.expand.default",
        "aten.flip.default",
        "aten.gather.default",
        "aten.index.Tensor",
        "aten.index_select.default",
        "aten.permute.default",
        "aten.repeat.default",
        "aten.reshape.default",
        "aten.roll.default",
        "aten.select.int",
        "aten.slice.Tensor",
        "aten.split.Tensor",
        "aten.split_with_sizes.default",
        "aten.squeeze.default",
        "aten.squeeze.dim",
        "aten.squeeze.dims",
        "aten.t.default",
        "aten.transpose.int",
        "aten.unbind.int",
        "aten.unsqueeze.default",
        "aten.view.default",
    ]
)
"""Operators whose results hold elements of their first argument, and no others."""
