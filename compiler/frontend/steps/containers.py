"""Displays, comprehensions, unpacking and strings."""

from __future__ import annotations

from typing import Any

from ..calls import begin_drawing, drawn_generator, hand_over
from ..failures import ProgramError
from ..hir import (
    AddEntry,
    Append,
    BuildMapping,
    BuildSequence,
    BuildString,
    Extract,
    FormatValue,
    SequenceKind,
    Unpack,
)
from ..indexing import require_known
from ..iteration import draw, materialise
from ..list_methods import extend
from ..machine import Machine, Outcome
from ..objects import ABSENT, DynamicList, Generator, is_a, name_generator
from ..registers import deliver, read, read_all
from ..showing import format_value
from ..state import State
from ..texts import Text, joined, require_no_text

_KINDS = {SequenceKind.LIST: list, SequenceKind.TUPLE: tuple, SequenceKind.SET: set}


def build_sequence(machine: Machine, state: State, step: BuildSequence) -> Outcome:
    """Execute `BuildSequence`."""
    starred = [each.value for each in step.elements if each.starred]
    begun, drawn = drawn_generator(machine, state, starred)
    if begun is not None:
        return begun
    items: list[Any] = []
    for position, element in enumerate(step.elements):
        value = read(machine, state, element.value)
        if element.starred:
            drawn_items = materialise(machine, drawn if isinstance(value, Generator) else value)
            if isinstance(drawn_items, DynamicList) and step.kind is SequenceKind.LIST:
                before = (items, position)
                return deliver(state, _build_dynamic(machine, state, step, before, drawn_items))
            items.extend(draw(machine, drawn_items))
        else:
            name_generator(value)
            items.append(value)
    if step.kind is SequenceKind.SET:
        _require_hashable(machine, items)
    return deliver(state, machine.python(_KINDS[step.kind], items))


def _build_dynamic(
    machine: Machine,
    state: State,
    step: BuildSequence,
    before: tuple[list[Any], int],
    first: DynamicList,
) -> DynamicList:
    """Return a list display; `before` are its first items and the position of `first`."""
    items, position = before
    result = machine.lists.as_dynamic(items, first.element)
    result = machine.lists.concatenated(result, first)
    for element in step.elements[position + 1 :]:
        value = read(machine, state, element.value)
        if element.starred:
            extend(machine, result, value)
        else:
            machine.lists.append(result, value)
    return result


def _require_hashable(machine: Machine, items: list[Any]) -> None:
    require_known(machine, items, "an element of a set")


def build_mapping(machine: Machine, state: State, step: BuildMapping) -> Outcome:
    """Execute `BuildMapping`."""
    result: dict[Any, Any] = {}
    for entry in step.entries:
        value = read(machine, state, entry.value)
        if entry.key is None:
            result.update(value)
        else:
            key = read(machine, state, entry.key)
            require_known(machine, [key], "the key of a dict")
            result[key] = value
    return deliver(state, result)


def append(machine: Machine, state: State, step: Append) -> Outcome:
    """Execute `Append`."""
    collection, value = read_all(machine, state, step.uses)
    name_generator(value)
    if isinstance(collection, DynamicList):
        machine.lists.append(collection, value)
    elif is_a(collection, set):
        _require_hashable(machine, [value])
        machine.python(collection.add, value)
    else:
        collection.append(value)
    return Outcome.NEXT


def add_entry(machine: Machine, state: State, step: AddEntry) -> Outcome:
    """Execute `AddEntry`."""
    collection, key, value = read_all(machine, state, step.uses)
    require_known(machine, [key], "the key of a dict")
    collection[key] = value
    return Outcome.NEXT


def unpack(machine: Machine, state: State, step: Unpack) -> Outcome:
    """Execute `Unpack`."""
    value = read(machine, state, step.value)
    begun, result = hand_over(machine, state, value, ("__iter__",))
    if begun is not None:
        return begun
    iterable = value if result is ABSENT else result
    if isinstance(iterable, Generator):
        count = step.count if step.star is None else None
        return begin_drawing(machine, state, iterable, count)
    items = draw(machine, iterable)
    _check_count(items, step.count, step.star)
    return deliver(state, _arrange(items, step.count, step.star))


def _check_count(items: list[Any], count: int, star: int | None) -> None:
    """Raise as Python does where the number of items does not fit."""
    least, got = count if star is None else count - 1, len(items)
    message = ""
    if got < least:
        expected = f"at least {least}" if star is not None else str(least)
        message = f"not enough values to unpack (expected {expected}, got {got})"
    elif got > least and star is None:
        message = f"too many values to unpack (expected {count})"
    if message:
        raise ProgramError(ValueError(message), explicit=True)


def _arrange(items: list[Any], count: int, star: int | None) -> tuple[Any, ...]:
    if star is None:
        return tuple(items)
    end = len(items) - (count - star - 1)
    return (*items[:star], items[star:end], *items[end:])


def extract(machine: Machine, state: State, step: Extract) -> Outcome:
    """Execute `Extract`."""
    return deliver(state, read(machine, state, step.source)[step.index])


def format_one(machine: Machine, state: State, step: FormatValue) -> Outcome:
    """Execute `FormatValue`."""
    value = read(machine, state, step.value)
    specification = "" if step.specification is None else read(machine, state, step.specification)
    require_no_text([specification])
    conversion = f"!{step.conversion.value}" if step.conversion.value else ""
    text = machine.python(format_value, machine.tracer, value, conversion, specification)
    return deliver(state, text)


def build_string(machine: Machine, state: State, step: BuildString) -> Outcome:
    """Execute `BuildString`."""
    text = joined(read_all(machine, state, step.parts))
    if isinstance(text, Text):
        text.place = machine.tracer.location()
    return deliver(state, text)


STEPS: dict[type, Any] = {
    BuildSequence: build_sequence,
    BuildMapping: build_mapping,
    Append: append,
    AddEntry: add_entry,
    Unpack: unpack,
    Extract: extract,
    FormatValue: format_one,
    BuildString: build_string,
}
