"""Iteration: `for`, unpacking, and drawing an iterable into a list."""

from __future__ import annotations

import types
from collections.abc import Mapping, Set
from typing import Any

import torch
from torch import nn

from .code_kinds import is_interpreted
from .indexing import require_known, tensor_item
from .machine import Machine
from .objects import (
    ITERATORS,
    Array,
    CountingIterator,
    DynamicList,
    Generator,
    IndexIterator,
    Iterator,
    RangeIterator,
    SequenceIterator,
    ZipIterator,
    class_of,
)
from .scalars import is_symbolic
from .text_operations import characters_of
from .texts import Text
from .torch_internals import is_traced
from .truth import conjunction, disjunction, negation


def iterate(machine: Machine, value: Any) -> Iterator | Generator:
    """Return `iter(value)`; what a generator yields is known only when it is resumed."""
    if isinstance(value, (*ITERATORS, Generator)):
        return value
    if isinstance(value, range):
        return RangeIterator(value.start, value.stop, value.step)
    if isinstance(value, DynamicList):
        return SequenceIterator(value)
    if isinstance(value, Text):
        return SequenceIterator(characters_of(machine, value))
    if is_traced(value) or isinstance(value, Array):
        return _tensor_iterator(machine, value)
    return SequenceIterator(_static_items(machine, value))


def _tensor_iterator(machine: Machine, value: Any) -> Iterator:
    tensor = value.tensor if isinstance(value, Array) else value
    if tensor.dim() == 0:
        machine.python(_raise, TypeError("iteration over a 0-d tensor"))
    extent = machine.tracer.scalars.constant_or_symbol(tensor.shape[0])
    return IndexIterator(value, 0, extent)


def _raise(error: Exception) -> None:
    raise error


def _static_items(machine: Machine, value: Any) -> list[Any]:
    own = getattr(class_of(value), "__iter__", None)
    if isinstance(own, types.FunctionType) and is_interpreted(own):
        raise machine.tracer.refuse(
            "MC0101",
            f"the iteration over a {type(value).__name__} is written in Python",
            help="return a list",
        )
    if class_of(value) is list and value not in machine.foreign:
        return value  # the list itself: what is appended meanwhile is met as well
    items = machine.python(list, value)
    is_lazy = not isinstance(value, (list, tuple, str, Mapping, Set, nn.Module))
    if value in machine.foreign or is_lazy:
        return [
            machine.foreign.read(item, _path(machine, value, i)) for i, item in enumerate(items)
        ]
    return items


def _path(machine: Machine, value: Any, index: int) -> str | None:
    path = machine.foreign.path(value)
    if path is None:
        return None
    return f"{path}.{index}" if isinstance(value, nn.Module) else f"{path}[{index}]"


def length_of(items: Any) -> Any:
    """Return the number of `items`, a list of known or run-time length."""
    return items.length if isinstance(items, DynamicList) else len(items)


def has_next(machine: Machine, iterator: Iterator) -> Any:
    """Return whether there is another item, a bool that may be symbolic."""
    if isinstance(iterator, SequenceIterator):
        position, length = iterator.position, length_of(iterator.items)
        if isinstance(position, int) and isinstance(length, int):
            return position < length
        if isinstance(length, int):
            require_known(machine, [position], "the position in a list")
        return _compare(machine, _less, position, length)
    if isinstance(iterator, RangeIterator):
        return _range_has_next(machine, iterator)
    if isinstance(iterator, IndexIterator):
        return _compare(machine, _less, iterator.position, iterator.length)
    if isinstance(iterator, CountingIterator):
        return has_next(machine, iterator.inner)
    return conjunction(machine, [has_next(machine, part) for part in iterator.parts])


def _range_has_next(machine: Machine, iterator: RangeIterator) -> Any:
    upwards = _compare(machine, _greater, iterator.step, 0)
    below = _compare(machine, _less, iterator.current, iterator.stop)
    above = _compare(machine, _greater, iterator.current, iterator.stop)
    if isinstance(upwards, bool):
        return below if upwards else above
    rising = conjunction(machine, [upwards, below])
    falling = conjunction(machine, [negation(machine, upwards), above])
    return disjunction(machine, [rising, falling])


def _compare(machine: Machine, function: Any, left: Any, right: Any) -> Any:
    return machine.tracer.scalars.truth(machine.tracer.native(function, left, right))


def _less(left: Any, right: Any) -> Any:
    return left < right


def _greater(left: Any, right: Any) -> Any:
    return left > right


def advance(machine: Machine, iterator: Iterator) -> Any:
    """Return the next item, of which there is one."""
    if isinstance(iterator, SequenceIterator):
        position = iterator.position
        if isinstance(iterator.items, DynamicList):
            iterator.position = machine.tracer.native(_add, position, 1)
            return machine.lists.get(iterator.items, position)
        iterator.position += 1
        return iterator.items[position]
    if isinstance(iterator, RangeIterator):
        item = iterator.current
        iterator.current = machine.tracer.native(_add, item, iterator.step)
        return item
    if isinstance(iterator, IndexIterator):
        return _advance_index(machine, iterator)
    if isinstance(iterator, CountingIterator):
        count = iterator.count
        iterator.count = machine.tracer.native(_add, count, 1)
        return (count, advance(machine, iterator.inner))
    return tuple(advance(machine, part) for part in iterator.parts)


def _add(left: Any, right: Any) -> Any:
    return left + right


def _advance_index(machine: Machine, iterator: IndexIterator) -> Any:
    position = iterator.position
    iterator.position = machine.tracer.native(_add, position, 1)
    container = iterator.container
    if isinstance(container, Array):
        item = tensor_item(machine, container.tensor, position)
        return Array(item if item.dim() else machine.tracer.native(torch.clone, item))
    return tensor_item(machine, container, position)


def materialise(machine: Machine, value: Any) -> Any:
    """Return all items of an iterable: a list, a dynamic list, or the iterator if its end is data.

    A dynamic list may be the very one that the program holds.
    """
    if isinstance(value, DynamicList):
        return value
    iterator = iterate(machine, value)
    if isinstance(iterator, SequenceIterator) and isinstance(iterator.items, DynamicList):
        start, iterator.position = iterator.position, iterator.items.length
        if isinstance(start, int) and start == 0:
            return iterator.items
        return machine.lists.slice(iterator.items, start, None)
    return iterator if is_open(iterator) else draw(machine, iterator)


def is_open(iterator: Any) -> bool:
    """Tell whether the data decides how many items an iterator has."""
    if isinstance(iterator, RangeIterator):
        return any(map(is_symbolic, (iterator.current, iterator.stop, iterator.step)))
    if isinstance(iterator, ZipIterator):
        return all(map(is_open, iterator.parts))
    if isinstance(iterator, CountingIterator):
        return is_open(iterator.inner)
    if isinstance(iterator, SequenceIterator):
        return is_symbolic(length_of(iterator.items))
    return is_symbolic(iterator.length)


def draw(machine: Machine, value: Any) -> list[Any]:
    """Return all items of an iterable whose length is known."""
    iterator = iterate(machine, value)
    if isinstance(iterator, Generator):
        raise machine.tracer.refuse(
            "MC0101", "a generator is used where a list is needed", help="make a list of it first"
        )
    items: list[Any] = []
    while True:
        more = has_next(machine, iterator)
        if is_symbolic(more):
            require_known(machine, [more], "the number of items")
        if not more:
            return items
        items.append(advance(machine, iterator))
