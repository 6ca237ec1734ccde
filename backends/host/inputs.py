"""The Python parameters of a program and the inputs that its entries mention."""

from __future__ import annotations

import dataclasses
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
    mentioned = {str(key) for entry in entries for key in entry.inputs.keys}
    implied = {p.name: p.default or _EMPTY.get(p.kind) for p in parameters}
    kept = tuple([p for p in parameters if p.name in mentioned or implied[p.name] is not None])
    completed = [
        dataclasses.replace(entry, inputs=_completed(entry.inputs, kept, implied))
        for entry in entries
    ]
    return kept, tuple(completed)


def _completed(
    inputs: Mapping, parameters: tuple[Parameter, ...], implied: AnyMapping[str, Structure | None]
) -> Mapping:
    given = dict(zip(inputs.keys, inputs.items, strict=True))
    items = [given.get(parameter.name) or implied[parameter.name] for parameter in parameters]
    assert all(item is not None for item in items), "an entry lacks an input without default"
    names = tuple([parameter.name for parameter in parameters])
    return Mapping(names, tuple([item for item in items if item is not None]))
