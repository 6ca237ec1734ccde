"""Values that may be the very tensors of the caller, of the weights or of the state."""

from __future__ import annotations

from collections.abc import Iterator

from .program import Entry, edges_of

_LENDING = ("host.weight", "host.read_cell", "host.invoke")
_PASSING = (
    "arith.select",
    "list.make",
    "list.append",
    "list.set",
    "list.get",
    "list.extend",
    "list.slice",
    "list.reverse",
    "list.take",
)
"""Operations whose result is, or holds, or is held by an operand; all others make new tensors."""


def borrowed_values(entry: Entry) -> frozenset[int]:
    """Return the values of `entry` that may share memory with what lives outside of the call."""
    borrowed = set(entry.blocks[0].arguments)
    flows = list(_flows(entry))
    for block in entry.blocks:
        for instruction in block.instructions:
            if instruction.operation in _LENDING:
                borrowed.update(instruction.results)
    size = -1
    while size != len(borrowed):
        size = len(borrowed)
        borrowed.update(target for source, target in flows if source in borrowed)
    return frozenset(borrowed)


def _flows(entry: Entry) -> Iterator[tuple[int, int]]:
    """Yield pairs of values of which the second may be or hold the first."""
    for block in entry.blocks:
        for instruction in block.instructions:
            if instruction.operation in _PASSING:
                for operand in instruction.operands:
                    yield operand, instruction.results[0]
        for edge in edges_of(block.terminator):
            yield from zip(edge.arguments, entry.blocks[edge.block].arguments, strict=True)
