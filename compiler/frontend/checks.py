"""Exceptions that depend on data: branches where the program has an answer to them."""

from __future__ import annotations

import operator
from typing import Any

import torch

from .failures import ProgramError
from .guards import is_guarded
from .machine import Machine, Outcome
from .scalars import is_symbolic
from .state import State
from .truth import conjunction


def raise_unless(
    machine: Machine, state: State, condition: bool | torch.SymBool, error: Exception
) -> Outcome | None:
    """Raise `error` where `condition` fails; None if it is known to hold here.

    Where it depends on data the path forks, and the instruction is executed again.
    """
    if condition is True:
        return None
    if condition is False:
        raise ProgramError(error, explicit=True)
    counter = state.frame.counter

    def fail(arm: State) -> None:
        arm.pending_error = error

    return machine.branch(state, condition, [(counter, None), (counter, fail)])


def check_index(
    machine: Machine, state: State, index: Any, length: int, kind: str
) -> Outcome | None:
    """Raise IndexError as a sequence of `length` items does."""
    native, scalars = machine.tracer.native, machine.tracer.scalars
    in_range = conjunction(
        machine,
        [
            scalars.truth(native(operator.ge, index, -length)),
            scalars.truth(native(operator.lt, index, length)),
        ],
    )
    message = f"{kind} index out of range"
    return raise_unless(machine, state, _decided(machine, in_range), IndexError(message))


def check_end_row(machine: Machine, state: State, tensor: Any, index: Any) -> Outcome | None:
    """Raise IndexError as `tensor[0]` and `tensor[-1]` do, where the program could catch it."""
    if type(index) is not int or index not in (0, -1) or not is_guarded(state):
        return None
    if tensor.dim() == 0 or not is_symbolic(tensor.shape[0]):
        return None
    native, scalars = machine.tracer.native, machine.tracer.scalars
    has_rows = scalars.truth(native(operator.gt, tensor.shape[0], 0))
    message = f"index {index} is out of bounds for dimension 0 with size 0"
    return raise_unless(machine, state, has_rows, IndexError(message))


def check_divisor(machine: Machine, state: State, divisor: Any, message: str) -> Outcome | None:
    """Raise ZeroDivisionError where the program could catch it; elsewhere the host raises it."""
    if not is_symbolic(divisor) or not is_guarded(state):
        return None
    nonzero = machine.tracer.scalars.truth(divisor)
    return raise_unless(machine, state, nonzero, ZeroDivisionError(message))


def _decided(machine: Machine, condition: Any) -> Any:
    return machine.tracer.scalars.truth(condition)
