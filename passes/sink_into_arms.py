"""Compute behind a branch what only one arm needs."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Block, Func, Module, Op
from ..ir.dominance import Dominance
from ..ir.host import CondBranch, LoadWeight, Switch
from .blocks import Predecessors, move_ops, predecessor_blocks
from .definition import Pass, PassContext
from .effects import Effects


@dataclass(frozen=True)
class SinkIntoArms(Pass):
    """Move ops that only one arm of a branch needs into that arm.

    Before: %1 = aten.relu.default(%0); cf.cond_br(%c) ^a, ^b; ^a: host.return(%1); ^b: ...
    After:  cf.cond_br(%c) ^a, ^b; ^a: %1 = aten.relu.default(%0); host.return(%1); ^b: ...
    """

    name = "sink-into-arms"

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.host_funcs:
            _sink_all(func, effects, context)


def _sink_all(func: Func, effects: Effects, context: PassContext) -> None:
    dominance = Dominance(func.body)
    predecessors = predecessor_blocks(func.body)
    for head in dominance.order:
        if not isinstance(head.terminator, (CondBranch, Switch)):
            continue
        sunk = 0
        for op in reversed(head.ops[:-1]):
            arm = _only_arm(op, head, predecessors, dominance)
            if arm is not None and effects.may_remove(op) and not isinstance(op, LoadWeight):
                move_ops(head, [op], arm, 0)
                sunk += 1
        if sunk:
            context.note(head.terminator, f"{sunk} ops are needed by one arm only")


def _only_arm(
    op: Op, head: Block, predecessors: Predecessors, dominance: Dominance
) -> Block | None:
    """Return the arm of `head` below which all users of `op` stand."""
    users = [user.parent for result in op.results for user in result.users]
    for arm in dict.fromkeys(edge.block for edge in head.successors):
        if predecessors[arm] == [head] and users:
            if all(user and dominance.dominates(arm, user) for user in users):
                return arm
    return None
