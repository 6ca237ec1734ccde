"""State cells: attributes of the program that it writes, or whose tensors it changes in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .array_memory import give_up_array
from .cell_kinds import children_of, container_form, is_storable
from .failures import Restart
from .knowledge import StateCell
from .machine import Machine
from .objects import ABSENT, UNREAD, is_a
from .state import AttributeKey, State
from .tensors import TracedWeight


def qualified(machine: Machine, owner: Any, name: str) -> str | None:
    """Return the path of an attribute of the program, None if its owner has none."""
    path = machine.foreign.path(owner)
    if path is None:
        return None
    return f"{path}.{name}" if path else name


def add_cell(machine: Machine, owner: Any, name: str) -> None:
    """Make an attribute of the program a state cell, and start over."""
    path = qualified(machine, owner, name)
    if path is None or isinstance(owner, type):
        described = owner.__name__ if isinstance(owner, type) else f"a {type(owner).__name__}"
        raise machine.tracer.refuse(
            "MC0105",
            f"the attribute `{name}` of {described}, which outlives the call, is changed",
            help="keep state in attributes of the module that is compiled",
        )
    if machine.is_local:
        raise machine.tracer.refuse(
            "MC0105",
            f"`{path}` is changed in a function that calls itself as often as the data says",
            help="return the new value, and write it where the function is called first",
        )
    initial = _initial_value(machine, owner, name)
    machine.knowledge.cells[(id(owner), name)] = StateCell(owner, name, path, initial)
    place = machine.tracer.location()
    machine.knowledge.note(f"`{path}` is written: it is state that calls keep", place)
    raise Restart(f"{path} is state")


def _initial_value(machine: Machine, owner: Any, name: str) -> Any:
    value = getattr(owner, name, ABSENT)
    known = machine.tracer.tensors.wrappers.get(id(value))
    return value if known is None else known.data


def read_cell(machine: Machine, state: State, key: AttributeKey) -> Any:
    """Return what a cell holds; what was held to be overwritten may turn out to be read."""
    value = state.overlay[key]
    if value is UNREAD:
        machine.knowledge.overwritten_cells.discard(key)
        machine.knowledge.dropped_cells.discard(key)
        machine.knowledge.read_cells.add(key)
        raise Restart(f"{machine.knowledge.cells[key].path} is read")
    return value


def keep_mutated_weight(machine: Machine, weight: TracedWeight) -> None:
    """Make the attribute that holds `weight`, which was changed in place, a state cell."""
    owners = machine.foreign.weight_owners.get(id(weight.data), set())
    if len(owners) == 1:
        ((owner_id, name),) = owners
        key = (owner_id, name)
        if key not in machine.knowledge.cells:
            add_cell(machine, machine.foreign.objects[owner_id], name)
    give_up_array(machine, weight.data)
    described = f"`{weight.name}`" if weight.name else "a tensor"
    raise machine.tracer.refuse(
        "MC0105",
        f"{described}, which outlives the call, is changed in place",
        help="change it through one attribute of one module, or return the new value",
    )


def keep_mutated_container(machine: Machine, container: Any) -> None:
    """Make the attribute that holds `container`, which is to be changed, a state cell.

    Nothing happens if no attribute of the program holds it, or several do.
    """
    owners = machine.foreign.container_owners.get(id(container), set())
    if len(owners) != 1:
        return
    ((owner_id, name),) = owners
    owner = machine.foreign.objects[owner_id]
    held: Any = getattr(owner, name)
    if qualified(machine, owner, name) is None or not is_storable(held):
        return
    if not _is_shared(machine, held, owner, name):
        add_cell(machine, owner, name)


def _is_shared(machine: Machine, held: Any, owner: Any, name: str) -> bool:
    """Tell whether another attribute of the program holds a part of the container `held`."""
    parts = set(_containers(held))
    for identity in machine.foreign.paths:
        other = machine.foreign.objects.get(identity)
        for attribute, value in getattr(other, "__dict__", {}).items():
            if (other is not owner or attribute != name) and parts.intersection(_containers(value)):
                return True
    return False


def _containers(value: Any) -> Iterator[int]:
    """Yield the containers in `value` that could be changed, by `id`."""
    if container_form(value) is None:
        return
    if not is_a(value, tuple):
        yield id(value)
    for item in children_of(value).values():
        yield from _containers(item)
