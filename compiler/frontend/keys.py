"""Keys of mappings, and indices of sequences of constants, that the data decides."""

from __future__ import annotations

import operator
import types
from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from .checks import check_index
from .machine import Machine, Outcome
from .objects import class_of, is_a
from .registers import deliver
from .scalars import NUMBER_TYPES
from .state import State
from .text_operations import chosen_from, place_in
from .texts import Text, symbols_of

_MOST_KEYS = 64
"""The size up to which a path forks for each key of a mapping, or each number of a sequence."""

_MAPPINGS = (dict, OrderedDict, types.MappingProxyType)


def takes_key(container: Any, key: Any) -> bool:
    """Tell whether `key`, which the data decides, can be looked for in a mapping."""
    if isinstance(key, Text):
        return class_of(container) in (*_MAPPINGS, nn.ModuleDict) and len(container) <= _MOST_KEYS
    is_known = class_of(container) in _MAPPINGS and isinstance(key, torch.SymInt)
    return is_known and (len(container) <= _MOST_KEYS or _int_keys(container) is not None)


def can_fork_by_key(container: Any, key: Any) -> bool:
    """Tell whether paths may part by the `key` of a mapping, which the data decides."""
    return takes_key(container, key) and len(container) <= _MOST_KEYS


def has_key(machine: Machine, container: Any, key: torch.SymInt) -> Any:
    """Return `key in container`, of a mapping with many ints as keys; None if it is another."""
    keys = _int_keys(container) if class_of(container) in _MAPPINGS else None
    if keys is None or len(keys) <= _MOST_KEYS:
        return None
    return machine.tracer.scalars.truth(_is_there(machine, place_in(machine, keys, key)))


def _is_there(machine: Machine, place: Any) -> Any:
    return machine.tracer.native(operator.ge, place, 0)


def _int_keys(container: Any) -> tuple[int, ...] | None:
    """Return the keys of a mapping if they are ints, None if some are not."""
    keys = tuple(container)
    return keys if keys and all(type(key) is int for key in keys) else None


def _table(values: Any) -> tuple[Any, ...] | None:
    """Return constants of one type from which the host is to choose, None for all else."""
    items = tuple(values)
    kinds: set[type[Any]] = {type(item) for item in items}
    if len(kinds) != 1:
        return None
    is_table = kinds == {str} or kinds <= set(NUMBER_TYPES) and len(items) > _MOST_KEYS
    return items if is_table else None


def choose_by_key(machine: Machine, state: State, container: Any, key: Any) -> Outcome | None:
    """Deliver `container[key]` for a key of the data, None if the container holds no table."""
    place = machine.tracer.location()
    source = (place.file, place.line, place.column)
    if not isinstance(key, torch.SymInt) or source in machine.knowledge.forked_choices:
        return None
    origins = frozenset([machine.origins.new_text_of_choice(source)]) | symbols_of(key)
    if class_of(container) in _MAPPINGS:
        return _choose_from_mapping(machine, state, container, key, origins)
    items = _table(container) if is_a(container, (list, tuple, str)) else None
    if items is None:
        return None
    kind = "string" if is_a(container, str) else class_of(container).__name__
    stopped = check_index(machine, state, key, len(items), kind)
    return stopped or deliver(state, chosen_from(machine, items, key, origins))


def _choose_from_mapping(
    machine: Machine, state: State, mapping: Any, key: Any, origins: frozenset[Any]
) -> Outcome | None:
    """Deliver `mapping[key]`; a path where it is missing raises KeyError."""
    keys, items = _int_keys(mapping), _table(mapping.values())
    if keys is None or items is None:
        return None
    place = place_in(machine, keys, key)
    found: Any = machine.tracer.scalars.truth(_is_there(machine, place))
    counter = state.frame.counter

    def choose(arm: State) -> None:
        deliver(arm, chosen_from(machine, items, place, origins))

    def fail(arm: State) -> None:
        arm.pending_error = KeyError(key)

    return machine.branch(state, found, [(counter + 1, choose), (counter, fail)])
