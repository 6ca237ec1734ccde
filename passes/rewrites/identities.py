"""ATen ops that copy an operand bit by bit. The copy may go unless somebody can tell."""

from __future__ import annotations

from ...ir import DType, TensorType, Value
from ...ir.graph import AtenOp, MemoryFormat
from ..aliasing import obstacle_to_sharing
from ..patterns import Miss, Pattern, Rewrite, pattern


@pattern(AtenOp, "aten.clone.default", "aten.lift_fresh_copy.default", "aten._to_copy.default")
def copy_of_tensor(op: AtenOp) -> Rewrite:
    """clone(x) -> x; the same for _to_copy to the same dtype and device."""
    if dict(op.keywords).get("memory_format") not in (None, MemoryFormat.PRESERVE):
        return Miss("the copy changes the memory layout")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.add.Tensor", "aten.add.Scalar")
def add_zero_to_tensor(op: AtenOp) -> Rewrite:
    """x + 0 -> x, of integers."""
    if not _is_number(op.arguments[1], 0):
        return Miss("the second operand is not 0")
    if _is_floating(op.arguments[0]):
        return Miss("-0.0 + 0 is 0.0")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.sub.Tensor", "aten.sub.Scalar")
def subtract_zero_from_tensor(op: AtenOp) -> Rewrite:
    """x - 0 -> x."""
    if not _is_number(op.arguments[1], 0) or str(op.arguments[1]) == "-0.0":
        return Miss("the second operand is not 0")
    if op.keywords:
        return Miss("alpha may be infinite")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.mul.Tensor", "aten.mul.Scalar", "aten.div.Tensor", "aten.div.Scalar")
def scale_by_one(op: AtenOp) -> Rewrite:
    """x * 1 -> x, x / 1 -> x."""
    if not _is_number(op.arguments[1], 1):
        return Miss("the second operand is not 1")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.pow.Tensor_Scalar")
def first_power(op: AtenOp) -> Rewrite:
    """x ** 1 -> x."""
    if not _is_number(op.arguments[1], 1):
        return Miss("the exponent is not 1")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.neg.default", "aten.logical_not.default", "aten.bitwise_not.default")
def invert_twice(op: AtenOp) -> Rewrite:
    """-(-x) -> x, ~~x -> x; not not x -> x, of bools."""
    inner = op.arguments[0].owner
    if not isinstance(inner, AtenOp) or inner.target != op.target:
        return Miss("the operand is no such op")
    return _source_or_miss(op, inner.arguments[0])


@pattern(AtenOp, "aten.dropout.default", "aten.native_dropout.default")
def dropout_of_nothing(op: AtenOp) -> Rewrite:
    """dropout(x, p, train=False) -> x."""
    if op.arguments[2] is not False:
        return Miss("it drops elements: the model is in training mode")
    if any(result.users for result in op.results[1:]):
        return Miss("the mask is used")
    return _source_or_miss(op, op.arguments[0])


@pattern(AtenOp, "aten.cat.default")
def concatenate_one(op: AtenOp) -> Rewrite:
    """cat([x]) -> x."""
    if len(op.arguments[0]) != 1:
        return Miss("there are several tensors")
    return _source_or_miss(op, op.arguments[0][0])


def _source_or_miss(op: AtenOp, source: Value) -> Rewrite:
    obstacle = obstacle_to_sharing(op.results[0], source)
    return Miss(obstacle) if obstacle else source


def _is_number(argument: object, number: int) -> bool:
    return isinstance(argument, (int, float)) and argument == number


def _is_floating(value: Value) -> bool:
    dtype = value.type.dtype if isinstance(value.type, TensorType) else DType.F64
    return dtype.is_floating or dtype in (DType.C64, DType.C128)


IDENTITY_PATTERNS: tuple[Pattern, ...] = (
    copy_of_tensor,
    add_zero_to_tensor,
    subtract_zero_from_tensor,
    scale_by_one,
    first_power,
    invert_twice,
    dropout_of_nothing,
    concatenate_one,
)
