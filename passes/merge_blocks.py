"""Join blocks that always run one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Block, Func, Module, Successor, Value
from ..ir.host import Branch
from .blocks import (
    Predecessors,
    edges_between,
    map_edges,
    move_ops,
    predecessor_blocks,
    remove_blocks,
    remove_unreachable,
    substitute_all,
)
from .definition import Pass, PassContext


@dataclass(frozen=True)
class MergeBlocks(Pass):
    """Merge a block with its only predecessor's end; skip blocks that only branch on.

    Before: ^a: %1 = aten.relu.default(%0); cf.br ^b(%1)
            ^b(%2): host.return(%2)
    After:  ^a: %1 = aten.relu.default(%0); host.return(%1)
    """

    name = "merge-blocks"

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            merged = merge_blocks(func)
            if merged:
                context.note(func.loc, f"merged {merged} blocks of @{func.symbol}")


def merge_blocks(func: Func) -> int:
    """Merge what can be merged in `func`; return how many blocks went."""
    before = len(func.body.blocks)
    remove_unreachable(func.body)
    predecessors = predecessor_blocks(func.body)
    for block in list(func.body.blocks[1:]):
        if _only_branches_on(block):
            _skip(func, block, predecessors)
    for block in list(func.body.blocks):
        if block.ops:  # else it was merged
            while _append_successor(func, block, predecessors):
                pass
    return before - len(func.body.blocks)


def _only_branches_on(block: Block) -> bool:
    """Tell whether `block` does nothing but hand its arguments on to another block."""
    (first, *rest) = block.ops
    if rest or not isinstance(first, Branch) or first.target.block is block:
        return False
    return all(set(argument.users) <= {first} for argument in block.args)


def _skip(func: Func, block: Block, predecessors: Predecessors) -> None:
    """Lead every edge to `block` on to where `block` leads."""
    (onward,) = block.successors

    def forward(edge: Successor) -> Successor:
        if edge.block is not block:
            return edge
        passed = dict(zip(block.args, edge.arguments, strict=True))
        return Successor(onward.block, tuple(passed.get(v, v) for v in onward.arguments))

    for source in predecessors[block]:
        map_edges(source.terminator, forward)
    sources = [s for s in predecessors[onward.block] if s is not block]
    predecessors[onward.block] = list(dict.fromkeys([*sources, *predecessors[block]]))
    remove_blocks(func.body, [block])


def _append_successor(func: Func, block: Block, predecessors: Predecessors) -> bool:
    """Append to `block` the block that it alone leads to, if only it does."""
    edge = _only_edge(func, block, predecessors)
    if edge is None:
        return False
    target = edge.block
    block.terminator.drop()
    substitute_all(_named(dict(zip(target.args, edge.arguments, strict=True))))
    for after in dict.fromkeys(e.block for e in target.successors):
        predecessors[after] = [block if s is target else s for s in predecessors[after]]
    move_ops(target, list(target.ops), block, len(block.ops))
    remove_blocks(func.body, [target])
    return True


def _only_edge(func: Func, block: Block, predecessors: Predecessors) -> Successor | None:
    if not isinstance(block.terminator, Branch):
        return None
    edge = block.terminator.target
    target = edge.block
    if target in (block, func.body.entry) or predecessors[target] != [block]:
        return None
    return next(edges_between(block, target))


def _named(mapping: dict[Value, Value]) -> dict[Value, Value]:
    for argument, passed in mapping.items():
        passed.name = passed.name or argument.name
    return mapping
