"""Exceptions that depend on data: branches where the program has an answer to them."""

from __future__ import annotations

import operator
from typing import Any

import torch

from .failures import ProgramError
from .hir import Code, ExitContext, MatchException, Reraise, Return
from .hir.analysis import Flow
from .machine import Machine, Outcome
from .scalars import is_symbolic
from .state import Frame, State
from .truth import conjunction


def is_guarded(state: State) -> bool:
    """Tell whether an exception raised now could be caught by the program."""
    return any(map(_catches, state.frames))


def _catches(frame: Frame) -> bool:
    """Tell whether the handler is more than a `finally` or the way out of a `with` statement."""
    handler = frame.code.handlers[frame.counter]
    if handler is None:
        return False
    following = frame.code.instructions[handler : handler + 3]
    return not any(isinstance(step, ExitContext) for step in following) and not _passes_on(
        frame.code, handler
    )


def _passes_on(code: Code, handler: int) -> bool:
    """Tell whether all ways from a `Catch` lead to raising the same exception again."""
    caught = code.instructions[handler].destination
    flow = Flow(code.instructions, code.handlers)
    pending, seen = [handler], {handler}
    while pending:
        counter = pending.pop()
        instruction = code.instructions[counter]
        if isinstance(instruction, Reraise) and instruction.exception == caught:
            continue
        if isinstance(instruction, (MatchException, Return)):
            return False
        new = set(flow.successors(counter)) - seen
        seen |= new
        pending += new
    return True


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


def check_divisor(machine: Machine, state: State, divisor: Any, message: str) -> Outcome | None:
    """Raise ZeroDivisionError where the program could catch it; elsewhere the host raises it."""
    if not is_symbolic(divisor) or not is_guarded(state):
        return None
    nonzero = machine.tracer.scalars.truth(divisor)
    return raise_unless(machine, state, nonzero, ZeroDivisionError(message))


def _decided(machine: Machine, condition: Any) -> Any:
    return machine.tracer.scalars.truth(condition)
