"""Identities of `arith.*` that hold for every input: rounding, NaN and -0.0 included."""

from __future__ import annotations

from ...ir import I1, I64, Value
from ...ir.host import arith
from ..constants import is_known, known_scalar
from ..patterns import Miss, Pattern, Rewrite, pattern

_INVERSE = {
    arith.Predicate.EQ: arith.Predicate.NE,
    arith.Predicate.NE: arith.Predicate.EQ,
    arith.Predicate.LT: arith.Predicate.GE,
    arith.Predicate.LE: arith.Predicate.GT,
    arith.Predicate.GT: arith.Predicate.LE,
    arith.Predicate.GE: arith.Predicate.LT,
}
_MIRRORED = {
    arith.Predicate.EQ: arith.Predicate.EQ,
    arith.Predicate.NE: arith.Predicate.NE,
    arith.Predicate.LT: arith.Predicate.GT,
    arith.Predicate.LE: arith.Predicate.GE,
    arith.Predicate.GT: arith.Predicate.LT,
    arith.Predicate.GE: arith.Predicate.LE,
}


@pattern(arith.Add)
def add_zero(op: arith.Add) -> Rewrite:
    """x + 0 -> x, of ints."""
    if not is_known(op.right, 0):
        return Miss("the right operand is not the int 0")
    return op.left if op.left.type == I64 else Miss("-0.0 + 0 is 0.0, and True + 0 is 1")


@pattern(arith.Sub)
def subtract_zero(op: arith.Sub) -> Rewrite:
    """x - 0 -> x."""
    if not is_known(op.right, 0):
        return Miss("the right operand is not the int 0")
    return op.left if op.left.type != I1 else Miss("True - 0 is 1")


@pattern(arith.Mul)
def multiply_by_one(op: arith.Mul) -> Rewrite:
    """x * 1 -> x."""
    if not is_known(op.right, 1):
        return Miss("the right operand is not the int 1")
    return op.left if op.left.type != I1 else Miss("True * 1 is 1")


@pattern(arith.Mul)
def multiply_by_zero(op: arith.Mul) -> Rewrite:
    """x * 0 -> 0, of ints."""
    if not is_known(op.right, 0):
        return Miss("the right operand is not the int 0")
    return op.right if op.left.type == I64 else Miss("nan * 0 is nan")


@pattern(arith.FloorDiv)
def divide_by_one(op: arith.FloorDiv) -> Rewrite:
    """x // 1 -> x, of ints."""
    if not is_known(op.right, 1):
        return Miss("the right operand is not the int 1")
    return op.left if op.left.type == I64 else Miss("1.5 // 1 is 1.0")


@pattern(arith.Binary)
def constant_to_the_right(op: arith.Binary) -> Rewrite:
    """c + x -> x + c, c * x -> x * c, c < x -> x > c: one form for equal values."""
    if known_scalar(op.left) is None or known_scalar(op.right) is not None:
        return Miss("the left operand is not the only constant")
    if isinstance(op, (arith.Add, arith.Mul)):
        return type(op)(left=op.right, right=op.left)
    if isinstance(op, arith.Compare):
        return arith.Compare(left=op.right, right=op.left, predicate=_MIRRORED[op.predicate])
    return Miss("the operands do not commute")


@pattern(arith.Neg)
def negate_twice(op: arith.Neg) -> Rewrite:
    """-(-x) -> x."""
    if not isinstance(op.value.owner, arith.Neg):
        return Miss("the operand is no negation")
    inner = op.value.owner.value
    return inner if inner.type == op.out.type else Miss("-(-True) is 1")


@pattern(arith.Not)
def not_twice(op: arith.Not) -> Rewrite:
    """not not x -> x, of bools."""
    if not isinstance(op.value.owner, arith.Not):
        return Miss("the operand is no `not`")
    inner = op.value.owner.value
    return inner if inner.type == I1 else Miss("`not not x` of a number is a bool")


@pattern(arith.Not)
def not_of_compare(op: arith.Not) -> Rewrite:
    """not (a < b) -> a >= b, of ints; not (a == b) -> a != b."""
    compare = op.value.owner
    if not isinstance(compare, arith.Compare):
        return Miss("the operand is no comparison")
    equality = compare.predicate in (arith.Predicate.EQ, arith.Predicate.NE)
    if not equality and any(arith.is_float(value) for value in compare.operands):
        return Miss("both a < b and a >= b are false for nan")
    inverse = _INVERSE[compare.predicate]
    return arith.Compare(left=compare.left, right=compare.right, predicate=inverse)


@pattern(arith.Cast)
def cast_to_same(op: arith.Cast) -> Rewrite:
    """int(x) -> x of an int, and so on."""
    if op.value.type != op.out.type:
        return Miss("the cast changes the type")
    return op.value


@pattern(arith.And)
def and_with_known(op: arith.And) -> Rewrite:
    """x and True -> x, x and False -> False, x and x -> x."""
    return _absorb(op, neutral=True)


@pattern(arith.Or)
def or_with_known(op: arith.Or) -> Rewrite:
    """x or False -> x, x or True -> True, x or x -> x."""
    return _absorb(op, neutral=False)


@pattern(arith.Select)
def select_one(op: arith.Select) -> Rewrite:
    """Choose between equal values, or by a known condition."""
    known = known_scalar(op.condition)
    if known is None and op.on_true is not op.on_false:
        return Miss("the condition is not known and the values differ")
    chosen = op.on_false if known is False else op.on_true
    return chosen if chosen.type == op.out.type else Miss("the chosen value has another type")


@pattern(arith.Select)
def select_bool(op: arith.Select) -> Rewrite:
    """True if c else False -> c."""
    if not is_known(op.on_true, True) or not is_known(op.on_false, False):
        return Miss("the values are not True and False")
    return op.condition


@pattern(arith.Select)
def select_by_negation(op: arith.Select) -> Rewrite:
    """a if not c else b -> b if c else a."""
    if not isinstance(op.condition.owner, arith.Not):
        return Miss("the condition is no `not`")
    return arith.Select(
        condition=op.condition.owner.value,
        on_true=op.on_false,
        on_false=op.on_true,
        result_types=[op.out.type],
    )


def _absorb(op: arith.And | arith.Or, *, neutral: bool) -> Rewrite:
    if op.left is op.right:
        return _of_bool(op.left)
    for known, other in ((op.left, op.right), (op.right, op.left)):
        if is_known(known, neutral):
            return _of_bool(other)
        if is_known(known, not neutral):
            return known
    return Miss("no operand is a known bool, and they differ")


def _of_bool(value: Value) -> Rewrite:
    return value if value.type == I1 else Miss("the operand is no bool")


SCALAR_PATTERNS: tuple[Pattern, ...] = (
    constant_to_the_right,
    add_zero,
    subtract_zero,
    multiply_by_one,
    multiply_by_zero,
    divide_by_one,
    negate_twice,
    not_twice,
    not_of_compare,
    cast_to_same,
    and_with_known,
    or_with_known,
    select_one,
    select_bool,
    select_by_negation,
)
