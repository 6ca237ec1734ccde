"""Host scalars that are known at compile time."""

from __future__ import annotations

import struct
from typing import TypeAlias

from ..ir import DType, Value
from ..ir.host import arith

Scalar: TypeAlias = bool | int | float

_BITS = {DType.I64: 63, DType.I32: 31, DType.I16: 15, DType.I8: 7}
_ROUNDING = {DType.F64: "<d", DType.F32: "<f", DType.F16: "<e"}


def known_scalar(value: Value) -> Scalar | None:
    """Return the number that `value` always is, None if it depends on data."""
    return value.owner.value if isinstance(value.owner, arith.Constant) else None


def is_known(value: Value, number: Scalar) -> bool:
    """Tell whether `value` is the constant `number`, of the same Python type."""
    known = known_scalar(value)
    return type(known) is type(number) and known == number


def as_element(number: bool | int | float, dtype: DType | None) -> int | float | None:
    """Return `number` as a tensor of `dtype` holds it, None if that takes more than rounding."""
    if dtype in _ROUNDING:
        try:
            (rounded,) = struct.unpack(_ROUNDING[dtype], struct.pack(_ROUNDING[dtype], number))
        except OverflowError:
            return None
        return rounded
    if type(number) is int and dtype in _BITS and abs(number) < 2 ** _BITS[dtype]:
        return number
    return None
