"""Compute before a branch what both arms compute first."""

from __future__ import annotations

from collections.abc import Iterator
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
    first, *others = arms
    hoisted = 0
    for op in _movable(first, effects):
        if any(value.block is first for value in op.operands):
            continue
        twins = [_find(structural_key(op), other, effects) for other in others]
        if all(twins):
            move_ops(first, [op], head, len(head.ops) - 1)
            for twin in twins:
                _replace(twin, op)
            hoisted += 1
    return hoisted


def _movable(arm: Block, effects: Effects) -> list[Op]:
    """Return the ops of `arm` that stand before the first one that must stay."""
    return list(takewhile(effects.may_move, arm.ops))


def _find(key: Key, arm: Block, effects: Effects) -> Op | None:
    return next((op for op in _movable(arm, effects) if structural_key(op) == key), None)


def _replace(twin: Op | None, op: Op) -> None:
    assert twin is not None
    for old, new in zip(twin.results, op.results, strict=True):
        old.replace_all_uses_with(new)
    twin.drop()
