"""Names of inputs and outputs, after their paths in the pytrees of the program."""

from __future__ import annotations

from collections.abc import Iterator

from ....ir.structure import Array, Constant, Leaf, Mapping, Record, Structure

OUTPUT = "output"
"""What an output is called that has no name of its own."""


class Names:
    """Names that differ from each other."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, wanted: str, otherwise: str = "") -> str:
        """Return `wanted` if it is free, else `otherwise`, else one of these with a number."""
        candidates = [name for name in (wanted, otherwise) if name]
        free = next((name for name in candidates if name not in self._taken), None)
        number = 1
        while free is None:
            name = f"{candidates[-1]}.{number}"
            free = None if name in self._taken else name
            number += 1
        self._taken.add(free)
        return free


def input_names(inputs: Structure, names: Names) -> dict[int, str]:
    """Return the name of each leaf: `x`, `batch.mask.0`."""
    return {leaf: names.add(path) for leaf, path in _leaves(inputs, "")}


def output_path(path: str) -> str:
    """Return the name of the output at `path`: `logits`, `hidden.0`, `output`, `output.1`."""
    return path if path and not path[0].isdigit() else f"{OUTPUT}.{path}".rstrip(".")


def _leaves(structure: Structure, path: str) -> Iterator[tuple[int, str]]:
    if isinstance(structure, Leaf):
        yield structure.index, path
    for key, part in parts(structure):
        yield from _leaves(part, below(path, key))


def parts(structure: Structure) -> Iterator[tuple[str, Structure]]:
    """Yield the parts of `structure` with the key of each."""
    match structure:
        case Leaf() | Constant():
            return
        case Mapping(keys=keys):
            yield from zip(map(str, keys), structure.items, strict=True)
        case Array():
            yield from (("", item) for item in structure.items)
        case Record(fields=fields):
            yield from zip(fields, structure.items, strict=True)
        case _:
            yield from ((str(index), item) for index, item in enumerate(structure.items))


def below(path: str, key: str) -> str:
    """Return the path of the part `key` of what stands at `path`."""
    return f"{path}.{key}" if path and key else path or key
