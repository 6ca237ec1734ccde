"""Turn branches around no real work into selections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, Successor, Value
from ..ir.dominance import post_order
from ..ir.graph import AtenOp
from ..ir.host import Branch, CondBranch
from .blocks import (
    Predecessors,
    is_only_edge,
    move_ops,
    predecessor_blocks,
    remove_blocks,
    replace_terminator,
    substitute_all,
)
from .common_ways import CommonWay, find_common_way, select
from .costs import CALL, nanoseconds
from .definition import Pass, PassContext
from .effects import is_cheap
from .merge_blocks import merge_blocks
from .patterns import Miss
from .scheduling import count_calls


@dataclass(frozen=True)
class IfConvert(Pass):
    """Compute both arms of a branch, and select, if together they hold few and cheap ops.

    Of tensors and lists a handle is selected. Computed in vain are at most `max_ops` ops; those on
    tensors take at most `max_nanoseconds`, and join tensor work before the branch: what they save
    is a call.
    Two branches of which one way is common become one branch, first.

    Before: cf.cond_br(%c) ^a, ^b(%0)
            ^a: %1 = arith.add(%0, %one); cf.br ^b(%1)
    After:  %1 = arith.add(%0, %one); %2 = arith.select(%c, %1, %0); cf.br ^b(%2)
    """

    name = "if-convert"
    max_ops: int = 8
    max_nanoseconds: int = CALL

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            while self._convert_all(func, context):
                merge_blocks(func)  # an arm that was a diamond may be one block now

    def _convert_all(self, func: Func, context: PassContext) -> bool:
        converted = False
        predecessors = predecessor_blocks(func.body)
        for block in post_order(func.body):
            found = self._find(block, predecessors)
            if not isinstance(found, Miss):
                context.note(block.terminator, found.text)
                found.apply(func)
                converted = True
                predecessors = predecessor_blocks(func.body)
            elif context.on_miss is not None:
                context.on_miss(self.name, block.terminator, found.reason)
        return converted

    def _find(self, head: Block, predecessors: Predecessors) -> Selection | CommonWay | Miss:
        branch = head.terminator
        if not isinstance(branch, CondBranch):
            return Miss("the block does not end in a conditional branch")
        arms = _joining_arms(head, branch, predecessors)
        if arms is None:
            return find_common_way(head, branch, predecessors, self.max_ops)
        ops = [*arms[0].ops, *arms[1].ops]
        if len(ops) > self.max_ops:
            return Miss(f"the arms hold {len(ops)} ops, more than {self.max_ops}")
        costs = {op: _nanoseconds(op) for op in ops}
        costly = next((op for op, cost in costs.items() if cost is None), None)
        if costly is not None:
            return Miss(f"{costly.name} costs more than a branch, or may raise")
        total = round(sum(cost or 0.0 for cost in costs.values()))
        if total > self.max_nanoseconds:
            return Miss(f"the arms take {total} ns, more than {self.max_nanoseconds}")
        if count_calls([*head.ops[:-1], *ops]) > count_calls(head.ops[:-1]):
            return Miss("the arms' tensor ops would need a sub-network of their own")
        return Selection(head, *arms)


def _nanoseconds(op: Op) -> float | None:
    """Return what `op` costs if it runs in vain; None if it may not."""
    if isinstance(op, AtenOp):
        return nanoseconds(op)
    return 0.0 if is_cheap(op) else None


@dataclass(frozen=True)
class _Arm:
    """One way to a join: the edge out of the branch, and the block passed through, if any."""

    entry: Successor
    block: Block | None

    @property
    def ops(self) -> list[Op]:
        return self.block.ops[:-1] if self.block else []

    @property
    def exit(self) -> Successor:
        """The edge into the join."""
        return self.block.successors[0] if self.block else self.entry


@dataclass(frozen=True)
class Selection:
    """A branch that can be replaced: its block and its arms."""

    head: Block
    on_true: _Arm
    on_false: _Arm

    @property
    def text(self) -> str:
        """What is done, and why."""
        moved = len(self.on_true.ops) + len(self.on_false.ops)
        return f"selects instead of branching: {moved} cheap ops in the arms"

    def apply(self, func: Func) -> None:
        """Move the arms' ops into the head, and select what they pass to the join."""
        branch = self.head.terminator
        assert isinstance(branch, CondBranch)
        passed = [self._flatten(arm) for arm in (self.on_true, self.on_false)]
        join = self.on_true.exit.block
        selected = tuple(
            select(branch, argument, *values)
            for argument, *values in zip(join.args, *passed, strict=True)
        )
        edge = Successor(join, selected)
        replace_terminator(self.head, Branch(target=edge, loc=branch.loc))
        remove_blocks(func.body, [arm.block for arm in (self.on_true, self.on_false) if arm.block])

    def _flatten(self, arm: _Arm) -> tuple[Value, ...]:
        """Move the ops of `arm` into the head; return what it passes to the join."""
        if arm.block is not None:
            substitute_all(dict(zip(arm.block.args, arm.entry.arguments, strict=True)))
            move_ops(arm.block, arm.ops, self.head, len(self.head.ops) - 1)
        return arm.exit.arguments


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
    own = is_only_edge(edge, head, predecessors)
    if own and isinstance(edge.block.terminator, Branch):
        yield _Arm(edge, edge.block)
    yield _Arm(edge, None)
