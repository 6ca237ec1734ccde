"""Python names for values: values with one name in the source share a local when they can."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..types import ListType, ScalarType, TensorType, Type
from .graph import FlowGraph
from .liveness import Liveness, bits, members

_SCALAR_HINTS = {"i64": "n", "f64": "f", "i1": "c"}


def identifier(hint: str, default: str) -> str:
    """Return a Python identifier that resembles `hint`."""
    text = re.sub(r"[^0-9A-Za-z_]+", "_", hint).strip("_")[:40] or default
    text = f"{default}_{text}" if text[0].isdigit() else text
    return f"{text}_" if keyword.iskeyword(text) or keyword.issoftkeyword(text) else text


def hint_of(name: str, value_type: Type) -> str:
    """Return the identifier that a value of this name and type would like."""
    match value_type:
        case ScalarType(name=scalar):
            return identifier(name, _SCALAR_HINTS[scalar])
        case ListType():
            return identifier(name, "items")
        case TensorType():
            return identifier(name, "t")


class UniqueNames:
    """Identifiers of one scope, each given out once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def add(self, hint: str) -> str:
        """Return `hint`, or it with the first free number behind it."""
        name, number = hint, 1
        while name in self.taken:
            name, number = f"{hint}_{number}", number + 1
        self.taken.add(name)
        return name


@dataclass
class _Local:
    """A local variable and the values that live in it, one at a time."""

    name: str
    values: int = 0


@dataclass
class Locals:
    """Assignment of values to local variables, in which no two values in use collide.

    `hints` holds the name that each value would like. Values that share a hint share a local
    unless one is needed where the other is computed.
    """

    hints: list[str]
    names: dict[int, str] = field(default_factory=lambda: {})
    _conflicts: dict[int, int] = field(default_factory=lambda: {})
    _locals: dict[str, list[_Local]] = field(default_factory=lambda: {})

    def assign(
        self, liveness: Liveness, graph: FlowGraph, leaders: list[int], unique: UniqueNames
    ) -> None:
        """Name every value; `leaders` (parameters) first, each apart from the others."""
        order = self._definitions(liveness, graph, leaders)
        for value, needed in order:
            for other in members(needed & ~(1 << value)):
                self._conflicts[other] = self._conflicts.get(other, 0) | 1 << value
            self._conflicts[value] = self._conflicts.get(value, 0) | needed & ~(1 << value)
        for value, _ in order:
            self.names[value] = self._choose(value, unique)

    def _definitions(
        self, liveness: Liveness, graph: FlowGraph, leaders: list[int]
    ) -> list[tuple[int, int]]:
        """Return each value in order of computation with all that is needed at that place."""
        found = [(value, bits(leaders) | liveness.live_in[0]) for value in leaders]
        for block in graph.order:
            body = liveness.bodies[block]
            if block != 0:
                entering = bits(body.arguments) | liveness.live_in[block]
                found += [(value, entering) for value in body.arguments]
            after = liveness.after_statements(block)
            for statement, live in zip(body.statements, after, strict=True):
                needed = live | bits(statement.results)
                found += [(value, needed) for value in statement.results]
        return found

    def _choose(self, value: int, unique: UniqueNames) -> str:
        candidates = self._locals.setdefault(self.hints[value], [])
        conflicts = self._conflicts[value]
        local = next((one for one in candidates if not one.values & conflicts), None)
        if local is None:
            local = _Local(unique.add(self.hints[value]))
            candidates.append(local)
        local.values |= 1 << value
        return local.name
