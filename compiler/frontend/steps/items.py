"""Items and slices."""

from __future__ import annotations

from typing import Any

from ..hir import BuildSlice, DeleteItem, GetItem, SetItem
from ..indexing import delete_item, get_item, set_item
from ..machine import Machine, Outcome
from ..objects import name_generator
from ..registers import deliver, read_all
from ..state import State


def load(machine: Machine, state: State, step: GetItem) -> Outcome:
    """Execute `GetItem`."""
    return get_item(machine, state, *read_all(machine, state, step.uses))


def store(machine: Machine, state: State, step: SetItem) -> Outcome:
    """Execute `SetItem`."""
    container, key, value = read_all(machine, state, step.uses)
    name_generator(value)
    return set_item(machine, state, container, key, value)


def delete(machine: Machine, state: State, step: DeleteItem) -> Outcome:
    """Execute `DeleteItem`."""
    return delete_item(machine, state, *read_all(machine, state, step.uses))


def build_slice(machine: Machine, state: State, step: BuildSlice) -> Outcome:
    """Execute `BuildSlice`."""
    return deliver(state, slice(*read_all(machine, state, step.uses)))


STEPS: dict[type, Any] = {
    GetItem: load,
    SetItem: store,
    DeleteItem: delete,
    BuildSlice: build_slice,
}
