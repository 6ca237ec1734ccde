"""Where in the user's program something comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Location:
    """Name a span of one source line, and the call chain that led to it.

    Lines and columns count from 1; `end_column` is exclusive and never before `column`.
    `caller` is the place of the call that entered `function`; `module_path` is the qualified name
    of the `torch.nn.Module` whose method runs there ("" for the root or outside of modules).
    """

    file: str
    line: int
    column: int = 1
    end_column: int = 1
    function: str = ""
    module_path: str = ""
    caller: Location | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def chain(self) -> Iterator[Location]:
        """Yield this place, then its callers from the innermost to the outermost."""
        place: Location | None = self
        while place is not None:
            yield place
            place = place.caller


UNKNOWN = Location("<unknown>", 0)
