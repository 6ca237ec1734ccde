"""`arith.*`: arithmetic on host scalars, with Python's meaning."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from ..core import Op, Value, attr, define, operand
from ..matching import fits
from ..types import F64, I1, I64, STR, ScalarKind, ScalarType, Type


class Predicate(enum.Enum):
    """Comparisons of host scalars."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"

    def __str__(self) -> str:
        return self.value


def is_float(value: Value) -> bool:
    """Tell whether `value` is a host float."""
    return value.type == F64


def _not_scalars(values: Iterable[Value]) -> Iterator[str]:
    for value in values:
        if not isinstance(value.type, ScalarType) or value.type == STR:
            yield f"operand of type {value.type} is no host number"


def _not_bools(values: Iterable[Value]) -> Iterator[str]:
    for value in values:
        if value.type != I1:
            yield f"operand has type {value.type}, not i1"


@define("arith.constant")
class Constant(Op):
    """out = value."""

    value: bool | int | float = attr()

    def infer(self) -> Sequence[Type]:
        if isinstance(self.value, bool):
            return (I1,)
        return (I64,) if isinstance(self.value, int) else (F64,)


@define("arith.binary")
class Binary(Op):
    """Combine two numbers; the result is a float if one operand is, else an int."""

    ALWAYS_FLOAT: ClassVar[bool] = False
    left: Value = operand()
    right: Value = operand()

    def infer(self) -> Sequence[Type]:
        floating = self.ALWAYS_FLOAT or is_float(self.left) or is_float(self.right)
        return (F64 if floating else I64,)

    def verify(self) -> Iterator[str]:
        return _not_scalars(self.operands)


@define("arith.add")
class Add(Binary):
    """out = left + right."""


@define("arith.sub")
class Sub(Binary):
    """out = left - right."""


@define("arith.mul")
class Mul(Binary):
    """out = left * right."""


@define("arith.truediv")
class TrueDiv(Binary):
    """out = left / right, a float."""

    ALWAYS_FLOAT: ClassVar[bool] = True


@define("arith.floordiv")
class FloorDiv(Binary):
    """out = left // right, rounded towards minus infinity."""


@define("arith.mod")
class Mod(Binary):
    """out = left % right, with the sign of right."""


@define("arith.pow")
class Pow(Binary):
    """out = left ** right; ints need right >= 0."""


@define("arith.min")
class Min(Binary):
    """out = min(left, right)."""


@define("arith.max")
class Max(Binary):
    """out = max(left, right)."""


@define("arith.compare")
class Compare(Binary):
    """out = left predicate right, of two numbers or two strings."""

    predicate: Predicate = attr()

    def infer(self) -> Sequence[Type]:
        return (I1,)

    def verify(self) -> Iterator[str]:
        if any(value.type != STR for value in self.operands):
            yield from _not_scalars(self.operands)


@define("arith.and")
class And(Binary):
    """out = left and right, of bools, both evaluated."""

    def infer(self) -> Sequence[Type]:
        return (I1,)

    def verify(self) -> Iterator[str]:
        return _not_bools(self.operands)


@define("arith.or")
class Or(Binary):
    """out = left or right, of bools, both evaluated."""

    def infer(self) -> Sequence[Type]:
        return (I1,)

    def verify(self) -> Iterator[str]:
        return _not_bools(self.operands)


@define("arith.not")
class Not(Op):
    """out = not value."""

    value: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (I1,)

    def verify(self) -> Iterator[str]:
        return _not_bools(self.operands)


@define("arith.neg")
class Neg(Op):
    """out = -value."""

    value: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (F64,) if is_float(self.value) else (I64,)

    def verify(self) -> Iterator[str]:
        return _not_scalars(self.operands)


@define("arith.cast")
class Cast(Op):
    """out = int(value), float(value) or bool(value), as `kind` says."""

    value: Value = operand()
    kind: ScalarKind = attr()

    def infer(self) -> Sequence[Type]:
        return (ScalarType(self.kind),)

    def verify(self) -> Iterator[str]:
        return _not_scalars(self.operands)


@define("arith.math")
class MathCall(Op):
    """out = function(*values), a pure function of Python's `math` module, or abs or round."""

    values: tuple[Value, ...] = operand(spread=True)
    function: str = attr()
    kind: ScalarKind = attr()

    def infer(self) -> Sequence[Type]:
        return (ScalarType(self.kind),)

    def verify(self) -> Iterator[str]:
        return _not_scalars(self.operands)


@define("arith.select")
class Select(Op):
    """out = on_true if condition else on_false, both evaluated."""

    condition: Value = operand()
    on_true: Value = operand()
    on_false: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (self.on_true.type,)

    def verify(self) -> Iterator[str]:
        yield from _not_bools([self.condition])
        for value in (self.on_true, self.on_false):
            if not fits(value.type, self.out.type):
                yield f"{value.type} is no {self.out.type}"
