"""Python names for values: values with one name in the source share a local when they can."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..types import ListType, ScalarType, TensorType, Type
from .graph import FlowGraph
from .liveness import Liveness, bits, members
from .program import edges_of

_SCALAR_HINTS = {"i64": "n", "f64": "f", "i1": "c", "str": "text"}
_DEFAULT_HINTS = {*_SCALAR_HINTS.values(), "t", "items"}


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
class _Web:
    """Values that live in one local variable, one at a time, and those that must not join them."""

    values: int
    conflicts: int

    def accepts(self, other: _Web) -> bool:
        """Whether the values of both can live in one local."""
        return not self.values & other.conflicts

    def absorb(self, other: _Web) -> None:
        """Take in the values of `other`."""
        self.values |= other.values
        self.conflicts |= other.conflicts


def assign_locals(
    liveness: Liveness,
    graph: FlowGraph,
    parameters: list[int],
    hints: list[str],
    unique: UniqueNames,
) -> dict[int, str]:
    """Return a local variable for every value; no two values that are needed at once share one.

    A value that an edge passes shares the local of the block argument that receives it, if that
    is possible; then nothing has to be moved. Beyond that, values with the same hint share one.
    """
    definitions = _definitions(liveness, graph, parameters)
    webs = {value: _Web(1 << value, needed) for value, needed in _conflicts(definitions).items()}
    for argument, value in _moves(liveness, graph):
        one, other = webs[argument], webs.get(value)
        if other is not None and one is not other and one.accepts(other):
            small, large = sorted((one, other), key=_size)
            large.absorb(small)
            webs.update(dict.fromkeys(members(small.values), large))
    return _named(webs, hints, unique)


def _size(web: _Web) -> int:
    return web.values.bit_count()


def _definitions(
    liveness: Liveness, graph: FlowGraph, parameters: list[int]
) -> list[tuple[int, int]]:
    """Return each value in order of computation with all that is needed at that place."""
    found = [(value, bits(parameters) | liveness.live_in[0]) for value in parameters]
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


def _conflicts(definitions: list[tuple[int, int]]) -> dict[int, int]:
    """Return, for each value in order, the others that are needed while it is."""
    conflicts = dict.fromkeys((value for value, _ in definitions), 0)
    for value, needed in definitions:
        others = needed & ~(1 << value)
        conflicts[value] |= others
        for other in members(others):
            conflicts[other] |= 1 << value
    return conflicts


def _moves(liveness: Liveness, graph: FlowGraph) -> Iterator[tuple[int, int]]:
    """Yield each block argument with each value that an edge passes for it."""
    for block in graph.order:
        body = liveness.bodies[block]
        for edge in edges_of(body.terminator):
            arguments = liveness.bodies[edge.block].arguments
            yield from zip(arguments, edge.arguments, strict=True)


def _named(webs: dict[int, _Web], hints: list[str], unique: UniqueNames) -> dict[int, str]:
    names: dict[int, str] = {}
    place = {value: number for number, value in enumerate(webs)}
    shared: dict[str, list[tuple[str, _Web]]] = {}
    for value, web in webs.items():
        if value in names:
            continue
        ordered = sorted(members(web.values), key=place.__getitem__)
        wanted = (hints[member] for member in ordered if hints[member] not in _DEFAULT_HINTS)
        hint = next(wanted, hints[value])
        candidates = shared.setdefault(hint, [])
        found = next((pair for pair in candidates if pair[1].accepts(web)), None)
        if found is None:
            found = unique.add(hint), _Web(0, 0)
            candidates.append(found)
        found[1].absorb(web)
        names.update(dict.fromkeys(members(web.values), found[0]))
    return names
