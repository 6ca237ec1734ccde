"""How the leaves of a pytree are arranged: inputs and outputs of a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Static: TypeAlias = None | bool | int | float | str
Structure: TypeAlias = "Leaf | Constant | Sequence | Mapping | Record | Array"


@dataclass(frozen=True)
class Leaf:
    """Stand for the operand (or parameter) number `index`, counted from 0."""

    index: int


@dataclass(frozen=True)
class Constant:
    """Stand for a value known at compile time; as an input, one the caller must pass again."""

    value: Static


@dataclass(frozen=True)
class Sequence:
    """Arrange `items` in a `tuple` or a `list`."""

    kind: str
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Mapping:
    """Arrange `items` in a dict with `keys`, in that order."""

    keys: tuple[Static, ...]
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Record:
    """Arrange `items` in the named tuple, dataclass or dict-like class `module:qualified.name`.

    `kind` is `namedtuple`, `dataclass` or `mapping` (a dict subclass with these keys).
    """

    kind: str
    type_name: str
    fields: tuple[str, ...]
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Array:
    """Turn the only one of `items`, a tensor or a list of tensors, into what NumPy has for it.

    `kind` is `array`, or `scalar` for a number with a dtype of NumPy's, which has rank 0.
    """

    kind: str
    items: tuple[Structure, ...]


def leaves(structure: Structure) -> Iterator[Leaf]:
    """Yield the leaves of `structure` from left to right."""
    todo: list[Structure] = [structure]
    while todo:
        node = todo.pop()
        if isinstance(node, Leaf):
            yield node
        elif not isinstance(node, Constant):
            todo.extend(reversed(node.items))
