"""Ops that compute each row of their results from the same row of what they read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..ir import DType, TensorType, Value
from ..ir.graph import AtenOp


@dataclass(frozen=True)
class Rows:
    """Rows of a tensor along `axis`, of which every `count`-th one, `number` on, is wanted.

    There are more of them than one where `axis` joins several axes, as [batch * count, width] does.
    """

    axis: int
    count: int
    number: int


Reads: TypeAlias = list[tuple[Value, Rows]]
"""The operands of which an op needs some rows only, once for each time that it reads them."""


def rows_read(op: AtenOp, rows: Rows) -> Reads | None:
    """Return what `op` reads for `rows` of its first result; None if it may need all of something.

    Operands that are not mentioned are read whole.
    """
    if not _is_known(op.results[0]) or not all(_is_known(value) for value in op.operands):
        return None
    rule = _RULES.get(op.target)
    if rule is not None:
        return rule(op, rows)
    return _pointwise(op, rows) if _is_pointwise(op) else None


def with_rows(op: AtenOp, rows: Rows, operands: Mapping[Value, Value]) -> AtenOp:
    """Return `op` for `rows` of its results, reading `operands`; others are left as they are."""
    copy = AtenOp(
        arguments=op.arguments,
        target=op.target,
        keywords=op.keywords,
        loc=op.loc,
        result_types=[_narrowed(_type(result), rows) for result in op.results],
    )
    copy.substitute(dict(operands))
    if op.target in _VIEWS:
        copy.arguments = (copy.arguments[0], _type(copy.results[0]).shape)
    return copy


def slice_of(value: Value, rows: Rows) -> AtenOp:
    """Return the op that takes `rows` of `value`."""
    step = (rows.axis, rows.number, 2**63 - 1, rows.count)
    return AtenOp(
        arguments=(value, *step),
        target="aten.slice.Tensor",
        result_types=[_narrowed(_type(value), rows)],
    )


def _type(value: Value) -> TensorType:
    assert isinstance(value.type, TensorType)
    return value.type


def _shape(value: Value) -> Sequence[int]:
    return [int(dim) for dim in _type(value).shape]


def _is_known(value: Value) -> bool:
    return not isinstance(value.type, TensorType) or value.type.is_static


def _narrowed(whole: TensorType, rows: Rows) -> TensorType:
    shape = list(whole.shape)
    shape[rows.axis] = int(shape[rows.axis]) // rows.count
    return TensorType(tuple(shape), whole.dtype, whole.device)


def _is_pointwise(op: AtenOp) -> bool:
    """Tell whether `op` computes each element alone, and never raises for one of them."""
    import torch  # heavy: only programs with ATen ops need it

    dtype = _type(op.results[0]).dtype
    never_raises = dtype.is_floating or dtype is DType.I1  # ints: 1 // 0
    return op.is_pure and never_raises and torch.Tag.pointwise in op.operator.tags


def _pointwise(op: AtenOp, rows: Rows) -> Reads:
    """Read the same rows, but all of what has one row for all."""
    reads: Reads = []
    rank = len(_shape(op.results[0]))
    for value in op.operands:
        if not isinstance(value.type, TensorType):
            continue
        axis = rows.axis - rank + value.type.rank
        if axis >= 0 and _shape(value)[axis] != 1:
            reads.append((value, Rows(axis, rows.count, rows.number)))
    return reads


def _same(op: AtenOp, rows: Rows) -> Reads:
    return [(op.arguments[0], rows)]


def _norm(op: AtenOp, rows: Rows) -> Reads | None:
    outer = len(_shape(op.results[0])) - len(op.arguments[1])
    return _same(op, rows) if rows.axis < outer else None


def _softmax(op: AtenOp, rows: Rows) -> Reads | None:
    return None if op.arguments[1] % len(_shape(op.results[0])) == rows.axis else _same(op, rows)


def _view(op: AtenOp, rows: Rows) -> Reads | None:
    """Find the axis of the operand whose rows are those of the result."""
    before = math.prod(_shape(op.results[0])[: rows.axis + 1])
    after = math.prod(_shape(op.results[0])[rows.axis + 1 :])
    shape = _shape(op.arguments[0])
    for axis in range(len(shape)):
        if math.prod(shape[: axis + 1]) == before and math.prod(shape[axis + 1 :]) == after:
            if shape[axis] % rows.count == 0:
                return [(op.arguments[0], Rows(axis, rows.count, rows.number))]
    return None


def _permute(op: AtenOp, rows: Rows) -> Reads:
    return _moved(op, rows, op.arguments[1][rows.axis] % len(op.arguments[1]))


def _transpose(op: AtenOp, rows: Rows) -> Reads:
    rank = len(_shape(op.results[0]))
    first, second = (axis % rank for axis in op.arguments[1:])
    return _moved(op, rows, {first: second, second: first}.get(rows.axis, rows.axis))


def _moved(op: AtenOp, rows: Rows, axis: int) -> Reads:
    return [(op.arguments[0], Rows(axis, rows.count, rows.number))]


def _linear(op: AtenOp, rows: Rows) -> Reads | None:
    return _same(op, rows) if rows.axis < len(_shape(op.results[0])) - 1 else None


def _product(op: AtenOp, rows: Rows) -> Reads | None:
    """Rows of a matrix product are those of the left factor; a batch is one of both."""
    left, right = op.arguments[:2]
    batched = len(_shape(op.results[0])) - 2
    if rows.axis < batched:
        return [(left, rows), (right, rows)]
    return [(left, rows)] if rows.axis == batched else None


def _added_product(op: AtenOp, rows: Rows) -> Reads | None:
    added, left = op.arguments[:2]
    if rows.axis != 0:
        return None
    whole = len(_shape(added)) < 2 or _shape(added)[0] == 1
    return [(left, rows)] if whole else [(added, rows), (left, rows)]


_VIEWS = ("aten.view.default", "aten._unsafe_view.default", "aten.reshape.default")

_Rule: TypeAlias = Callable[[Any, Rows], Reads | None]

PRODUCTS: Mapping[str, _Rule] = {
    "aten.addmm.default": _added_product,
    "aten.bmm.default": _product,
    "aten.linear.default": _linear,
    "aten.mm.default": _product,
}
"""Ops that take so long that fewer rows are worth a slice."""

_RULES: Mapping[str, _Rule] = {
    **PRODUCTS,
    "aten.clone.default": _same,
    "aten.native_layer_norm.default": _norm,
    "aten._softmax.default": _softmax,
    "aten._log_softmax.default": _softmax,
    **dict.fromkeys(_VIEWS, _view),
    "aten.permute.default": _permute,
    "aten.transpose.int": _transpose,
}
