"""What the host computes of strings that only it knows."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import torch

from ...ir import I1, I64, STR, Value
from ...ir.host import arith, texts
from ...ir.host.arith import Predicate
from .failures import NeedConcrete
from .machine import Machine
from .objects import DynamicList
from .scalars import is_number
from .showing import value_of_text
from .texts import Choice, HostString, Text, is_text, symbols_of, text_of

_TORCH: Any = torch
_NOT, _EITHER = _TORCH.sym_not, _TORCH.SymBool.__or__

_COMPARISONS: Mapping[Any, Predicate] = {
    operator.eq: Predicate.EQ,
    operator.ne: Predicate.NE,
    operator.lt: Predicate.LT,
    operator.le: Predicate.LE,
    operator.gt: Predicate.GT,
    operator.ge: Predicate.GE,
}


def call_of(machine: Machine, text: str | Text, method: str, args: Sequence[Any]) -> Any:
    """Return `text.method(*args)`, computed by the host."""
    values = tuple(_argument(machine, method, each) for each in args)
    source = value_of_text(machine.tracer, text)
    out = _emit(machine, texts.CallMethod, text=source, values=values, method=method)
    return _result(machine, out, symbols_of(text))


def _argument(machine: Machine, method: str, value: Any) -> Value:
    if is_text(value):
        return value_of_text(machine.tracer, value)
    if isinstance(value, DynamicList):
        return value.columns[0]
    if not is_number(value):
        raise NeedConcrete(symbols_of(value), f"an argument of `{method}` must be a string")
    return machine.tracer.scalars.value(value)


def _result(machine: Machine, value: Value, origins: frozenset[Any]) -> Any:
    if value.type == STR:
        return text_of(HostString((value,), origins))
    if value.type == I1:
        return machine.tracer.scalars.truth(machine.tracer.scalars.fresh(bool, value))
    if value.type == I64:
        number = machine.tracer.scalars.fresh(int, value)
        machine.tracer.shapes.narrow(number, -1, None)
        return number
    element = machine.lists.elements.of_items([""])
    assert element is not None, "strings are alike"
    return machine.lists.of_columns((value,), element, 0, None)


def _emit(machine: Machine, op_class: Any, **fields: Any) -> Value:
    return machine.tracer.emit(op_class(**fields, loc=machine.tracer.location())).out


# --- comparisons --------------------------------------------------------------------------------


def compared(machine: Machine, function: Any, left: Any, right: Any) -> Any:
    """Return `function(left, right)`, a comparison of which one side depends on data."""
    predicate = _COMPARISONS[function]
    if not is_text(left) or not is_text(right):
        if function in (operator.eq, operator.ne):
            return function is operator.ne
        raise NeedConcrete(
            symbols_of(left) | symbols_of(right), "a string is compared with no other"
        )
    for choice, other in ((left, right), (right, left)):
        if isinstance(choice, Text) and choice.choice and isinstance(other, str):
            if function in (operator.eq, operator.ne):
                is_other = is_one_of(machine, choice.choice, [other])
                return is_other if function is operator.eq else _opposite(machine, is_other)
    values = [value_of_text(machine.tracer, each) for each in (left, right)]
    out = _emit(machine, arith.Compare, left=values[0], right=values[1], predicate=predicate)
    return _result(machine, out, frozenset())


def is_one_of(machine: Machine, choice: Choice, wanted: Collection[str]) -> Any:
    """Return whether one of `wanted` is chosen."""
    places = choice.places(wanted)
    low, _ = machine.tracer.shapes.bounds(choice.index)
    if low is None or low < 0:
        places += tuple(place - len(choice.items) for place in places)
    native, scalars = machine.tracer.native, machine.tracer.scalars
    result: Any = False
    for place in places:
        is_chosen = scalars.truth(native(operator.eq, choice.index, place))
        if is_chosen is True:
            return True
        if is_chosen is not False:
            result = is_chosen if result is False else native(_EITHER, result, is_chosen)
    return result


def _opposite(machine: Machine, flag: Any) -> Any:
    return not flag if isinstance(flag, bool) else machine.tracer.native(_NOT, flag)


def is_filled(machine: Machine, text: Text) -> Any:
    """Return whether a string is not empty."""
    if any(isinstance(part, str) for part in text.parts):
        return True
    return compared(machine, operator.ne, text, "")


# --- parts --------------------------------------------------------------------------------------


def characters_of(machine: Machine, text: Text) -> DynamicList:
    """Return `list(text)`."""
    source = value_of_text(machine.tracer, text)
    return _result(machine, _emit(machine, texts.Characters, source=source), frozenset())


def length_of_text(machine: Machine, text: Text) -> Any:
    """Return `len(text)`."""
    length = call_of(machine, text, "__len__", [])
    machine.tracer.shapes.narrow(length, 0, None)
    return length


def part_of(machine: Machine, text: Text, key: Any) -> Text:
    """Return `text[key]`, of a slice without step."""
    scalars = machine.tracer.scalars
    source = value_of_text(machine.tracer, text)
    stop = length_of_text(machine, text) if key.stop is None else key.stop
    start = scalars.value(0 if key.start is None else key.start)
    out = _emit(machine, texts.Slice, source=source, start=start, stop=scalars.value(stop))
    return _result(machine, out, symbols_of(text))


# --- tables -------------------------------------------------------------------------------------


def place_in(machine: Machine, items: tuple[Any, ...], key: Any) -> Any:
    """Return where `key`, a string or an int, is in a table, -1 if it is not there."""
    scalars = machine.tracer.scalars
    value = value_of_text(machine.tracer, key) if is_text(key) else scalars.value(key)
    number = scalars.fresh(int, _emit(machine, texts.Find, value=value, items=items))
    machine.tracer.shapes.narrow(number, -1, len(items) - 1)
    return number


def chosen_from(
    machine: Machine, items: tuple[Any, ...], index: Any, origins: frozenset[Any]
) -> Any:
    """Return `items[index]`, where there is such an item; all are of one type."""
    if isinstance(items[0], str):
        return text_of(Choice(items, index, origins))
    out = _emit(machine, texts.Get, index=machine.tracer.scalars.value(index), items=items)
    return machine.tracer.scalars.fresh(cast("type[Any]", type(items[0])), out)
