"""Copy a state, so that two paths can go on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .aliases import clone_tensors
from .objects import DynamicList
from .state import State
from .torch_internals import is_traced
from .traversal import Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine


def clone_state(machine: Machine, state: State) -> State:
    """Return an independent copy of what `state` may still read.

    `state` must be active and its block open: pending mutations are recorded there.
    """
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    tensors = [leaf for _, leaf in survey.leaves if is_traced(leaf)]
    copies = clone_tensors(machine.tracer, tensors)

    def rule(path: Path, leaf: Any) -> Any:
        del path
        return copy_list(leaf) if isinstance(leaf, DynamicList) else copies.get(id(leaf), leaf)

    copied = StateCopier(machine.owned, machine.foreign.objects, rule).copy_state(state)
    copied.knowledge = machine.tracer.shapes.snapshot()
    return copied


def copy_list(value: DynamicList) -> DynamicList:
    """Return a list object of its own with the same contents."""
    return replace(value)
