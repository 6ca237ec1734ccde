"""Why the compiler did what it did, one sentence at a time."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Location


@dataclass(frozen=True)
class Explanation:
    """A decision of one stage, and the user's line it is about."""

    stage: str
    text: str
    location: Location | None = None

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self.stage}: {self.text}"
