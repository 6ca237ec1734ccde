"""Two branches, one behind the other, that lead to a common place: `if a or b`."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Block, Func, Op, Successor, Value
from ..ir.host import CondBranch, arith
from .blocks import (
    Predecessors,
    is_only_edge,
    move_ops,
    remove_blocks,
    replace_terminator,
    substitute_all,
)
from .effects import is_cheap
from .patterns import Miss


@dataclass(frozen=True)
class CommonWay:
    """A branch and, on one of its ways, a second one that can join it.

    `on_true` says on which way of the first branch the common place lies, and `inner_on_true` the
    same of the second branch.
    """

    head: Block
    inner: Block
    on_true: bool
    inner_on_true: bool

    @property
    def text(self) -> str:
        """What is done, and why."""
        return "joins the next branch, which leads to the same place"

    def apply(self, func: Func) -> None:
        """Decide once: `a or b` to the common place if it is on the true way, else `a and b`."""
        branch, inner = _branch(self.head), _branch(self.inner)
        entry = branch.on_false if self.on_true else branch.on_true
        substitute_all(dict(zip(self.inner.args, entry.arguments, strict=True)))
        move_ops(self.inner, self.inner.ops[:-1], self.head, len(self.head.ops) - 1)
        common, rest = self._edges(branch, inner)
        condition = self._condition(branch, inner)
        ways = (common, rest) if self.on_true else (rest, common)
        joined = CondBranch(condition=condition, on_true=ways[0], on_false=ways[1], loc=branch.loc)
        replace_terminator(self.head, joined)
        remove_blocks(func.body, [self.inner])

    def _edges(self, branch: CondBranch, inner: CondBranch) -> tuple[Successor, Successor]:
        """Return the edge to the common place, with selected values, and the other one."""
        outer = branch.on_true if self.on_true else branch.on_false
        shared, rest = inner.on_true, inner.on_false
        if not self.inner_on_true:
            shared, rest = rest, shared
        passed = (outer.arguments, shared.arguments)
        on_true, on_false = passed if self.on_true else passed[::-1]
        arguments = zip(outer.block.args, on_true, on_false, strict=True)
        selected = tuple(select(branch, *values) for values in arguments)
        return Successor(outer.block, selected), rest

    def _condition(self, branch: CondBranch, inner: CondBranch) -> Value:
        second = inner.condition
        if self.on_true != self.inner_on_true:
            second = insert_before(branch, arith.Not(value=second, loc=inner.loc))
        connective = arith.Or if self.on_true else arith.And
        joined = connective(left=branch.condition, right=second, loc=inner.loc)
        return insert_before(branch, joined)


def find_common_way(
    head: Block, branch: CondBranch, predecessors: Predecessors, max_ops: int
) -> CommonWay | Miss:
    """Return a branch behind `branch`, at most `max_ops` cheap ops later, that can join it."""
    for on_true, outer, way in (
        (True, branch.on_true, branch.on_false),
        (False, branch.on_false, branch.on_true),
    ):
        inner = way.block.terminator
        if isinstance(inner, CondBranch) and is_only_edge(way, head, predecessors):
            targets = [inner.on_true.block, inner.on_false.block]
            if outer.block in targets and _is_cheap(way.block, max_ops):
                return CommonWay(head, way.block, on_true, targets[0] is outer.block)
    return Miss("the arms do not meet again after few cheap ops")


def select(branch: CondBranch, argument: Value, on_true: Value, on_false: Value) -> Value:
    """Choose, before `branch` and by its condition, what a join receives for its `argument`."""
    if on_true is on_false:
        return on_true
    chosen = arith.Select(
        condition=branch.condition,
        on_true=on_true,
        on_false=on_false,
        result_types=[argument.type],
        loc=branch.loc,
    )
    chosen.out.name = argument.name
    return insert_before(branch, chosen)


def insert_before(branch: CondBranch, op: Op) -> Value:
    """Place `op` right before `branch` and return its result."""
    assert branch.parent is not None
    return branch.parent.insert(len(branch.parent.ops) - 1, op).out


def _branch(block: Block) -> CondBranch:
    assert isinstance(block.terminator, CondBranch)
    return block.terminator


def _is_cheap(block: Block, max_ops: int) -> bool:
    return len(block.ops) - 1 <= max_ops and all(map(is_cheap, block.ops[:-1]))
