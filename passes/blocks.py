"""Editing of control flow graphs: blocks, their arguments, and the edges between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ..ir import Block, Op, Region, Successor, Value
from ..ir.dominance import reverse_post_order

Predecessors: TypeAlias = dict[Block, list[Block]]
"""The blocks from which edges lead to a block, each once."""


def predecessor_blocks(region: Region) -> Predecessors:
    """Return the predecessors of each block."""
    predecessors: Predecessors = {block: [] for block in region.blocks}
    for block in region.blocks:
        for target in dict.fromkeys(edge.block for edge in block.successors):
            predecessors[target].append(block)
    return predecessors


def edges_between(source: Block, target: Block) -> Iterator[Successor]:
    """Yield the edges that leave `source` for `target`."""
    return (edge for edge in source.successors if edge.block is target)


def incoming_edges(block: Block, predecessors: Predecessors) -> list[Successor]:
    """Return all edges to `block`."""
    return [edge for source in predecessors[block] for edge in edges_between(source, block)]


def is_only_edge(edge: Successor, source: Block, predecessors: Predecessors) -> bool:
    """Tell whether nothing leads to the target of `edge`, which leaves `source`, but this edge."""
    target = edge.block
    return predecessors[target] == [source] and len(list(edges_between(source, target))) == 1


def map_edges(terminator: Op, change: Callable[[Successor], Successor]) -> None:
    """Replace each edge out of `terminator` by what `change` makes of it."""
    for slot in type(terminator).slot_names("successor"):
        held: Successor | tuple[Successor, ...] = getattr(terminator, slot)
        new = tuple(map(change, held)) if isinstance(held, tuple) else change(held)
        setattr(terminator, slot, new)


def drop_arguments(dead: Mapping[Block, Collection[int]], predecessors: Predecessors) -> None:
    """Remove the arguments at the `dead` indices, and what predecessors pass for them."""

    def shorten(edge: Successor) -> Successor:
        indices = dead.get(edge.block, ())
        kept = (value for i, value in enumerate(edge.arguments) if i not in indices)
        return Successor(edge.block, tuple(kept))

    for source in dict.fromkeys(source for block in dead for source in predecessors[block]):
        map_edges(source.terminator, shorten)
    for block, indices in dead.items():
        assert not any(block.args[index].users for index in indices), "the argument is used"
        block.args = [value for value in block.args if value.index not in indices]
        for index, value in enumerate(block.args):
            value.index = index


def passed_value(argument: Value, edges: Sequence[Successor]) -> Value | None:
    """Return the only value that `edges` pass for `argument` but itself; None if there are more."""
    passed = dict.fromkeys(edge.arguments[argument.index] for edge in edges)
    passed.pop(argument, None)
    return next(iter(passed)) if len(passed) == 1 else None


def remove_blocks(region: Region, dead: Iterable[Block]) -> None:
    """Remove blocks that nothing else refers to, with all that is in them."""
    gone = set(dead)
    for block in gone:
        for op in block.ops:
            forget_operands(op)
            op.parent = None
        block.ops = []
    region.blocks = [block for block in region.blocks if block not in gone]


def remove_unreachable(region: Region) -> list[Block]:
    """Remove the blocks that the entry does not reach, and return them."""
    reached = set(reverse_post_order(region))
    dead = [block for block in region.blocks if block not in reached]
    if dead:
        remove_blocks(region, dead)
    return dead


def move_ops(source: Block, ops: Sequence[Op], target: Block, position: int) -> None:
    """Move `ops` out of `source` and before what stands at `position` in `target`, in order."""
    moved = set(ops)
    source.ops = [op for op in source.ops if op not in moved]
    target.ops[position:position] = ops
    for op in ops:
        op.parent = target


def replace_terminator(block: Block, terminator: Op) -> None:
    """Let `block` end with `terminator`."""
    block.terminator.drop()
    block.append(terminator)


def forget_operands(op: Op) -> None:
    """Take `op` out of the users of all it reads; it is not to be read again."""
    for slot in type(op).slot_names("operand", "successor"):
        setattr(op, slot, ())


def substitute_all(mapping: Mapping[Value, Value]) -> None:
    """Read `mapping[v]` wherever `v` was read; what a value is mapped to is not mapped again."""
    for old, new in mapping.items():
        old.replace_all_uses_with(new)
