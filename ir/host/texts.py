"""`text.*`: host strings, and `table.*`: choices from constants, with Python's meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...diagnostics import template_problems
from ..core import Op, Value, attr, define, operand
from ..matching import fits
from ..types import F64, I1, I64, STR, ListType, Type

METHODS: Mapping[str, Type] = {
    **dict.fromkeys(
        """capitalize casefold center expandtabs join ljust lower lstrip removeprefix removesuffix
        replace rjust rstrip strip swapcase title upper zfill""".split(),
        STR,
    ),
    **dict.fromkeys(
        """__contains__ endswith isalnum isalpha isascii isdecimal isdigit isidentifier islower
        isnumeric isprintable isspace istitle isupper startswith""".split(),
        I1,
    ),
    **dict.fromkeys("__len__ count find rfind".split(), I64),
    **dict.fromkeys("rsplit split splitlines".split(), ListType(STR)),
}
"""The methods of `str` that hosts can call, and what each returns."""

Item = bool | int | float | str


def type_of_item(item: Item) -> Type:
    """Return the host type of a constant."""
    return {bool: I1, int: I64, float: F64, str: STR}[type(item)]


@define("text.format")
class Format(Op):
    """out = the string that `template`, such as `"{0} is not {1!r:>5}"`, stands for.

    Without `values` it is that string itself.
    """

    values: tuple[Value, ...] = operand(spread=True)
    template: str = attr()

    def infer(self) -> Sequence[Type]:
        return (STR,)

    def verify(self) -> Iterator[str]:
        return template_problems(self.template, len(self.values))


@define("text.call")
class CallMethod(Op):
    """out = text.method(*values), a method of Python's `str`."""

    text: Value = operand()
    values: tuple[Value, ...] = operand(spread=True)
    method: str = attr()

    def infer(self) -> Sequence[Type]:
        if self.method not in METHODS:
            raise self.error("MC0203", f"hosts call no method {self.method!r} of strings")
        return (METHODS[self.method],)

    def verify(self) -> Iterator[str]:
        return _misfit(self.text, STR)


@define("text.slice")
class Slice(Op):
    """out = source[start:stop]; Python's negative bounds count from the end."""

    source: Value = operand()
    start: Value = operand()
    stop: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (STR,)

    def verify(self) -> Iterator[str]:
        yield from _misfit(self.source, STR)
        yield from _misfit(self.start, I64)
        yield from _misfit(self.stop, I64)


@define("text.characters")
class Characters(Op):
    """out = list(source)."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(STR),)

    def verify(self) -> Iterator[str]:
        return _misfit(self.source, STR)


@define("table.get")
class Get(Op):
    """out = items[index]; Python's negative indices count from the end."""

    index: Value = operand()
    items: tuple[Item, ...] = attr()

    def infer(self) -> Sequence[Type]:
        return (type_of_item(self.items[0]),)

    def verify(self) -> Iterator[str]:
        yield from _misfit(self.index, I64)
        if len(set(map(type_of_item, self.items))) != 1:
            yield "the items are not of one type"


@define("table.find")
class Find(Op):
    """out = items.index(value), -1 if it is not there."""

    value: Value = operand()
    items: tuple[int | str, ...] = attr()

    def infer(self) -> Sequence[Type]:
        return (I64,)

    def verify(self) -> Iterator[str]:
        if self.value.type not in (I64, STR):
            yield f"{self.value.type} is no key of a table"
        for item in self.items:
            if type_of_item(item) != self.value.type:
                yield f"{item!r} is no {self.value.type}"


def _misfit(value: Value, declared: Type) -> Iterator[str]:
    if not fits(value.type, declared):
        yield f"{value.type} is no {declared}"
