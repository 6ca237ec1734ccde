"""The control flow of a host function: where blocks stand, and what values they pass on."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from ....ir.core import Block, Func, Successor, Value
from ....ir.host import CondBranch
from ....runtime.host.graph import FlowGraph
from ....runtime.host.layout import Layout
from .scope import is_rematerialised

MAX_TEST = 32
"""Up to this many ops, the block that decides whether a loop goes on is written twice."""


class Flow:
    """Blocks by number, their places in a nest of branches and loops, and what is live in them."""

    def __init__(self, func: Func) -> None:
        self.blocks = func.body.blocks
        numbers = {block: number for number, block in enumerate(self.blocks)}
        self.targets = [[numbers[edge.block] for edge in block.successors] for block in self.blocks]
        self.graph = FlowGraph(self.targets)
        self.layout = Layout(self.graph) if self.graph.is_reducible else None

    @functools.cached_property
    def places(self) -> Layout:
        """Where each block stands; the graph must be reducible."""
        assert self.layout is not None
        return self.layout

    def edge(self, block: int, index: int) -> Successor:
        """Return the edge number `index` out of `block`."""
        return self.blocks[block].successors[index]

    @functools.cached_property
    def passed(self) -> dict[int, list[Value]]:
        """The values that each block gets in addition to its arguments.

        A block behind a loop reads values from inside of the loop, which no graph outside of the
        loop sees; the body of a loop whose test stands at its end reads values of the test.
        """
        found: dict[int, list[Value]] = {}
        for header, followers in self.places.behind.items():
            inside = self._defined(self.graph.loops[header])
            for follower in followers:
                found[follower] = self._live_among(follower, inside)
        for header, index in self.tests.items():
            body = self.targets[header][index]
            found[body] = self._live_among(body, self._defined([header]))
        return found

    def signature(self, block: int) -> list[Value]:
        """Return all that control brings along to `block`."""
        return [*self.blocks[block].args, *self.passed.get(block, ())]

    @functools.cached_property
    def tests(self) -> dict[int, int]:
        """The loop headers whose only business is to decide, each with the edge that goes on."""
        found = {header: self._test_of(header) for header in self.graph.loops}
        return {header: index for header, index in found.items() if index is not None}

    def _test_of(self, header: int) -> int | None:
        targets, loop = self.targets[header], self.graph.loops[header]
        if len(targets) != 2 or len(self.blocks[header].ops) > MAX_TEST:
            return None
        if not isinstance(self.blocks[header].terminator, CondBranch):
            return None
        inner = [index for index, target in enumerate(targets) if target in loop]
        if len(inner) != 1 or self.places.loop_parts(header):
            return None
        body = targets[inner[0]]
        is_entered_here = self.places.holds(header, body) and body not in self.graph.loops
        return inner[0] if is_entered_here else None

    def _defined(self, blocks: Sequence[int] | frozenset[int]) -> set[Value]:
        return {value for number in blocks for value in _definitions(self.blocks[number])}

    def _live_among(self, block: int, values: set[Value]) -> list[Value]:
        live = self._live[block] & values
        return sorted(live, key=lambda value: self._order[value])

    @functools.cached_property
    def _order(self) -> dict[Value, int]:
        values = [value for block in self.blocks for value in _definitions(block)]
        return {value: number for number, value in enumerate(values)}

    @functools.cached_property
    def _live(self) -> list[set[Value]]:
        """The values that each block, or one that follows, reads from before it."""
        live: list[set[Value]] = [set() for _ in self.blocks]
        changed = True
        while changed:
            changed = False
            for number in reversed(self.graph.order):
                before = set(_reads(self.blocks[number]))
                before = before.union(*(live[target] for target in self.targets[number]))
                before -= set(_definitions(self.blocks[number]))
                changed |= before != live[number]
                live[number] = before
        return live


def _definitions(block: Block) -> Iterator[Value]:
    yield from block.args
    for op in block.ops:
        yield from op.results


def _reads(block: Block) -> Iterator[Value]:
    for op in block.ops:
        yield from (value for value in op.operands if not is_rematerialised(value))
