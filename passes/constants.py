"""Host scalars that are known at compile time."""

from __future__ import annotations

from typing import TypeAlias

from ..ir import Value
from ..ir.host import arith

Scalar: TypeAlias = bool | int | float


def known_scalar(value: Value) -> Scalar | None:
    """Return the number that `value` always is, None if it depends on data."""
    return value.owner.value if isinstance(value.owner, arith.Constant) else None


def is_known(value: Value, number: Scalar) -> bool:
    """Tell whether `value` is the constant `number`, of the same Python type."""
    known = known_scalar(value)
    return type(known) is type(number) and known == number
