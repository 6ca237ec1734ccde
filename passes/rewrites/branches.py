"""Terminators whose way is known."""

from __future__ import annotations

from ...ir import Op
from ...ir.host import Branch, CondBranch, Switch, arith
from ..constants import known_scalar
from ..patterns import Miss, Pattern, Replacement, Rewrite, pattern


@pattern(CondBranch)
def branch_on_constant(op: CondBranch) -> Rewrite:
    """Take the only way that a known condition leaves."""
    known = known_scalar(op.condition)
    if known is None:
        return Miss("the condition is not known")
    return _end_with(Branch(target=op.on_true if known else op.on_false))


@pattern(CondBranch)
def branch_to_one_place(op: CondBranch) -> Rewrite:
    """Go on directly where both ways go with the same arguments."""
    if op.on_true != op.on_false:
        return Miss("the ways differ")
    return _end_with(Branch(target=op.on_true))


@pattern(CondBranch)
def branch_on_negation(op: CondBranch) -> Rewrite:
    """cond_br(not c, a, b) -> cond_br(c, b, a)."""
    if not isinstance(op.condition.owner, arith.Not):
        return Miss("the condition is no `not`")
    condition = op.condition.owner.value
    if condition.type != op.condition.type:
        return Miss("the negated value is no bool")
    swapped = CondBranch(condition=condition, on_true=op.on_false, on_false=op.on_true)
    return _end_with(swapped)


@pattern(Switch)
def switch_on_constant(op: Switch) -> Rewrite:
    """Take the only case that a known index leaves."""
    known = known_scalar(op.index)
    if known is None:
        return Miss("the index is not known")
    if not -len(op.cases) <= known < len(op.cases):
        return Miss("the index is out of range and must raise")
    return _end_with(Branch(target=op.cases[int(known)]))


def _end_with(terminator: Op) -> Replacement:
    return Replacement((terminator,), ())


BRANCH_PATTERNS: tuple[Pattern, ...] = (
    branch_on_constant,
    branch_to_one_place,
    branch_on_negation,
    switch_on_constant,
)
