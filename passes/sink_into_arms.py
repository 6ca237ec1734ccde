"""Compute behind a branch what only one arm needs."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Block, Module, Op
from ..ir.dominance import Dominance
from ..ir.graph import AtenOp
from ..ir.host import CondBranch, LoadWeight, Switch
from .aliasing import is_view
from .blocks import Predecessors, move_ops, predecessor_blocks
from .definition import Pass, PassContext
from .effects import Effects, is_tiny_tensor_op
from .scheduling import count_calls


@dataclass(frozen=True)
class SinkIntoArms(Pass):
    """Move ops that only one arm of a branch needs into that arm.

    Views and pointwise ops of at most `max_elements` elements stay where other tensor work is, if
    the arm has none: a sub-network of their own would cost more than it saves.

    Before: %1 = aten.relu.default(%0); cf.cond_br(%c) ^a, ^b; ^a: host.return(%1); ^b: ...
    After:  cf.cond_br(%c) ^a, ^b; ^a: %1 = aten.relu.default(%0); host.return(%1); ^b: ...
    """

    name = "sink-into-arms"
    max_elements: int = 64

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.host_funcs:
            dominance = Dominance(func.body)
            predecessors = predecessor_blocks(func.body)
            for head in dominance.order:
                for arm, ops in _groups(head, predecessors, dominance, effects).items():
                    if self._is_worth_it(ops, arm):
                        move_ops(head, ops, arm, 0)
                        context.note(head.terminator, f"one arm only needs {len(ops)} ops")

    def _is_worth_it(self, ops: list[Op], arm: Block) -> bool:
        own = arm.ops[:-1]
        if count_calls([*ops, *own]) <= count_calls(own):
            return True
        return any(not self._is_trivial(op) for op in ops if isinstance(op, AtenOp))

    def _is_trivial(self, op: Op) -> bool:
        return is_view(op) or is_tiny_tensor_op(op, self.max_elements)


def _groups(
    head: Block, predecessors: Predecessors, dominance: Dominance, effects: Effects
) -> dict[Block, list[Op]]:
    """Return, for each arm of `head`, the ops of `head` that only it needs, in order."""
    if not isinstance(head.terminator, (CondBranch, Switch)):
        return {}
    targets = dict.fromkeys(edge.block for edge in head.successors)
    arms = [block for block in targets if predecessors[block] == [head]]
    place: dict[Op, Block] = {}
    for op in reversed(head.ops[:-1]):
        if effects.may_remove(op) and not isinstance(op, LoadWeight):
            arm = _only_arm(op, arms, place, dominance)
            if arm is not None:
                place[op] = arm
    return {
        arm: [op for op in head.ops if place.get(op) is arm]
        for arm in arms
        if arm in place.values()
    }


def _only_arm(
    op: Op, arms: list[Block], place: dict[Op, Block], dominance: Dominance
) -> Block | None:
    """Return the arm below which all users of `op` stand, or go to."""
    users = [place.get(user, user.parent) for result in op.results for user in result.users]
    for arm in arms:
        if users and all(user and dominance.dominates(arm, user) for user in users):
            return arm
    return None
