"""The Python parameters of a program and the inputs that its entries mention."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence

from ...runtime.host.program import Entry
from ...runtime.signature import Parameter
from ...runtime.structure import Mapping, Sequence, Structure

_EMPTY: AnyMapping[str, Structure] = {
    "variadic": Sequence("tuple", ()),
    "keywords": Mapping((), ()),
}


def bind_parameters(
    parameters: AnySequence[Parameter], entries: AnySequence[Entry]
) -> tuple[tuple[Parameter, ...], tuple[Entry, ...]]:
    """Return the parameters that can be passed, and the entries with an input for each.

    A parameter that no entry mentions had its default when the program was compiled, and callers
    may only pass that. If an artifact cannot hold the default, the parameter is left out.
    """
    entries = [
        dataclasses.replace(entry, inputs=_gathered(entry.inputs, parameters)) for entry in entries
    ]
    mentioned = {str(key) for entry in entries for key in entry.inputs.keys}
    implied = {p.name: p.default or _EMPTY.get(p.kind) for p in parameters}
    kept = tuple([p for p in parameters if p.name in mentioned or implied[p.name] is not None])
    completed = [
        dataclasses.replace(entry, inputs=_completed(entry.inputs, kept, implied))
        for entry in entries
    ]
    return kept, tuple(completed)


def _gathered(inputs: Mapping, parameters: AnySequence[Parameter]) -> Mapping:
    """Put `rest[0]`, `rest[1]`, ... into `*rest`, and names of no parameter into `**names`."""
    given: dict[str, Structure] = {
        str(key): item for key, item in zip(inputs.keys, inputs.items, strict=True)
    }
    gathered: dict[str, Structure] = {}
    for parameter in parameters:
        if parameter.kind == "variadic":
            members = _take(given, lambda key, name=parameter.name: key.startswith(f"{name}["))
            gathered[parameter.name] = Sequence("tuple", tuple(members.values()))
        elif parameter.kind == "keywords":
            known = {other.name for other in parameters}
            members = _take(given, lambda key, known=known: key not in known)
            gathered[parameter.name] = Mapping(tuple(members), tuple(members.values()))
    return Mapping(tuple([*given, *gathered]), tuple([*given.values(), *gathered.values()]))


def _take(given: dict[str, Structure], wanted: Callable[[str], bool]) -> dict[str, Structure]:
    """Remove what is wanted from `given`, and return it."""
    taken = {key: item for key, item in given.items() if wanted(key)}
    for key in taken:
        del given[key]
    return taken


def _completed(
    inputs: Mapping, parameters: tuple[Parameter, ...], implied: AnyMapping[str, Structure | None]
) -> Mapping:
    given = dict(zip(inputs.keys, inputs.items, strict=True))
    items = [given.get(parameter.name) or implied[parameter.name] for parameter in parameters]
    assert all(item is not None for item in items), "an entry lacks an input without default"
    names = tuple([parameter.name for parameter in parameters])
    return Mapping(names, tuple([item for item in items if item is not None]))
