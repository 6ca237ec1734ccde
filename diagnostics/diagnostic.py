"""What a user is told: code, message, place, caret, notes, help."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from .codes import CODES
from .location import Location

_SIGILS = "%@^"
_MOST = 24
"""How many names are listed if none is close."""


@dataclass(frozen=True)
class Note:
    """Add a second place, or a remark without one, to a diagnostic."""

    message: str
    location: Location | None = None


@dataclass(frozen=True)
class Diagnostic:
    """Describe one mistake that a user can correct. `code` is a key of `CODES`.

    `excerpt` is the line that `location` is about, if that names no file.
    """

    code: str
    message: str
    location: Location | None = None
    label: str = ""
    notes: tuple[Note, ...] = field(default=())
    help: str = ""
    excerpt: str = ""

    def __post_init__(self) -> None:
        assert self.code in CODES, f"undocumented diagnostic code {self.code}"

    def render(self) -> str:
        """Return the text shown to the user, without a final newline."""
        place = f"{self.location}: " if self.location else ""
        excerpt = _excerpt(self.location, self.label, self.excerpt)
        lines = [f"{place}error[{self.code}]: {self.message}", *excerpt]
        for note in self.notes:
            place = f"{note.location}: " if note.location else "  "
            lines += [f"{place}note: {note.message}", *_excerpt(note.location)]
        return "\n".join([*lines, f"  help: {self.help}"] if self.help else lines)


class DiagnosticError(Exception):
    """Carry all diagnostics of a failed step; its text is their rendering."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n\n".join(diagnostic.render() for diagnostic in self.diagnostics)


def suggest(name: str, known: Sequence[str]) -> str:
    """Return a line of help that names what `name` may have been meant to be."""
    close = close_names(name, known)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    listed = sorted(known)
    more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    return "known are: " + ", ".join(listed[:_MOST]) + more


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """Return at most three of `known` that are spelled like `name`, the closest first.

    A sigil that all have in common, as in `%x`, makes no two names alike.
    """
    by_stem = {one.lstrip(_SIGILS): one for one in known}
    return [by_stem[stem] for stem in get_close_matches(name.lstrip(_SIGILS), by_stem, n=3)]


def _excerpt(location: Location | None, label: str = "", text: str = "") -> list[str]:
    if location is None:
        return []
    linecache.checkcache(location.file)
    text = text or linecache.getline(location.file, location.line).rstrip("\n")
    if not text:
        return []  # no source at hand, or the file changed since: never crash while reporting
    caret = "^" * max(1, location.end_column - location.column)
    indent = "".join(char if char == "\t" else " " for char in text[: location.column - 1])
    return [f"{location.line:5} | {text}", f"      | {indent}{caret} {label}".rstrip()]
