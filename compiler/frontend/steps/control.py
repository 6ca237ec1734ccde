"""Branches, loops, calls, returns and exceptions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch

from ..calls import call, drawn_generator, hand_over
from ..failures import ProgramError
from ..generators import step as advance_generator
from ..hir import (
    ArgumentKind,
    Branch,
    Call,
    Catch,
    ForNext,
    GetIterator,
    Jump,
    MatchException,
    Nop,
    Raise,
    Reraise,
    Return,
)
from ..iteration import advance, draw, has_next, iterate
from ..machine import Machine, Outcome
from ..objects import ABSENT, Generator
from ..registers import deliver, read, read_all
from ..state import State
from ..truth import TRUTH_METHODS, truth


def nop(machine: Machine, state: State, step: Nop) -> Outcome:
    """Execute `Nop`."""
    del machine, state, step
    return Outcome.NEXT


def jump(machine: Machine, state: State, step: Jump) -> Outcome:
    """Execute `Jump`."""
    return machine.go_to(state, step.target)


def branch(machine: Machine, state: State, step: Branch) -> Outcome:
    """Execute `Branch`: where the condition depends on data, the path forks."""
    value = read(machine, state, step.condition)
    begun, result = hand_over(machine, state, value, TRUTH_METHODS)
    if begun is not None:
        return begun
    condition = truth(machine, value if result is ABSENT else result)
    if isinstance(condition, bool):
        return machine.go_to(state, step.if_true if condition else step.if_false)

    def settle(holds: bool) -> Callable[[State], None] | None:
        """Let the value of `and` or `or` be the bool that the arm knows it to be."""
        if not (isinstance(value, torch.SymBool) and step.condition.startswith("%")):
            return None
        return lambda arm: arm.frame.registers.update({step.condition: holds})

    arms = [(step.if_true, settle(True)), (step.if_false, settle(False))]
    return machine.branch(state, condition, arms)


def get_iterator(machine: Machine, state: State, step: GetIterator) -> Outcome:
    """Execute `GetIterator`."""
    value = read(machine, state, step.iterable)
    begun, result = hand_over(machine, state, value, ("__iter__",))
    if begun is not None:
        return begun
    return deliver(state, iterate(machine, value if result is ABSENT else result))


def for_next(machine: Machine, state: State, step: ForNext) -> Outcome:
    """Execute `ForNext`."""
    iterator = read(machine, state, step.iterator)
    if isinstance(iterator, Generator):
        sent = None if step.sent is None else read(machine, state, step.sent)
        return advance_generator(machine, state, iterator, sent)
    _refuse_to_send(machine, state, step)
    more = has_next(machine, iterator)

    def enter(arm: State) -> None:
        arm.frame.registers[step.destination] = advance(machine, read(machine, arm, step.iterator))

    if not isinstance(more, bool):
        return machine.branch(state, more, [(step.body, enter), (step.exhausted, None)])
    if more:
        enter(state)
    return machine.go_to(state, step.body if more else step.exhausted)


def _refuse_to_send(machine: Machine, state: State, step: ForNext) -> None:
    if step.sent is not None and read(machine, state, step.sent) is not None:
        raise machine.tracer.refuse(
            "MC0101",
            "a value is sent through `yield from` to what is no generator",
            help="iterate over it, and `yield` each item",
        )


def call_function(machine: Machine, state: State, step: Call) -> Outcome:
    """Execute `Call`."""
    function = read(machine, state, step.function)
    starred = [each.value for each in step.arguments if each.kind is ArgumentKind.STARRED]
    begun, drawn = drawn_generator(machine, state, starred)
    if begun is not None:
        return begun
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for argument in step.arguments:
        value = read(machine, state, argument.value)
        match argument.kind:
            case ArgumentKind.POSITIONAL:
                args.append(value)
            case ArgumentKind.STARRED:
                args.extend(draw(machine, drawn if isinstance(value, Generator) else value))
            case ArgumentKind.KEYWORD:
                kwargs[argument.name] = value
            case ArgumentKind.DOUBLE_STARRED:
                kwargs.update(value)
    return call(machine, state, function, args, kwargs)


def return_value(machine: Machine, state: State, step: Return) -> Outcome:
    """Execute `Return`."""
    return machine.leave(state, read(machine, state, step.value))


def raise_exception(machine: Machine, state: State, step: Raise) -> Outcome:
    """Execute `Raise`."""
    error = _instance(machine, read(machine, state, step.exception))
    if step.cause is not None:
        if error not in machine.owned:  # other paths may share it
            error = copy.copy(error)
            machine.owned.add(error)
        error.__cause__ = _instance(machine, read(machine, state, step.cause))
    raise ProgramError(error, explicit=True)


def _instance(machine: Machine, error: Any) -> Any:
    """Return the exception that is raised for `error`, which may be a class."""
    return machine.python(error) if isinstance(error, type) else error


def raise_again(machine: Machine, state: State, step: Reraise) -> Outcome:
    """Execute `Reraise`."""
    raise ProgramError(read(machine, state, step.exception), explicit=True)


def catch(machine: Machine, state: State, step: Catch) -> Outcome:
    """Execute `Catch`."""
    del machine
    error, state.exception = state.exception, None
    return deliver(state, error)


def match_exception(machine: Machine, state: State, step: MatchException) -> Outcome:
    """Execute `MatchException`."""
    error, pattern = read_all(machine, state, step.uses)
    return deliver(state, machine.python(isinstance, error, pattern))


STEPS: dict[type, Any] = {
    Nop: nop,
    Jump: jump,
    Branch: branch,
    GetIterator: get_iterator,
    ForNext: for_next,
    Call: call_function,
    Return: return_value,
    Raise: raise_exception,
    Reraise: raise_again,
    Catch: catch,
    MatchException: match_exception,
}
