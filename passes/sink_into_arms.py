"""Compute behind a branch what only one arm needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..ir import Block, Module, Op, Region, Successor, Value
from ..ir.dominance import Dominance
from ..ir.graph import AtenOp
from ..ir.host import Branch, CondBranch, LoadWeight, Switch
from .blocks import Predecessors, map_edges, move_ops, predecessor_blocks
from .costs import CALL, nanoseconds
from .definition import Pass, PassContext
from .effects import Effects
from .scheduling import count_calls


@dataclass(frozen=True)
class SinkIntoArms(Pass):
    """Move ops that only one arm of a branch needs into that arm, which may be an edge so far.

    Tensor ops that take at most `max_nanoseconds` together stay where other tensor work is, if the
    arm has none: a sub-network of their own would cost more than it saves.

    Before: %1 = aten.relu.default(%0); cf.cond_br(%c) ^a, ^b; ^a: host.return(%1); ^b: ...
    After:  cf.cond_br(%c) ^a, ^b; ^a: %1 = aten.relu.default(%0); host.return(%1); ^b: ...
    """

    name = "sink-into-arms"
    max_nanoseconds: int = CALL

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.host_funcs:
            _make_arms(func.body)
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
        costs = [nanoseconds(op) for op in ops if isinstance(op, AtenOp)]
        return None in costs or sum(filter(None, costs)) > self.max_nanoseconds


def _make_arms(region: Region) -> None:
    """Give each edge a block that passes on tensors which only it needs."""
    for head in list(region.blocks):
        if not isinstance(head.terminator, (CondBranch, Switch)):
            continue
        passed = Counter(value for edge in head.successors for value in edge.arguments)

        def arm(edge: Successor, head: Block = head, passed: Counter[Value] = passed) -> Successor:
            if not any(_is_only_passed(value, head, passed) for value in edge.arguments):
                return edge
            block = region.add_block(edge.block.name)
            block.append(Branch(target=edge, loc=head.terminator.loc))
            return Successor(block, ())

        map_edges(head.terminator, arm)


def _is_only_passed(value: Value, head: Block, passed: Counter[Value]) -> bool:
    """Whether an ATen op of `head` computes `value` for one edge out of it, and nothing else."""
    is_computed = isinstance(value.owner, AtenOp) and value.owner.parent is head
    return is_computed and passed[value] == 1 and set(value.users) == {head.terminator}


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
