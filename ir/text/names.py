"""Names of values and blocks in the text form: the hints, made unique; numbers without one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from ..core import Block, Func, Value

_NOT_A_WORD = re.compile(r"\W", re.ASCII)
_GENERATED_BLOCK = re.compile(r"bb\d+")


class _Unique:
    """Hand out names that were not handed out before."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        candidate = name
        while candidate in self._taken:
            self._next[name] = self._next.get(name, 0) + 1
            candidate = f"{name}_{self._next[name]}"
        self._taken.add(candidate)
        return candidate


def value_hint(name: str) -> str:
    """Return the hint that the printed name `name` gives: none if it is only a number."""
    return "" if name.isdecimal() else name


def block_hint(name: str) -> str:
    """Return the hint that the printed name `name` gives: none if it only counts blocks."""
    return "" if _GENERATED_BLOCK.fullmatch(name) else name


def value_names(func: Func, *, hints: bool = True) -> dict[Value, str]:
    """Return a unique name for each value of `func`, in program order."""
    unique, numbers = _Unique(), itertools.count()
    return {
        value: unique((hints and value_hint(_word(value.name))) or str(next(numbers)))
        for value in _values(func.body.blocks)
    }


def block_names(func: Func, *, hints: bool = True) -> dict[Block, str]:
    """Return a unique name for each block of `func`; without a hint, number n is `bb<n>`.

    The entry is always `bb0`: its name is not written, so a hint would not survive.
    """
    unique = _Unique()
    return {
        block: unique((hints and number and block_hint(_word(block.name))) or f"bb{number}")
        for number, block in enumerate(func.body.blocks)
    }


def _word(hint: str) -> str:
    return _NOT_A_WORD.sub("_", hint)


def _values(blocks: Iterable[Block]) -> Iterator[Value]:
    for block in blocks:
        yield from block.args
        for op in block.ops:
            yield from op.results
