"""Where the blocks of a reducible control-flow graph stand in a nest of ifs and loops.

Every block but the first stands in one of two places: *inline*, at the only edge that leads to it,
or as a *follower* of the block that dominates it, behind all code that can lead to it. A block
that is reached from inside of a loop to which it does not belong follows the whole loop. (After
N. Ramsey: "Beyond Relooper", ICFP 2022, with Python's ifs and loops for WebAssembly's blocks.)
"""

from __future__ import annotations

import functools

from .graph import FlowGraph

_MAX_LEVELS = 2
"""How deeply an edge may be nested in ifs whose other arms go on; more are left by a break."""


class Layout:
    """The place of each block of `graph`."""

    def __init__(self, graph: FlowGraph) -> None:
        self.graph = graph
        self.inside: dict[int, list[int]] = {}
        self.behind: dict[int, list[int]] = {}
        self._level: dict[int, int] = {}
        for block in graph.order[1:]:
            if not self.is_inline(block):
                self._attach(block)

    @functools.cached_property
    def _loops_around(self) -> dict[int, list[int]]:
        """The headers of the loops around each block, from the outermost to the innermost."""
        around: dict[int, list[int]] = {block: [] for block in self.graph.order}
        for header, blocks in self.graph.loops.items():
            for block in blocks:
                around[block].append(header)
        return around

    def is_inline(self, block: int) -> bool:
        """Whether `block` stands at the only edge that leads to it, loops to itself apart."""
        entering = self._entering(block)
        return len(entering) == 1 and self._in_same_loops(entering[0], block)

    def holds(self, source: int, target: int) -> bool:
        """Whether `target` stands at the edge from `source`."""
        return self.is_inline(target) and not self.graph.is_back_edge(source, target)

    def followers(self, block: int) -> list[int]:
        """Return what stands behind `block`, or behind the loop that it heads, in order."""
        return self.behind.get(block, []) if block in self.graph.loops else self.loop_parts(block)

    def loop_parts(self, block: int) -> list[int]:
        """Return what stands behind `block` inside of the loop that it heads, if it heads one."""
        return self.inside.get(block, [])

    def needs_scope(self, block: int, followers: list[int]) -> bool:
        """Whether edges to `followers` start deep inside of nested ifs of `block`."""
        base = self._nesting(block)
        return any(
            self._nesting(source) + self._branches(source) - base > _MAX_LEVELS
            for follower in followers
            for source in self._entering(follower)
        )

    def size(self, block: int) -> int:
        """Return how many blocks stand at or below `block`."""
        return self._sizes[block]

    @functools.cached_property
    def _sizes(self) -> dict[int, int]:
        sizes = dict.fromkeys(self.graph.order, 1)
        for block in reversed(self.graph.order[1:]):
            sizes[self.graph.dominator[block]] += sizes[block]
        return sizes

    def _entering(self, block: int) -> list[int]:
        sources = self.graph.predecessors[block]
        return [source for source in sources if not self.graph.is_back_edge(source, block)]

    def _in_same_loops(self, source: int, block: int) -> bool:
        return all(block in self.graph.loops[header] for header in self._loops_around[source])

    def _attach(self, block: int) -> None:
        dominator = self.graph.dominator[block]
        left = [h for h in self._loops_around[dominator] if block not in self.graph.loops[h]]
        places, home = (self.behind, left[0]) if left else (self.inside, dominator)
        places.setdefault(home, []).append(block)

    def _nesting(self, block: int) -> int:
        """Return in how many ifs whose other arm goes on `block` stands."""
        chain: list[int] = []
        while block not in self._level and block != self.graph.order[0]:
            chain.append(block)
            block = self._entering(block)[0] if self.is_inline(block) else self._home[block]
        level = self._level.get(block, 0)
        for below in reversed(chain):
            level += self._adds_level(below)
            self._level[below] = level
        return level

    @functools.cached_property
    def _home(self) -> dict[int, int]:
        return {
            follower: home
            for places in (self.inside, self.behind)
            for home, followers in places.items()
            for follower in followers
        }

    def _adds_level(self, block: int) -> bool:
        if not self.is_inline(block):
            return False
        (source,) = self._entering(block)
        others = [other for other in self.graph.successors[source] if other != block]
        return any(self._falls(source, other) for other in others)

    def _falls(self, source: int, target: int) -> bool:
        """Whether control may fall through behind the arm that leads from `source` to `target`."""
        if self.graph.is_back_edge(source, target):
            return False
        if self.is_inline(target):
            return not self._ends[target]
        return self._in_same_loops(source, target)

    @functools.cached_property
    def _ends(self) -> dict[int, bool]:
        """Whether all paths from each block end the call without leaving its inline blocks."""
        ends: dict[int, bool] = {}
        for block in reversed(self.graph.order):
            targets = self.graph.successors[block]
            ends[block] = all(self.holds(block, t) and ends[t] for t in targets)
        return ends

    def _branches(self, block: int) -> bool:
        return len(self.graph.successors[block]) > 1
