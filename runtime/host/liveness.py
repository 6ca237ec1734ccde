"""Which values are still needed where. Sets of values are the bits of Python ints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .graph import FlowGraph
from .program import edges_of, uses_of
from .statements import Body, reads_of


def bits(values: Iterable[int]) -> int:
    """Return the set of `values`."""
    found = 0
    for value in values:
        found |= 1 << value
    return found


def members(found: int) -> Iterator[int]:
    """Yield the values in a set, lowest first."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest


class Liveness:
    """The values needed before and after each statement, block and edge of one entry."""

    def __init__(self, bodies: list[Body], graph: FlowGraph) -> None:
        self.bodies = bodies
        self.live_in = [0] * len(bodies)
        changed = True
        while changed:
            changed = False
            for block in reversed(graph.order):
                before = self._before_block(block)
                changed |= before != self.live_in[block]
                self.live_in[block] = before

    def before_terminator(self, block: int) -> int:
        """Return what the terminator of `block` or anything after it reads."""
        body = self.bodies[block]
        used = tuple([body.place(value) for value in uses_of(body.terminator)])
        live = bits(reads_of(used))
        for edge in edges_of(body.terminator):
            live |= bits(reads_of(tuple([body.place(value) for value in edge.arguments])))
            live |= self.live_in[edge.block]
        return live

    def after_statements(self, block: int) -> list[int]:
        """Return what is needed after each statement of `block`."""
        live = self.before_terminator(block)
        after: list[int] = []
        for statement in reversed(self.bodies[block].statements):
            after.append(live)
            live = live & ~bits(statement.results) | bits(statement.reads)
        return after[::-1]

    def _before_block(self, block: int) -> int:
        """Return what `block` reads of values defined outside of it; its arguments are inside."""
        live = self.before_terminator(block)
        for statement in reversed(self.bodies[block].statements):
            live = live & ~bits(statement.results) | bits(statement.reads)
        return live & ~bits(self.bodies[block].arguments)
