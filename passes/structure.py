"""When two ops compute the same."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias, cast

from ..ir import Op, Successor

Key: TypeAlias = Hashable


def structural_key(op: Op) -> Key:
    """Return what ops have in common if they compute the same; result types belong to it."""
    slots = type(op).slot_names("operand", "attr")
    held = tuple(_frozen(getattr(op, slot)) for slot in slots)
    return (type(op), held, tuple(result.type for result in op.results))


def _frozen(item: Any) -> Key:
    assert not isinstance(item, Successor), "terminators have no key"
    if isinstance(item, tuple):
        return tuple(map(_frozen, cast("tuple[Any, ...]", item)))
    if isinstance(item, (bool, int, float, complex)):
        return (type(item), repr(item))  # 1 == 1.0 == True, and 0.0 == -0.0
    return item
