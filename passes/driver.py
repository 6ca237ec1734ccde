"""The greedy driver: applies patterns and simplifies block arguments until nothing changes."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Diagnostic, DiagnosticError
from ..ir import Block, Func, Op
from ..ir.dominance import reverse_post_order
from ..ir.matching import fits
from .blocks import (
    Predecessors,
    drop_arguments,
    incoming_edges,
    passed_value,
    predecessor_blocks,
    remove_blocks,
    remove_unreachable,
)
from .definition import PassContext
from .patterns import PatternSet, apply_first


@dataclass
class _Budget:
    """Count rewrites down to MC0303."""

    func: Func
    pass_name: str
    left: int

    def spend(self, rewrites: int = 1) -> None:
        self.left -= rewrites
        if self.left < 0:
            message = f"{self.pass_name} found no fixpoint of @{self.func.symbol} within its bound"
            help = "raise rewrites-per-op; if that does not end either, two patterns disagree"
            raise DiagnosticError(Diagnostic("MC0303", message, self.func.loc, help=help))


def rewrite_to_fixpoint(
    func: Func, patterns: PatternSet, context: PassContext, rewrites_per_op: int
) -> None:
    """Apply `patterns` in `func` and simplify its blocks until neither changes anything.

    Blocks are visited in reverse postorder, so that without loops one sweep finds all; MC0303
    after `rewrites_per_op` changes per op and block argument.
    """
    size = sum(len(block.ops) + len(block.args) for block in func.body.blocks)
    budget = _Budget(func, context.pass_name, rewrites_per_op * size)
    changed = True
    while changed:
        changed = _sweep(func, patterns, context, budget)


def _sweep(func: Func, patterns: PatternSet, context: PassContext, budget: _Budget) -> bool:
    before = budget.left
    dead = remove_unreachable(func.body)
    predecessors = predecessor_blocks(func.body)
    for block in reverse_post_order(func.body):
        if block is not func.body.entry:
            if not predecessors[block]:
                _remove(func, block, predecessors)
                continue
            budget.spend(_simplify_arguments(block, predecessors))
        _rewrite_block(block, patterns, context, budget, predecessors)
    return bool(dead) or budget.left != before


def _remove(func: Func, block: Block, predecessors: Predecessors) -> None:
    for target in dict.fromkeys(edge.block for edge in block.successors):
        predecessors[target].remove(block)
    remove_blocks(func.body, [block])


def _simplify_arguments(block: Block, predecessors: Predecessors) -> int:
    """Drop arguments that are unused or for which all edges pass one value; count them."""
    edges = incoming_edges(block, predecessors)
    for argument in block.args:
        value = passed_value(argument, edges)
        if value is not None and fits(value.type, argument.type):
            value.name = value.name or argument.name
            argument.replace_all_uses_with(value)
            edges = incoming_edges(block, predecessors)
    unused = [argument.index for argument in block.args if not argument.users]
    if unused:
        drop_arguments({block: unused}, predecessors)
    return len(unused)


def _rewrite_block(
    block: Block,
    patterns: PatternSet,
    context: PassContext,
    budget: _Budget,
    predecessors: Predecessors,
) -> None:
    targets = _targets(block)
    todo: list[Op] = block.ops[::-1]
    while todo:
        op = todo.pop()
        replacement = apply_first(op, patterns, context) if op.parent is block else None
        if replacement is not None:
            budget.spend()
            todo.extend(reversed(replacement.ops))
    for lost in targets - _targets(block):
        predecessors[lost].remove(block)


def _targets(block: Block) -> set[Block]:
    return {edge.block for edge in block.ops[-1].successors}
