"""Which blocks run exactly as often as each other."""

from __future__ import annotations

from ..ir import Block
from ..ir.dominance import Dominance
from .blocks import Predecessors


def equivalent_dominators(dominance: Dominance, predecessors: Predecessors) -> dict[Block, Block]:
    """Return, for each block that has one, the nearest dominator that runs exactly as often.

    That is one from which every path to an end of the function meets the block, in the same loops.
    """
    loops = enclosing_loops(dominance, predecessors)
    nearest = nearest_postdominators(dominance)
    found: dict[Block, Block] = {}
    for above in dominance.order:
        below = nearest.get(above)
        while below is not None and dominance.dominates(above, below):
            if loops[above] == loops[below]:
                found[below] = above
                break
            below = nearest.get(below)  # leave the loop
    return found


def nearest_postdominators(dominance: Dominance) -> dict[Block, Block]:
    """Return the first block that every path from a block to an end meets, if there is one.

    Sets of blocks are numbers, one bit per block: they meet quickly where paths do.
    """
    order = dominance.order
    bit = {block: 1 << number for number, block in enumerate(order)}
    everything = (1 << len(order)) - 1
    after = dict.fromkeys(order, everything)
    changed = True
    while changed:
        changed = False
        for block in reversed(order):
            common = everything if block.successors else 0
            for edge in block.successors:
                common &= after[edge.block]
            changed |= after[block] != common | bit[block]
            after[block] = common | bit[block]
    found: dict[Block, Block] = {}
    for block in order:
        later = [each for each in order if bit[each] & after[block] and each is not block]
        if later:  # the nearest is the one that the most others come after
            found[block] = max(later, key=lambda each: after[each].bit_count())
    return found


def enclosing_loops(
    dominance: Dominance, predecessors: Predecessors
) -> dict[Block, frozenset[Block]]:
    """Return the headers of the natural loops around each block, its own included."""
    around: dict[Block, set[Block]] = {block: set() for block in dominance.order}
    for header in dominance.order:
        latches = [p for p in predecessors[header] if dominance.dominates(header, p)]
        inside = {header} if latches else set[Block]()
        todo = list(latches)
        while todo:
            block = todo.pop()
            if block not in inside:
                inside.add(block)
                todo += predecessors[block]
        for block in inside:
            around[block].add(header)
    return {block: frozenset(headers) for block, headers in around.items()}
