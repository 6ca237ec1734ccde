"""What the machine interprets instead of functions that iterate over generators."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from . import prelude
from .objects import Generator
from .torch_internals import undisabled

ALWAYS: Mapping[Any, FunctionType] = {
    itertools.islice: prelude.islice_,
    itertools.chain: prelude.chain_,
    itertools.chain.from_iterable: prelude.flatten_,
    itertools.takewhile: prelude.takewhile_,
    itertools.dropwhile: prelude.dropwhile_,
    itertools.accumulate: prelude.accumulate_,
    itertools.pairwise: prelude.pairwise_,
    itertools.count: prelude.count_,
    itertools.cycle: prelude.cycle_,
    itertools.zip_longest: prelude.zip_longest_,
    itertools.repeat: prelude.repeat_,
    contextlib.suppress: prelude.suppress_,
}
"""Functions that return iterators, which are lazy in Python, and context managers."""

_OF_GENERATORS: Mapping[Any, FunctionType] = {
    enumerate: prelude.enumerate_,
    list: prelude.list_,
}
_UNCHANGED = frozenset(
    {
        *(iter, next, isinstance, type, callable, hasattr, getattr, setattr),
        *(any, all, sum, map, filter, functools.reduce),
    }
)
"""Builtins that take generators as they are."""


def replacement(function: Any, args: list[Any], kwargs: Mapping[str, Any]) -> FunctionType | None:
    """Return what is called in place of a function of Python, None if that is called itself."""
    original = undisabled(function)
    try:
        always = ALWAYS.get(original)
    except TypeError:  # an unhashable callable has none
        return None
    if always is not None or not has_generators(args) or original in _UNCHANGED:
        return always
    if original is zip and not kwargs:
        return prelude.zip_
    return _OF_GENERATORS.get(original)


def has_generators(args: list[Any]) -> bool:
    """Tell whether any argument is a generator."""
    return any(isinstance(argument, Generator) for argument in args)


def takes_generators(function: Any) -> bool:
    """Tell whether a builtin of the machine takes generators as they are."""
    return undisabled(function) in _UNCHANGED
