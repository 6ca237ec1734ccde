"""Objects that existed before the capture: read as they are, never changed."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from ...diagnostics import Location
from .hir import Code
from .objects import is_a
from .tensors import Tensors

_IMMUTABLE = (
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    Code,
)


def named_modules(program: Any) -> Iterable[tuple[str, nn.Module]]:
    """Return the modules of `program`, itself included, each once, with their names."""
    return program.named_modules()


@dataclass(eq=False)
class ForeignObjects:
    """Remember foreign objects by `id`, and under which path the program reaches them.

    `array_places` are the places where tensors were made of real arrays of NumPy.
    """

    tensors: Tensors
    objects: dict[int, Any] = field(default_factory=dict[int, Any])
    paths: dict[int, str] = field(default_factory=dict[int, str])
    weight_owners: dict[int, set[tuple[int, str]]] = field(
        default_factory=dict[int, "set[tuple[int, str]]"]
    )
    container_owners: dict[int, set[tuple[int, str]]] = field(
        default_factory=dict[int, "set[tuple[int, str]]"]
    )
    array_places: dict[int, Location] = field(default_factory=dict[int, Location])

    def read(self, value: Any, path: str | None = None) -> Any:
        """Return what the program sees of `value`, which was read from a foreign object."""
        value = self.tensors.lift(value)
        if isinstance(value, _IMMUTABLE) or self.tensors.is_weight(value):
            return value
        self.objects.setdefault(id(value), value)
        if path is not None:
            self.paths.setdefault(id(value), path)
        return value

    def remember_owner(self, tensor: Any, owner: Any, name: str) -> None:
        """Remember that the program reads a tensor as the attribute `name` of `owner`."""
        known = self.tensors.wrappers.get(id(tensor))
        data = tensor if known is None else known.data
        self.objects.setdefault(id(owner), owner)
        self.weight_owners.setdefault(id(data), set()).add((id(owner), name))

    def remember_container(self, container: Any, owner: Any, name: str) -> None:
        """Remember that the program reads a container as the attribute `name` of `owner`."""
        self.objects.setdefault(id(owner), owner)
        self.container_owners.setdefault(id(container), set()).add((id(owner), name))

    def remember_item(self, item: Any, container: Any) -> None:
        """Remember that the program reads a container as an item of another."""
        owners = self.container_owners.get(id(container))
        if owners and is_a(item, (list, tuple, dict)):
            self.container_owners.setdefault(id(item), set()).update(owners)

    def __contains__(self, value: object) -> bool:
        return id(value) in self.objects

    def path(self, value: Any) -> str | None:
        """Return the qualified name of a foreign object, None if it was reached by none."""
        return self.paths.get(id(value))
