"""One call's worth of inputs: positional and keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..diagnostics import Location


@dataclass(frozen=True)
class Example:
    """Arguments with which a program can be called; `place` is where they are defined."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=lambda: {})
    place: Location | None = None


def as_example(value: Any) -> Example:
    """Read a tuple or list as positions, a dict as keywords, all else as one argument."""
    if isinstance(value, Example):
        return value
    if isinstance(value, dict):
        return Example(kwargs=cast("dict[str, Any]", value))
    if isinstance(value, (tuple, list)):
        return Example(tuple(cast("tuple[Any, ...]", value)))
    return Example((value,))
