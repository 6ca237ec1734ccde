"""Do tensor work earlier where that saves a call of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from ..ir import Block, Func, Module, Op, Value
from ..ir.dominance import Dominance
from ..ir.graph import AtenOp
from ..ir.host import Assert, LoadWeight
from .blocks import move_ops, predecessor_blocks
from .definition import Pass, PassContext
from .effects import Effects
from .equivalence import equivalent_dominators
from .scheduling import count_calls


@dataclass(frozen=True)
class HoistEquivalent(Pass):
    """Move ATen ops up to a block that runs exactly as often, if that leaves fewer sub-networks.

    No op runs more often than before, and none moves over a check.

    Before: %1 = aten.relu.default(%0); cf.cond_br(%c) ^a, ^b; ^a: cf.br ^b
            ^b: %2 = aten.neg.default(%0); host.return(%1, %2)
    After:  %1 = aten.relu.default(%0); %2 = aten.neg.default(%0); cf.cond_br(%c) ^a, ^b; ...
    """

    name = "hoist-equivalent"

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.host_funcs:
            for moved in _hoist_all(func, effects):
                context.note(moved[0], f"moved {len(moved)} ops up: one sub-network less")


def _hoist_all(func: Func, effects: Effects) -> Iterator[list[Op]]:
    dominance = Dominance(func.body)
    above = equivalent_dominators(dominance, predecessor_blocks(func.body))
    unchecked = {block for block in above if not _has_check(above[block], block, dominance)}
    for block in dominance.order:
        target, moved = _find_target(block, above, unchecked, effects, dominance)
        if moved:
            move_ops(block, moved, target, len(target.ops) - 1)
            yield moved


def _find_target(
    block: Block,
    above: dict[Block, Block],
    unchecked: set[Block],
    effects: Effects,
    dominance: Dominance,
) -> tuple[Block, list[Op]]:
    """Return the nearest block to which ops can move so that a call is saved, and these ops."""
    calls = count_calls(block.ops[:-1])
    target = block
    while calls and target in unchecked:
        if target is not block and any(isinstance(op, Assert) for op in target.ops):
            break
        target = above[target]
        moved = _movable(block, target, effects, dominance)
        left = count_calls([op for op in block.ops[:-1] if op not in moved])
        if left == calls:
            break  # further up, even fewer operands are defined
        before = count_calls(target.ops[:-1])
        if left + count_calls([*target.ops[:-1], *moved]) < calls + before:
            return target, list(moved)
    return block, []


def _has_check(above: Block, below: Block, dominance: Dominance) -> bool:
    """Tell whether something may raise on a way from `above` to `below`, both left out."""
    between = [
        block
        for block in dominance.order
        if block is not above
        and dominance.dominates(above, block)
        and not dominance.dominates(below, block)
    ]
    return any(isinstance(op, Assert) for block in between for op in block.ops)


def _movable(block: Block, target: Block, effects: Effects, dominance: Dominance) -> dict[Op, None]:
    """Return the ATen ops of `block` that can run in `target`, and what they need, in order."""
    possible: set[Op] = set()
    for op in takewhile(lambda op: not isinstance(op, Assert), block.ops):
        if effects.may_remove(op) and not isinstance(op, LoadWeight):
            if all(_is_defined(value, target, possible, dominance) for value in op.operands):
                possible.add(op)
    needed: set[Op] = set()
    for op in reversed(block.ops):
        if op in possible and (isinstance(op, AtenOp) or op in needed):
            needed |= {op, *(value.owner for value in op.operands if isinstance(value.owner, Op))}
    return dict.fromkeys(op for op in block.ops if op in needed and op in possible)


def _is_defined(value: Value, target: Block, moving: set[Op], dominance: Dominance) -> bool:
    if value.owner in moving:
        return True
    return value.block is not None and dominance.dominates(value.block, target)
