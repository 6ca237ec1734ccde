"""What each instruction of the register code does to a state."""

from __future__ import annotations

from ..machine import Machine, Outcome
from ..state import State
from . import (
    attributes,
    classes,
    containers,
    contexts,
    control,
    generators,
    items,
    operators,
    variables,
)

_STEPS = {
    **variables.STEPS,
    **attributes.STEPS,
    **classes.STEPS,
    **items.STEPS,
    **operators.STEPS,
    **containers.STEPS,
    **control.STEPS,
    **contexts.STEPS,
    **generators.STEPS,
}


def execute(machine: Machine, state: State) -> Outcome:
    """Execute the instruction at which `state` stands."""
    instruction = state.frame.instruction
    return _STEPS[type(instruction)](machine, state, instruction)


__all__ = ["execute"]
