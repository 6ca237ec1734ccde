"""Control flow of one entry: order, dominators, loops."""

from __future__ import annotations

import functools
from collections.abc import Sequence


class FlowGraph:
    """A control-flow graph over blocks 0 (the entry), 1, ...; unreachable blocks are left out.

    `order` is a reverse postorder; `rank` gives the place of each block in it, -1 if unreachable.
    `dominator[b]` is the immediate dominator of `b` (Cooper, Harvey, Kennedy: "A Simple, Fast
    Dominance Algorithm", 2001).
    """

    def __init__(self, successors: Sequence[Sequence[int]]) -> None:
        self.successors = successors
        self.order = _reverse_postorder(successors)
        self.rank = [-1] * len(successors)
        for position, block in enumerate(self.order):
            self.rank[block] = position
        self.predecessors: list[list[int]] = [[] for _ in successors]
        for block in self.order:
            for target in successors[block]:
                self.predecessors[target].append(block)
        self.dominator = self._dominators()

    def dominates(self, above: int, below: int) -> bool:
        """Whether every path to `below` passes `above`."""
        while self.rank[below] > self.rank[above]:
            below = self.dominator[below]
        return above == below

    def is_back_edge(self, source: int, target: int) -> bool:
        """Whether the edge closes a loop whose header is `target`."""
        return self.rank[target] <= self.rank[source] and self.dominates(target, source)

    @property
    def is_reducible(self) -> bool:
        """Whether every edge against the order closes a loop with one entry."""
        return self.second_entry is None

    @functools.cached_property
    def second_entry(self) -> int | None:
        """A block at which a loop is entered that has another entry, None if there is none."""
        targets = (
            target
            for block in self.order
            for target in self.successors[block]
            if self.rank[target] <= self.rank[block] and not self.dominates(target, block)
        )
        return next(targets, None)

    @functools.cached_property
    def loops(self) -> dict[int, frozenset[int]]:
        """The blocks of the natural loop of each loop header, outer loops before inner ones."""
        return {
            header: self._loop(header, latches)
            for header in self.order
            if (latches := [b for b in self.predecessors[header] if self.is_back_edge(b, header)])
        }

    def _loop(self, header: int, latches: list[int]) -> frozenset[int]:
        blocks = {header}
        todo = list(latches)
        while todo:
            block = todo.pop()
            if block not in blocks:
                blocks.add(block)
                todo.extend(self.predecessors[block])
        return frozenset(blocks)

    def _dominators(self) -> list[int]:
        dominator = [-1] * len(self.successors)
        dominator[self.order[0]] = self.order[0]
        changed = True
        while changed:
            changed = False
            for block in self.order[1:]:
                known = [p for p in self.predecessors[block] if dominator[p] >= 0]
                found = functools.reduce(lambda a, b: self._common(dominator, a, b), known)
                changed |= dominator[block] != found
                dominator[block] = found
        return dominator

    def _common(self, dominator: list[int], left: int, right: int) -> int:
        while left != right:
            if self.rank[left] > self.rank[right]:
                left = dominator[left]
            else:
                right = dominator[right]
        return left


def _reverse_postorder(successors: Sequence[Sequence[int]]) -> list[int]:
    """Order blocks depth first, each before its successors but for loops; iterative."""
    order: list[int] = []
    seen = {0}
    stack = [(0, iter(successors[0]))]
    while stack:
        block, remaining = stack[-1]
        target = next((t for t in remaining if t not in seen), None)
        if target is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(target)
            stack.append((target, iter(successors[target])))
    return order[::-1]
