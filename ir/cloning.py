"""Copies of ops and functions, and blocks cut in two."""

from __future__ import annotations

import dataclasses

from .core import Block, Func, OpClass, Region, Symbol, Value, map_values
from .dominance import reverse_post_order


def clone_op(
    op: OpClass, values: dict[Value, Value], blocks: dict[Block, Block] | None = None
) -> OpClass:
    """Return a copy of `op`, in no block, that reads and branches through the mappings.

    What the mappings lack stays as it is. The results of the copy are added to `values`.
    """
    assert not op.regions, f"{op.name} holds regions"
    slots = {
        field.name: map_values(getattr(op, field.name), lambda value: values.get(value, value))
        for field in dataclasses.fields(op)
        if "slot" in field.metadata
    }
    copy = type(op)(**slots, loc=op.loc, result_types=[result.type for result in op.results])
    if blocks:
        copy.retarget(blocks)
    for old, new in zip(op.results, copy.results, strict=True):
        new.name = old.name
        values[old] = new
    return copy


def clone_region(source: Region, target: Region, values: dict[Value, Value]) -> dict[Block, Block]:
    """Append copies of the blocks of `source` to `target`; return the copy of each block.

    `values` says what to read instead of values from outside of `source`, and receives the copies
    of those inside.
    """
    blocks = {block: target.add_block(block.name) for block in source.blocks}
    for old, new in blocks.items():
        for argument in old.args:
            values[argument] = new.add_argument(argument.type, argument.name)
    reached = reverse_post_order(source)  # definitions come before uses
    for block in [*reached, *(b for b in source.blocks if b not in set(reached))]:
        for op in block.ops:
            blocks[block].append(clone_op(op, values, blocks))
    return blocks


def clone_func(func: Func, symbol: Symbol) -> Func:
    """Return a copy of `func` under the name `symbol`, in no module."""
    copy = dataclasses.replace(func, symbol=symbol, body=Region())
    clone_region(func.body, copy.body, {})
    return copy


def split_block(block: Block, position: int) -> Block:
    """Move the ops from `position` on to a new block after `block`, and return that one.

    The caller ends `block` with a terminator.
    """
    region = block.parent
    assert region is not None
    rest = Block(parent=region, name=block.name)
    region.blocks.insert(region.blocks.index(block) + 1, rest)
    for op in block.ops[position:]:
        rest.append(op)
    del block.ops[position:]
    return rest
