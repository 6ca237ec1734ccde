"""Text that the program made of what only the data decides."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...diagnostics import Location
from ...ir import Value
from .failures import NeedConcrete
from .objects import Array, DynamicList
from .scalars import is_symbolic
from .torch_internals import expression_of, is_traced


@dataclass(eq=False, frozen=True)
class HostString:
    """A string of the host: `columns` holds its value, and nothing in what only describes one.

    `origins` are the symbols of the places where its paths could be kept apart instead.
    """

    columns: tuple[Value, ...] = ()
    origins: frozenset[Any] = frozenset()


@dataclass(eq=False, frozen=True)
class Choice:
    """One of `items`, which are constants: that at `index`; `origins` as for a string."""

    items: tuple[str, ...]
    index: Any
    origins: frozenset[Any] = frozenset()

    def places(self, wanted: Collection[str]) -> tuple[int, ...]:
        """Return the indices that choose one of `wanted`."""
        return tuple(place for place, item in enumerate(self.items) if item in wanted)


@dataclass(eq=False)
class Piece:
    """A value in a text: how it is converted first (`!r`), and how it is formatted then."""

    value: Any
    conversion: str = ""
    specification: str = ""


class _LookInside:
    """Make a special method that asks for what is in a text; the machine must not interpret it."""

    def __get__(self, text: Any, owner: Any) -> Callable[..., Any]:
        return functools.partial(_look_inside, text)


_LOOK_INSIDE: Any = _LookInside()


def _look_inside(text: Text, *others: Any) -> Any:
    raise NeedConcrete(symbols_of(text), "text must not depend on tensor data", text.place)


@dataclass(eq=False)
class Text:
    """A string whose `parts` are strings and pieces.

    Whoever asks Python what is in it needs the values of its pieces. `place` is where it was made.
    """

    parts: tuple[Any, ...]
    place: Location | None = None

    @property
    def host_string(self) -> HostString | None:
        """The string of the host that is all of the text."""
        match self.parts:
            case (Piece(value=HostString() as string, conversion="", specification=""),):
                return string
            case _:
                return None

    @property
    def choice(self) -> Choice | None:
        """The choice from constants that is all of the text."""
        match self.parts:
            case (Piece(value=Choice() as choice, conversion="", specification=""),):
                return choice
            case _:
                return None

    __str__ = __repr__ = __format__ = __eq__ = __hash__ = __len__ = __iter__ = _LOOK_INSIDE
    __bool__ = __contains__ = __getitem__ = __lt__ = __gt__ = _LOOK_INSIDE


@dataclass(eq=False, frozen=True)
class TextMethod:
    """A bound method of a `Text`."""

    owner: Text
    name: str


def require_no_text(values: Iterable[Any]) -> None:
    """Ask for what is in texts among `values`."""
    for value in values:
        if isinstance(value, Text):
            str(value)


def symbols_of(value: Any) -> frozenset[Any]:
    """Return the symbols on which a text or a number depends."""
    if isinstance(value, (HostString, Choice)):
        return value.origins
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


def text_of(string: HostString | Choice) -> Text:
    """Return the text that is a string of the host, or a choice."""
    return Text((Piece(string),))


def is_text(value: Any) -> bool:
    """Tell whether `value` is a string, whoever knows it."""
    return isinstance(value, (str, Text))
