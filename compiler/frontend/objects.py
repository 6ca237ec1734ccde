"""Python objects that exist only while a program is interpreted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...ir import Type, Value
from .hir import Code


def is_a(value: Any, classes: Any) -> bool:
    """Tell whether `value` is an instance; to the type checker it stays what it was."""
    return isinstance(value, classes)


def class_of(value: Any) -> Any:
    """Return the class of `value`."""
    return value.__class__


class Absent:
    """Stand for an attribute or variable that does not exist."""

    def __repr__(self) -> str:
        return "<absent>"


ABSENT = Absent()


class Unread:
    """Stand for what a cell holds before the call, of which the program is to depend on nothing."""

    def __repr__(self) -> str:
        return "<unread>"


UNREAD = Unread()


@dataclass(eq=False)
class ClosureCell:
    """Hold a variable that a function and those nested in it share."""

    content: Any = ABSENT


class SealedCell(ClosureCell):
    """Hold a variable that a function which calls itself only reads."""


@dataclass(eq=False, frozen=True)
class InterpretedFunction:
    """A function that the program defined while it ran."""

    code: Code
    defaults: tuple[Any, ...]
    keyword_defaults: Mapping[str, Any]
    cells: tuple[Any, ...]
    module_globals: Mapping[str, Any]
    given_name: str | None = None

    @property
    def __name__(self) -> str:
        return self.code.name if self.given_name is None else self.given_name


@dataclass(frozen=True)
class Element:
    """What every element of a dynamic list looks like: `prototype` is one.

    `tokens` are its skeleton, `types` the IR types of its leaves, in order: one host list holds
    each of them. `minimums` tell how many elements each dynamic list inside has for certain.
    """

    tokens: tuple[Any, ...]
    types: tuple[Type, ...]
    prototype: Any = field(compare=False, repr=False)
    minimums: Mapping[Any, int] = field(compare=False, repr=False, default_factory=dict[Any, int])


@dataclass(eq=False)
class DynamicList:
    """A list whose length depends on data: `columns` are host lists, one per leaf of an element.

    `minimum` elements are there for certain. Changing the list replaces `columns` and `length`.
    `home` is the plan of the loop that carries the list, and its path there.
    """

    columns: tuple[Value, ...]
    length: Any
    element: Element
    minimum: int = 0
    home: tuple[Any, Any] | None = None


@dataclass(eq=False, frozen=True)
class ListMethod:
    """A bound method of a `DynamicList`."""

    owner: DynamicList
    name: str


@dataclass(eq=False, frozen=True)
class TensorMethod:
    """A bound method of a tensor that the machine performs itself."""

    owner: Any
    name: str


@dataclass(eq=False)
class Generator:
    """A generator: `frame` is that of its call, while it is suspended.

    `is_named` tells whether a variable, attribute or container has ever held it: then it lives on
    when a loop over it is left.
    """

    frame: Any
    is_started: bool = False
    is_finished: bool = False
    is_named: bool = False
    returned: Any = None

    def finish(self, returned: Any) -> None:
        """Remember that the generator has run to its end."""
        self.frame, self.is_finished, self.returned = None, True, returned


def name_generator(value: Any) -> None:
    """Remember that a variable, attribute or container holds `value`, if it is a generator."""
    if isinstance(value, Generator):
        value.is_named = True


@dataclass(eq=False, frozen=True)
class GeneratorMethod:
    """A bound method of a `Generator`."""

    owner: Generator
    name: str


@dataclass(eq=False)
class Array:
    """An array of NumPy: a tensor of the program, with NumPy's operations.

    One of rank 0 is a number with a dtype, a `scalar`, unless its `kind` is `array`.
    """

    tensor: Any
    kind: str = "scalar"


@dataclass(eq=False)
class ArrayMethod:
    """A bound method of an `Array`."""

    owner: Array
    name: str


# --- iterators ----------------------------------------------------------------------------------


@dataclass(eq=False)
class SequenceIterator:
    """Iterate over `items`, a sequence or a dynamic list, from `position` on."""

    items: Any
    position: Any = 0


@dataclass(eq=False)
class RangeIterator:
    """Iterate like `range`; any of the numbers may be symbolic."""

    current: Any
    stop: Any
    step: Any


@dataclass(eq=False)
class IndexIterator:
    """Iterate over `container[position]` while `position < length`, which is symbolic."""

    container: Any
    position: Any
    length: Any


@dataclass(eq=False)
class ZipIterator:
    """Iterate over several iterators side by side."""

    parts: list[Any] = field(default_factory=lambda: [])


@dataclass(eq=False)
class CountingIterator:
    """Iterate over pairs of a count and an item of `inner`."""

    inner: Any
    count: Any


ITERATORS = (SequenceIterator, RangeIterator, IndexIterator, ZipIterator, CountingIterator)
Iterator: TypeAlias = (
    SequenceIterator | RangeIterator | IndexIterator | ZipIterator | CountingIterator
)

MUTABLE_RECORDS = (ClosureCell, Array, ArrayMethod, *ITERATORS)
"""Classes of which every path has its own instances, copied field by field."""
