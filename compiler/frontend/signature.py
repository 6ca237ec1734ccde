"""How a caller describes the inputs of a program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dim:
    """Name an axis whose extent varies between calls; bounds are inclusive, None is unbounded."""

    name: str
    minimum: int = 0
    maximum: int | None = None
