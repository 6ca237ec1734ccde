"""Which state runs next: the one with the smallest position key."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from .hir import Loop
from .knowledge import LoopPlan
from .state import Frame, PositionKey, State


@dataclass(eq=False)
class Worklist:
    """States that wait, by position."""

    waiting: dict[PositionKey, list[State]] = field(
        default_factory=dict[PositionKey, "list[State]"]
    )
    keys: list[PositionKey] = field(default_factory=list[PositionKey])

    def add(self, state: State) -> None:
        """Let `state` wait."""
        key = state.position()
        if key not in self.waiting:
            self.waiting[key] = []
            heapq.heappush(self.keys, key)
        self.waiting[key].append(state)

    def pop(self) -> tuple[PositionKey, list[State]]:
        """Return the first key, and all states that stand there."""
        key = heapq.heappop(self.keys)
        return key, self.waiting.pop(key)

    def is_before_all(self, state: State) -> bool:
        """Tell whether nothing that waits can still reach the position of `state`."""
        return not self.keys or state.position() < self.keys[0]


@dataclass(eq=False)
class Scope:
    """The states inside of one loop; those that left it wait in `exits`.

    `events` tells per iteration whether a path left the loop ("exit") or went on ("back").
    `changes` are the kinds of values, by path, that paths changed in an iteration; if one went on
    without, `has_settled`.
    """

    loop: Loop
    activation: int
    depth: int
    plan: LoopPlan
    worklist: Worklist = field(default_factory=Worklist)
    exits: list[State] = field(default_factory=list[State])
    events: dict[int, set[str]] = field(default_factory=dict[int, "set[str]"])
    instances: list[Any] = field(default_factory=lambda: [])
    changes: list[dict[Any, Any]] = field(default_factory=lambda: [])
    has_settled: bool = False

    def contains(self, state: State) -> bool:
        """Tell whether `state` is inside of the loop."""
        if len(state.frames) <= self.depth:
            return False
        frame = state.frames[self.depth]
        return frame.activation == self.activation and self.loop.contains(frame.counter)

    def is_of(self, frame: Frame, loop: Loop) -> bool:
        """Tell whether this is the scope of `loop` in the call `frame`."""
        return frame.activation == self.activation and loop.header == self.loop.header
