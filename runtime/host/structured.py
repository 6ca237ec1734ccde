"""A control-flow graph as nested Python statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from .graph import FlowGraph
from .layout import Layout
from .tree import STATE, Condition, Goto, If, Line, Node, While, state_is

MAX_DEPTH = 40
MAX_LOOPS = 18
"""Python refuses more than 20 nested loops and 100 levels of indentation."""

_ONCE = "once, so that break leads to what follows"

Pending: TypeAlias = dict[int, list[Goto]]
"""Blocks for which control arrives at one place, each with the jumps that asked for it."""


class TooDeep(Exception):
    """The nesting is deeper than Python allows; the flat form has no such limit."""


class BlockWriter(Protocol):
    """Writes what the shape does not depend on."""

    def block(self, block: int) -> list[Node]:
        """Return the statements of `block`, its return or raise included."""
        ...

    def edge(self, block: int, index: int) -> list[Node]:
        """Return what happens on the edge number `index` out of `block`."""
        ...

    def condition(self, block: int) -> Condition:
        """Return the test of a branch, whose first edge is taken if it holds."""
        ...

    def is_switch(self, block: int) -> bool:
        """Whether `block` chooses by a number."""
        ...

    def before_switch(self, block: int) -> tuple[list[Node], str]:
        """Return the statements that check the index of a switch, and its text."""
        ...


@dataclass
class _Sequence:
    """Parts that stand one behind the other; `ahead` are those still to come."""

    ahead: list[int]


@dataclass
class _Loop:
    """A `while True:`; `header` is None if it is there only to be left by `break`."""

    header: int | None
    breaks: Pending = field(default_factory=lambda: {})


class Shaper:
    """What the nested and the flat form share: blocks, branches, switches and jumps."""

    def __init__(self, graph: FlowGraph, layout: Layout, writer: BlockWriter) -> None:
        self.graph = graph
        self.layout = layout
        self.writer = writer
        self.depth: int = 0

    def holds(self, source: int, target: int) -> bool:
        """Whether `target` is written at the edge from `source`, the only one that leads to it."""
        raise NotImplementedError

    def jump(self, target: int, nodes: list[Node]) -> Pending:
        """Go on at `target`, which stands elsewhere; return what falls through."""
        raise NotImplementedError

    def region(self, block: int, nodes: list[Node]) -> Pending:
        """Write `block` and all that stands at or behind it; return what falls through."""
        raise NotImplementedError

    def straight(self, block: int, nodes: list[Node]) -> tuple[Pending, int | None]:
        """Write `block` and its branches.

        Returns what falls through, or the inline block that comes next on the same level.
        """
        nodes += self.writer.block(block)
        edges = len(self.graph.successors[block])
        if self.writer.is_switch(block):
            return self._switch(block, nodes), None
        if edges == 2:
            return self._branch(block, nodes)
        return self._flat_edge(block, 0, nodes) if edges else ({}, None)

    def _flat_edge(self, block: int, index: int, nodes: list[Node]) -> tuple[Pending, int | None]:
        nodes += self.writer.edge(block, index)
        target = self.graph.successors[block][index]
        if self.holds(block, target):
            return {}, target
        return self.jump(target, nodes), None

    def _branch(self, block: int, nodes: list[Node]) -> tuple[Pending, int | None]:
        condition = self.writer.condition(block)
        targets = self.graph.successors[block]
        sizes = [self.layout.size(t) if self.holds(block, t) else 0 for t in targets]
        small = 0 if sizes[0] <= sizes[1] else 1
        if small == 1:
            condition = Condition(condition.opposite, condition.text)
        first: list[Node] = []
        pending = self._arm(block, small, first)
        if not pending:  # the other arm needs no else
            nodes.append(If(condition, first))
            return self._flat_edge(block, 1 - small, nodes)
        second: list[Node] = []
        merge(pending, self._arm(block, 1 - small, second))
        if small == 1:
            condition = Condition(condition.opposite, condition.text)
            first, second = second, first
        nodes.append(If(condition, first, second))
        return pending, None

    def _switch(self, block: int, nodes: list[Node]) -> Pending:
        checks, index = self.writer.before_switch(block)
        nodes += checks
        pending: Pending = {}
        self._cases(block, index, 0, len(self.graph.successors[block]), nodes, pending)
        return pending

    def _cases(
        self, block: int, index: str, low: int, high: int, nodes: list[Node], pending: Pending
    ) -> None:
        """Write cases `low` up to `high` as a balanced tree of comparisons."""
        if high - low == 1:
            merge(pending, self._arm(block, low, nodes))
            return
        middle = (low + high) // 2
        lower: list[Node] = []
        upper: list[Node] = []
        self._cases(block, index, low, middle, lower, pending)
        self._cases(block, index, middle, high, upper, pending)
        condition = Condition(f"{index} < {middle}", f"{index} >= {middle}")
        nodes.append(If(condition, lower, upper))

    def _arm(self, block: int, index: int, nodes: list[Node]) -> Pending:
        self.enter()
        pending, block_after = self._flat_edge(block, index, nodes)
        if block_after is not None:
            pending = self.region(block_after, nodes)
        self.depth -= 1
        return pending

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1


class Structurer(Shaper):
    """Nested form: loops as loops, joins behind their branches; needs a reducible graph."""

    def __init__(self, graph: FlowGraph, layout: Layout, writer: BlockWriter) -> None:
        super().__init__(graph, layout, writer)
        self.frames: list[_Sequence | _Loop] = []

    def function(self) -> list[Node]:
        """Return the statements of the whole function; raises TooDeep."""
        nodes: list[Node] = []
        pending = self.region(self.graph.order[0], nodes)
        assert not pending, "control falls off the end of the function"
        return nodes

    def enter(self) -> None:
        """Go one level deeper; raises TooDeep."""
        super().enter()
        if self.depth > MAX_DEPTH:
            raise TooDeep

    def holds(self, source: int, target: int) -> bool:
        """Whether `target` is written at the edge from `source`, the only one that leads to it."""
        return self.layout.holds(source, target)

    def region(self, block: int, nodes: list[Node]) -> Pending:
        """Write `block` and all that stands at or behind it; return what falls through."""
        current: int | None = block
        pending: Pending = {}
        while current is not None:
            followers = self.layout.followers(current)
            if current in self.graph.loops:
                pending, current = self._sequence(current, self._loop, followers, nodes)
            elif followers and self.layout.needs_scope(current, followers):
                pending, current = self._sequence(current, self._scope, followers, nodes)
            elif followers:
                pending, current = self._sequence(current, self._whole, followers, nodes)
            else:
                pending, current = self.straight(current, nodes)
        return pending

    def jump(self, target: int, nodes: list[Node]) -> Pending:
        """Go on at `target`, which stands elsewhere; return what falls through."""
        goto = Goto(target, self._how(target))
        nodes.append(goto)
        if goto.how == "fall":
            return {target: [goto]}
        if goto.how == "break":
            self._innermost_loop().breaks.setdefault(target, []).append(goto)
        return {}

    def _sequence(
        self,
        block: int,
        first: Callable[[int, list[Node]], Pending],
        followers: list[int],
        nodes: list[Node],
    ) -> tuple[Pending, int | None]:
        """Write `block` by `first`, then its followers; the last is left to the caller if it can.

        A follower is skipped by those who want to go further, unless nobody wants to.
        """
        frame = _Sequence(list(followers))
        self.frames.append(frame)
        pending = first(block, nodes)
        for follower in followers:
            frame.ahead.remove(follower)
            arriving = pending.pop(follower)
            if not pending and not frame.ahead:
                self.frames.pop()
                return {}, follower
            if pending:
                ask_state([*arriving, *(goto for gotos in pending.values() for goto in gotos)])
                merge(pending, self._guarded(follower, nodes))
            else:
                pending = self.region(follower, nodes)
        self.frames.pop()
        return pending, None

    def _guarded(self, block: int, nodes: list[Node]) -> Pending:
        body: list[Node] = []
        self.enter()
        pending = self.region(block, body)
        self.depth -= 1
        nodes.append(If(state_is(block), body))
        return pending

    def _whole(self, block: int, nodes: list[Node]) -> Pending:
        """Write `block` and its inline blocks."""
        pending, after = self.straight(block, nodes)
        return pending if after is None else self.region(after, nodes)

    def _loop(self, block: int, nodes: list[Node]) -> Pending:
        """Write the loop that `block` heads."""
        return self._while(_Loop(block), block, nodes)

    def _scope(self, block: int, nodes: list[Node]) -> Pending:
        """Write `block` and its inline blocks inside of a loop that runs once."""
        return self._while(_Loop(None), block, nodes)

    def _while(self, frame: _Loop, block: int, nodes: list[Node]) -> Pending:
        self.frames.append(frame)
        if sum(isinstance(one, _Loop) for one in self.frames) > MAX_LOOPS:
            raise TooDeep
        body: list[Node] = []
        pending = self._body(frame, block, body)
        assert not pending, "control falls off the end of a loop"
        self.frames.pop()
        nodes.append(While(body, _ONCE if frame.header is None else ""))
        return self._land(frame.breaks, nodes)

    def _body(self, frame: _Loop, block: int, body: list[Node]) -> Pending:
        parts = self.layout.loop_parts(block) if frame.header == block else []
        if not parts:
            return self._whole(block, body)
        write = self._scope if self.layout.needs_scope(block, parts) else self._whole
        pending, last = self._sequence(block, write, parts, body)
        return pending if last is None else self.region(last, body)

    def _land(self, arriving: Pending, nodes: list[Node]) -> Pending:
        """Let those go further who left a loop for a place that falling through does not reach."""
        stay = {target: g for target, g in arriving.items() if self._how(target) == "fall"}
        for target in [target for target in arriving if target not in stay]:
            if len(arriving) == 1:
                self.jump(target, nodes)
                return {}
            ask_state([goto for gotos in arriving.values() for goto in gotos])
            body: list[Node] = []
            self.jump(target, body)
            nodes.append(If(state_is(target), body))
        return stay

    def _how(self, target: int) -> str:
        crossed = False
        for frame in reversed(self.frames):
            if isinstance(frame, _Sequence):
                if target in frame.ahead:
                    return "break" if crossed else "fall"
            elif frame.header == target:
                return "break" if crossed else "continue"
            else:
                crossed = True
        raise AssertionError(f"block {target} is out of reach")

    def _innermost_loop(self) -> _Loop:
        return next(frame for frame in reversed(self.frames) if isinstance(frame, _Loop))


class Dispatcher(Shaper):
    """Flat form: one loop that looks up the next block; for any graph, of any depth."""

    def function(self) -> list[Node]:
        """Return the statements of the whole function."""
        start = self.graph.order[0]
        labels = [block for block in self.graph.order if self._is_label(block)]
        return [Line(f"{STATE} = {start}"), While(self._choose(sorted(labels)))]

    def holds(self, source: int, target: int) -> bool:
        """Whether `target` is written at the edge from `source`, the only one that leads to it."""
        only = self.graph.predecessors[target] == [source]
        return only and len(self.graph.successors[source]) <= 2

    def jump(self, target: int, nodes: list[Node]) -> Pending:
        """Go on at `target`, which stands elsewhere; nothing falls through."""
        nodes.append(Goto(target, "continue", sets_state=True))
        return {}

    def region(self, block: int, nodes: list[Node]) -> Pending:
        """Write `block` and all that stands at it."""
        current: int | None = block
        while current is not None:
            _, current = self.straight(current, nodes)
        return {}

    def _is_label(self, block: int) -> bool:
        sources = self.graph.predecessors[block]
        return not sources or not self.holds(sources[0], block)

    def _choose(self, labels: list[int]) -> list[Node]:
        if len(labels) == 1:
            nodes: list[Node] = []
            self.region(labels[0], nodes)
            return nodes
        middle = len(labels) // 2
        bound = labels[middle]
        condition = Condition(f"{STATE} < {bound}", f"{STATE} >= {bound}")
        return [If(condition, self._choose(labels[:middle]), self._choose(labels[middle:]))]


def merge(into: Pending, more: Pending) -> None:
    """Add the jumps in `more`."""
    for target, gotos in more.items():
        into.setdefault(target, []).extend(gotos)


def ask_state(gotos: list[Goto]) -> None:
    """Make jumps say where they go, since a test of it follows."""
    for goto in gotos:
        goto.sets_state = True
