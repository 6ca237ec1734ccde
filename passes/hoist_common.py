"""Compute before a branch what both arms compute first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from ..ir import Block, Func, Module, Op
from ..ir.dominance import post_order
from ..ir.host import CondBranch, Switch
from .blocks import Predecessors, move_ops, predecessor_blocks
from .definition import Pass, PassContext
from .effects import Effects
from .structure import Key, structural_key


@dataclass(frozen=True)
class HoistCommon(Pass):
    """Move ops that every arm of a branch begins with before the branch.

    Before: cf.cond_br(%c) ^a, ^b; ^a: %1 = aten.relu.default(%0); ...
                                   ^b: %2 = aten.relu.default(%0); ...
    After:  %1 = aten.relu.default(%0); cf.cond_br(%c) ^a, ^b; uses of %2 read %1.
    """

    name = "hoist-common"

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.host_funcs:
            for head, hoisted in _hoist_all(func, effects):
                context.note(head.terminator, f"all arms begin with {hoisted} equal ops")


def _hoist_all(func: Func, effects: Effects) -> Iterator[tuple[Block, int]]:
    predecessors = predecessor_blocks(func.body)
    for head in post_order(func.body):
        if isinstance(head.terminator, (CondBranch, Switch)):
            arms = _own_arms(head, predecessors)
            hoisted = _hoist(head, arms, effects) if arms else 0
            if hoisted:
                yield head, hoisted


def _own_arms(head: Block, predecessors: Predecessors) -> list[Block]:
    """Return where `head` leads to, empty if something else leads there too."""
    arms = list(dict.fromkeys(edge.block for edge in head.successors))
    own = len(arms) > 1 and all(predecessors[arm] == [head] for arm in arms)
    return arms if own else []


def _hoist(head: Block, arms: list[Block], effects: Effects) -> int:
    """Move the ops of the first arm that all others hold too; return how many."""
    first, *others = (_Start(arm, effects) for arm in arms)
    hoisted = 0
    todo = list(reversed(first.ready))
    while todo:
        key = todo.pop()
        if all(key in other.ready for other in others):
            op = first.ready.pop(key)
            move_ops(first.arm, [op], head, len(head.ops) - 1)
            for other in others:
                other.read_instead(key, op)
            todo += reversed(first.add_users(op))
            hoisted += 1
    return hoisted


class _Start:
    """The ops of `arm` that could run before it, those that need nothing of it by their keys."""

    def __init__(self, arm: Block, effects: Effects) -> None:
        self.arm = arm
        self.ready: dict[Key, Op] = {}
        self._movable = dict.fromkeys(takewhile(effects.may_move, arm.ops))
        self._add(self._movable)

    def add_users(self, op: Op) -> list[Key]:
        """Make ready what needed nothing of the arm but `op`; return the new keys."""
        users = (user for result in op.results for user in result.users)
        return self._add([user for user in users if user in self._movable])

    def read_instead(self, key: Key, op: Op) -> None:
        """Drop the op that has `key`; `op` takes its place."""
        twin = self.ready.pop(key)
        for old, new in zip(twin.results, op.results, strict=True):
            old.replace_all_uses_with(new)
        del self._movable[twin]
        twin.drop()
        self.add_users(op)

    def _add(self, ops: Iterable[Op]) -> list[Key]:
        before = set(self.ready)
        for op in ops:
            if not any(value.block is self.arm for value in op.operands):
                self.ready.setdefault(structural_key(op), op)
        return [key for key in self.ready if key not in before]
