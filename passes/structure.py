"""When two ops compute the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias, cast

from ..ir import Op, Successor, Type, Value

Key: TypeAlias = Hashable


def structural_key(
    op: Op,
    number: Callable[[Value], Key] = lambda value: value,
    normalize: Callable[[Type], Type] = lambda value_type: value_type,
) -> Key:
    """Return what ops have in common if they compute the same from equal operands.

    `number` says which values are equal, `normalize` which result types are.
    """
    slots = type(op).slot_names("operand", "attr")
    held = tuple(_frozen(getattr(op, slot), number) for slot in slots)
    return (type(op), held, tuple(normalize(result.type) for result in op.results))


def _frozen(item: Any, number: Callable[[Value], Key]) -> Key:
    if isinstance(item, Value):
        return number(item)
    if isinstance(item, tuple):
        return tuple(_frozen(each, number) for each in cast("tuple[Any, ...]", item))
    assert not isinstance(item, Successor), "terminators have no key"
    if isinstance(item, (bool, int, float, complex)):
        return (type(item), repr(item))  # 1 == 1.0 == True, and 0.0 == -0.0
    return item
