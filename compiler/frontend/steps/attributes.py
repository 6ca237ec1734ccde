"""Attributes."""

from __future__ import annotations

from typing import Any

from ..attributes import get_attribute, set_attribute
from ..hir import DeleteAttribute, GetAttribute, SetAttribute
from ..machine import Machine, Outcome
from ..objects import name_generator
from ..registers import read, read_all
from ..state import State


def load(machine: Machine, state: State, step: GetAttribute) -> Outcome:
    """Execute `GetAttribute`."""
    return get_attribute(machine, state, read(machine, state, step.object), step.name)


def store(machine: Machine, state: State, step: SetAttribute) -> Outcome:
    """Execute `SetAttribute`."""
    owner, value = read_all(machine, state, step.uses)
    name_generator(value)
    return set_attribute(machine, state, owner, step.name, value)


def delete(machine: Machine, state: State, step: DeleteAttribute) -> Outcome:
    """Execute `DeleteAttribute`."""
    owner = read(machine, state, step.object)
    if owner not in machine.owned:
        raise machine.tracer.refuse(
            "MC0101", f"the attribute `{step.name}` is deleted", help="set it to None"
        )
    machine.python(delattr, owner, step.name)
    return Outcome.NEXT


STEPS: dict[type, Any] = {GetAttribute: load, SetAttribute: store, DeleteAttribute: delete}
