"""Turn branches around no real work into selections."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, Successor, Value
from ..ir.dominance import post_order
from ..ir.host import Branch, CondBranch, arith
from .blocks import (
    Predecessors,
    edges_between,
    move_ops,
    predecessor_blocks,
    remove_blocks,
    replace_terminator,
)
from .definition import Pass, PassContext
from .effects import is_cheap
from .merge_blocks import merge_blocks
from .patterns import Miss


@dataclass(frozen=True)
class IfConvert(Pass):
    """Compute both arms of a branch, and select, if together they hold few and cheap ops.

    Only host scalars are computed in vain; of tensors and lists a handle is selected. At most
    `max_ops` ops move out of the arms of one branch.

    Before: cf.cond_br(%c) ^a, ^b(%0)
            ^a: %1 = arith.add(%0, %one); cf.br ^b(%1)
    After:  %1 = arith.add(%0, %one); %2 = arith.select(%c, %1, %0); cf.br ^b(%2)
    """

    name = "if-convert"
    max_ops: int = 8

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            while self._convert_all(func, context):
                merge_blocks(func)  # an arm that was a diamond may be one block now

    def _convert_all(self, func: Func, context: PassContext) -> bool:
        converted = False
        predecessors = predecessor_blocks(func.body)
        for block in post_order(func.body):
            found = _selection(block, predecessors, self.max_ops)
            if isinstance(found, Selection):
                context.note(block.terminator, f"no branch: {found.cost} cheap ops in its arms")
                found.apply(func)
                converted = True
                predecessors = predecessor_blocks(func.body)
            elif context.on_miss is not None:
                context.on_miss(self.name, block.terminator, found.reason)
        return converted


@dataclass(frozen=True)
class _Arm:
    """One way to a join: the block passed through, if any, and the edge into the join."""

    block: Block | None
    exit: Successor

    @property
    def ops(self) -> list[Op]:
        return self.block.ops[:-1] if self.block else []


@dataclass(frozen=True)
class _Choice:
    """What the arms pass for an argument of the join."""

    argument: Value
    on_true: Value
    on_false: Value


@dataclass(frozen=True)
class Selection:
    """A branch that can be replaced: its block, its arms, and what they pass to which argument."""

    head: Block
    on_true: _Arm
    on_false: _Arm
    choices: tuple[_Choice, ...]

    @property
    def cost(self) -> int:
        """How many ops run that only one arm needs."""
        return len(self.on_true.ops) + len(self.on_false.ops)

    def apply(self, func: Func) -> None:
        """Move the arms' ops into the head, and select what they pass to the join."""
        branch = self.head.terminator
        assert isinstance(branch, CondBranch)
        for arm in (self.on_true, self.on_false):
            if arm.block is not None:
                move_ops(arm.block, arm.ops, self.head, len(self.head.ops) - 1)
        passed = tuple(self._select(branch, choice) for choice in self.choices)
        edge = Successor(self.on_true.exit.block, passed)
        replace_terminator(self.head, Branch(target=edge, loc=branch.loc))
        remove_blocks(func.body, [arm.block for arm in (self.on_true, self.on_false) if arm.block])

    def _select(self, branch: CondBranch, choice: _Choice) -> Value:
        if choice.on_true is choice.on_false:
            return choice.on_true
        select = arith.Select(
            condition=branch.condition,
            on_true=choice.on_true,
            on_false=choice.on_false,
            result_types=[choice.argument.type],
            loc=branch.loc,
        )
        select.out.name = choice.argument.name
        return self.head.insert(len(self.head.ops) - 1, select).out


def _selection(head: Block, predecessors: Predecessors, max_ops: int) -> Selection | Miss:
    branch = head.terminator
    if not isinstance(branch, CondBranch):
        return Miss("the block does not end in a conditional branch")
    arms = _joining_arms(head, branch, predecessors)
    if arms is None:
        return Miss("the arms do not meet again after one block each")
    on_true, on_false = arms
    ops = [*on_true.ops, *on_false.ops]
    if len(ops) > max_ops:
        return Miss(f"the arms hold {len(ops)} ops, more than {max_ops}")
    costly = next((op for op in ops if not is_cheap(op)), None)
    if costly is not None:
        return Miss(f"{costly.name} costs more than a branch, or may raise")
    passed = (on_true.exit.block.args, on_true.exit.arguments, on_false.exit.arguments)
    choices = tuple(itertools.starmap(_Choice, zip(*passed, strict=True)))
    return Selection(head, on_true, on_false, choices)


def _joining_arms(
    head: Block, branch: CondBranch, predecessors: Predecessors
) -> tuple[_Arm, _Arm] | None:
    for on_true in _ways(head, branch.on_true, predecessors):
        for on_false in _ways(head, branch.on_false, predecessors):
            if on_true.exit.block is on_false.exit.block is not head:
                return on_true, on_false
    return None


def _ways(head: Block, edge: Successor, predecessors: Predecessors) -> Iterator[_Arm]:
    """Yield how `edge` leads to a join: through an arm of its own, or directly."""
    block = edge.block
    own = predecessors[block] == [head] and len(list(edges_between(head, block))) == 1
    if own and not block.args and isinstance(block.terminator, Branch):
        yield _Arm(block, block.terminator.target)
    yield _Arm(None, edge)
