"""`host.size`: sizes that are known, or that an earlier tensor tells."""

from __future__ import annotations

from ...ir import Dim, TensorType, Value
from ...ir.graph import AtenOp
from ...ir.host import Size, arith
from ..patterns import Miss, Pattern, Rewrite, pattern


@pattern(Size)
def known_size(op: Size) -> Rewrite:
    """size(x: [3, u0], 0) -> 3."""
    extent = _extent(op.source, op.dim)
    if not isinstance(extent, int):
        return Miss("the size depends on data")
    return arith.Constant(value=extent)


@pattern(Size)
def size_of_operand(op: Size) -> Rewrite:
    """size(f(x: [u0]): [u0, 4], 0) -> size(x, 0), which need not wait for f."""
    extent = _extent(op.source, op.dim)
    if isinstance(extent, int):
        return Miss("the size does not depend on data")
    if not isinstance(op.source.owner, AtenOp):
        return Miss("no ATen op makes the tensor")
    for operand in op.source.owner.operands:
        for dim, other in enumerate(_shape(operand)):
            if other == extent:
                return Size(source=operand, dim=dim)
    return Miss("no operand of the ATen op has this size")


def _extent(value: Value, dim: int) -> Dim:
    return _shape(value)[dim]


def _shape(value: Value) -> tuple[Dim, ...]:
    return value.type.shape if isinstance(value.type, TensorType) else ()


SIZE_PATTERNS: tuple[Pattern, ...] = (known_size, size_of_operand)
