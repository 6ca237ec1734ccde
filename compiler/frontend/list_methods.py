"""Methods and operators of lists whose length depends on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import prelude
from .calls import call_container
from .functions import push_function
from .iteration import draw
from .machine import Machine, Outcome
from .objects import Array, DynamicList, ListMethod, is_a
from .plain_lists import need_static
from .promotion import make_dynamic
from .registers import deliver
from .scalars import is_number, is_symbolic
from .state import State
from .texts import Text
from .torch_internals import is_traced
from .truth import number_of

Method = Callable[[Machine, State, DynamicList, list[Any], dict[str, Any]], Outcome]


def call_list_method(
    machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver the result of a `ListMethod`, the first of `args`, for the others."""
    method: ListMethod = args.pop(0)
    perform = _METHODS.get(method.name)
    if perform is None:
        machine.python(_raise_missing, method.name)
    assert perform is not None
    return perform(machine, state, method.owner, args, kwargs)


def _raise_missing(name: str) -> None:
    raise AttributeError(f"'list' object has no attribute '{name}'")


def call_method(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver the result of a method of a list of known length, the first of `args`.

    If it cannot take the others, the list becomes dynamic, or the method is interpreted.
    """
    method: Any = args.pop(0)
    outcome = _call_on_data(machine, state, method, args, kwargs)
    return outcome or call_container(machine, state, method, args, kwargs)


def _call_on_data(
    machine: Machine, state: State, method: Any, args: list[Any], kwargs: dict[str, Any]
) -> Outcome | None:
    owner, name = method.__self__, method.__name__
    if name in _POSITIONAL and any(is_symbolic(number_of(machine, arg)) for arg in args[:1]):
        if make_dynamic(machine, state, owner):
            return Outcome.STAY
    if name == "extend" and not is_a(args[0], (list, tuple)):
        return _extend_known(machine, state, owner, args[0])
    in_python = _INTERPRETED.get(name)
    if in_python is not None and (kwargs or any(map(_is_data, [*owner, *args]))):
        return push_function(machine, state, in_python, [owner, *args], kwargs)
    return None


def _extend_known(machine: Machine, state: State, owner: list[Any], items: Any) -> Outcome | None:
    if isinstance(items, DynamicList) and is_symbolic(items.length):
        element = machine.lists.elements.of_items(owner, [items.element])
        if element is not None and make_dynamic(machine, state, owner, element):
            return Outcome.STAY
        raise need_static(items, "a list that is appended to another one")
    owner.extend(draw(machine, items))
    return deliver(state, None)


def _is_data(value: Any) -> bool:
    return is_traced(value) or is_symbolic(value) or isinstance(value, (Array, DynamicList, Text))


# --- methods ------------------------------------------------------------------------------------


def _append(
    machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: Any
) -> Outcome:
    del kwargs
    machine.lists.append(owner, *args)
    return deliver(state, None)


def _extend(
    machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: Any
) -> Outcome:
    del kwargs
    extend(machine, owner, args[0])
    return deliver(state, None)


def extend(machine: Machine, owner: DynamicList, items: Any) -> None:
    """Append all `items` in place."""
    other = items if isinstance(items, DynamicList) else draw(machine, items)
    if other:
        second = machine.lists.as_dynamic(other, owner.element)
        machine.lists.replace(owner, machine.lists.concatenated(owner, second))


def _reverse(
    machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: Any
) -> Outcome:
    del args, kwargs
    machine.lists.replace(owner, machine.lists.reversed(owner))
    return deliver(state, None)


def _copy(
    machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: Any
) -> Outcome:
    del args, kwargs
    return deliver(state, machine.lists.copy(owner))


def _clear(
    machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: Any
) -> Outcome:
    del args, kwargs
    machine.lists.replace(owner, machine.lists.from_items([], owner.element))
    return deliver(state, None)


def _interpreting(function: Any) -> Method:
    def perform(
        machine: Machine, state: State, owner: DynamicList, args: list[Any], kwargs: dict[str, Any]
    ) -> Outcome:
        return push_function(machine, state, function, [owner, *args], kwargs)

    return perform


_POSITIONAL = frozenset(["insert", "pop"])
"""Methods whose first argument is a position."""

_INTERPRETED: Mapping[str, Any] = {
    "index": prelude.list_index,
    "count": prelude.list_count,
    "remove": prelude.list_remove,
    "sort": prelude.list_sort,
}
"""Methods that compare elements, in Python."""

_METHODS: Mapping[str, Method] = {
    "append": _append,
    "extend": _extend,
    "__iadd__": _extend,
    "reverse": _reverse,
    "copy": _copy,
    "clear": _clear,
    "insert": _interpreting(prelude.list_insert),
    "pop": _interpreting(prelude.list_pop),
    "__contains__": _interpreting(prelude.list_contains),
    **{name: _interpreting(function) for name, function in _INTERPRETED.items()},
}


# --- what the prelude calls ---------------------------------------------------------------------


def splice(machine: Machine, items: Any, start: Any, stop: Any, new: Any) -> None:
    """Execute `items[start:stop] = new`, where 0 <= start <= stop."""
    if isinstance(items, DynamicList):
        machine.lists.splice(items, start, stop, new)
    else:
        items[start:stop] = new


def number(machine: Machine, value: Any) -> Any:
    """Return the number in a tensor with one element; other values are returned unchanged."""
    has_one = is_traced(value) and all(extent == 1 for extent in value.shape)
    return number_of(machine, value) if has_one else value


def reorder(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver a new list of items in order of their keys: `(items, keys, reverse)`."""
    del kwargs
    items, keys, reverse = args
    lists = machine.lists
    if not isinstance(keys, DynamicList):
        if not any(map(_is_data, keys)) and not isinstance(items, DynamicList):
            return deliver(state, machine.python(_reordered, items, keys, reverse))
        if not all(map(is_number, keys)) or lists.elements.of_items(keys) is None:
            return push_function(machine, state, prelude.sorted_one_by_one, args, {})
    own_keys = lists.as_dynamic(keys)
    element = lists.elements.of_lists([items])
    if element is None or not is_number(own_keys.element.prototype):
        return push_function(machine, state, prelude.sorted_one_by_one, args, {})
    ordered = lists.sorted_by(lists.as_dynamic(items), own_keys, reverse=bool(reverse))
    return deliver(state, ordered if isinstance(items, DynamicList) else draw(machine, ordered))


def _reordered(items: list[Any], keys: list[Any], reverse: bool) -> list[Any]:
    positions = sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)
    return [items[position] for position in positions]
