"""Text that holds values which only the data decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...diagnostics import Location
from .failures import NeedConcrete
from .objects import Array, DynamicList
from .scalars import is_symbolic
from .torch_internals import expression_of, is_traced


@dataclass(eq=False)
class Piece:
    """A value in a text: how it is converted first (`!r`), and how it is formatted then."""

    value: Any
    conversion: str = ""
    specification: str = ""


@dataclass(eq=False)
class Text:
    """A string whose `parts` are strings and pieces.

    It can only be shown. Whoever asks what is in it needs the values of its pieces. `place` is
    where it was made.
    """

    parts: tuple[Any, ...]
    place: Location | None = None

    def _look_inside(self, *others: Any) -> Any:
        raise NeedConcrete(symbols_of(self), "text must not depend on tensor data", self.place)

    __str__ = __repr__ = __format__ = __eq__ = __hash__ = __len__ = __iter__ = _look_inside
    __bool__ = __contains__ = __getitem__ = __lt__ = __gt__ = _look_inside


def require_no_text(values: Iterable[Any]) -> None:
    """Ask for what is in texts among `values`."""
    for value in values:
        if isinstance(value, Text):
            str(value)


def symbols_of(value: Any) -> frozenset[Any]:
    """Return the symbols on which a text or a number depends."""
    if isinstance(value, Text):
        pieces = [part.value for part in value.parts if isinstance(part, Piece)]
        return frozenset[Any]().union(*map(symbols_of, pieces))
    return frozenset(expression_of(value).free_symbols) if is_symbolic(value) else frozenset()


def is_data(value: Any) -> bool:
    """Tell whether only the data decides how `value` looks."""
    return is_symbolic(value) or is_traced(value) or isinstance(value, (Array, DynamicList, Text))


def joined(parts: Sequence[Any]) -> str | Text:
    """Return the concatenation of strings, texts and pieces."""
    flat: list[Any] = []
    for part in parts:
        for inner in part.parts if isinstance(part, Text) else (part,):
            if isinstance(inner, str) and flat and isinstance(flat[-1], str):
                flat[-1] += inner
            elif inner != "":
                flat.append(inner)
    if all(isinstance(part, str) for part in flat):
        return "".join(flat)
    return Text(tuple(flat))
