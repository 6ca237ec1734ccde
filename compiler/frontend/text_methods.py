"""Methods of strings that depend on data, what they contain, and their parts."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ...ir.host import texts
from . import prelude
from .failures import NeedConcrete
from .functions import push_function
from .machine import Machine, Outcome
from .objects import ITERATORS, DynamicList, Generator, SequenceIterator, is_a
from .registers import deliver
from .scalars import is_symbolic
from .state import State
from .text_operations import call_of, compared, is_one_of, part_of, place_in
from .texts import Text, TextMethod, is_text, joined, symbols_of
from .truth import disjunction

_MOST_PLACES = 16
"""How many places of a table are compared one by one."""

_INDICES = frozenset(["index", "rindex"])


def is_text_method(function: Any, args: Sequence[Any]) -> bool:
    """Tell whether `function` is a method of a string, and it or an argument depends on data."""
    if isinstance(function, TextMethod):
        return True
    if not isinstance(getattr(function, "__self__", None), str):
        return False
    name = function.__name__
    is_known = name in texts.METHODS or name in _INDICES
    return is_known and any(isinstance(a, (Text, DynamicList)) or is_symbolic(a) for a in args)


def call_text_method(
    machine: Machine, state: State, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver the result of a method for which `is_text_method` holds."""
    is_own = isinstance(function, TextMethod)
    owner: Any = function.owner if is_own else function.__self__
    name: str = function.name if is_own else function.__name__
    if name == "join" and len(args) == 1:
        return _join(machine, state, owner, function, args[0])
    if name in _INDICES:
        searching = prelude.text_index if name == "index" else prelude.text_rindex
        return push_function(machine, state, searching, [owner, *args], kwargs)
    if name not in texts.METHODS or kwargs:
        raise NeedConcrete(symbols_of(owner), f"`{name}` of a string that depends on tensor data")
    if name in ("startswith", "endswith") and is_a(args[0], tuple):
        found = [call_of(machine, owner, name, [each, *args[1:]]) for each in args[0]]
        return deliver(state, disjunction(machine, found))
    return deliver(state, call_of(machine, owner, name, args))


def _join(machine: Machine, state: State, separator: Any, function: Any, items: Any) -> Outcome:
    """Deliver `separator.join(items)`."""
    if isinstance(items, SequenceIterator) and isinstance(items.items, DynamicList):
        items = machine.lists.slice(items.items, items.position, None)
    if isinstance(items, (*ITERATORS, Generator)):
        return push_function(machine, state, prelude.with_lists, [function, items], {})
    if isinstance(items, DynamicList):
        if not isinstance(items.element.prototype, Text):
            raise NeedConcrete(frozenset(), "a list is joined that does not hold strings")
        return deliver(state, call_of(machine, separator, "join", [items]))
    if not is_a(items, (list, tuple)) or not all(map(is_text, items)):
        raise NeedConcrete(symbols_of(separator), "what is joined here must be known")
    parts = [part for item in items for part in (separator, item)][1:]
    return deliver(state, joined(parts))


def contains(machine: Machine, container: Any, text: Any) -> Any:
    """Return `text in container`, which is a string or a collection of known length."""
    if is_text(container):
        return call_of(machine, container, "__contains__", [text])
    items = list(container)
    known = tuple(item for item in items if isinstance(item, str))
    found: list[Any] = []
    if isinstance(text, Text) and text.choice and len(text.choice.places(known)) <= _MOST_PLACES:
        found.append(is_one_of(machine, text.choice, known))
    elif isinstance(text, Text) and known:
        found.append(place_in(machine, known, text) >= 0)
    elif text in known:
        return True
    unknown = [item for item in items if isinstance(item, Text)]
    found += [compared(machine, operator.eq, item, text) for item in unknown]
    truths = [machine.tracer.scalars.truth(each) for each in found]
    return disjunction(machine, truths)


def text_item(machine: Machine, state: State, text: Text, key: Any) -> Outcome:
    """Deliver `text[key]`."""
    if is_a(key, slice):
        if key.step not in (None, 1):
            raise NeedConcrete(symbols_of(text), "a slice with a step of a string")
        return deliver(state, part_of(machine, text, key))
    return push_function(machine, state, prelude.text_item, [text, key], {})
