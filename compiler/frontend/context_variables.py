"""Context variables: on each path they have a value of their own, which ends with the call."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .failures import ProgramError
from .machine import Builtin, Machine, Outcome
from .objects import ABSENT
from .registers import deliver
from .state import State

Variable = ContextVar[Any]

_VALUE = "<value>"
"""The attribute of a variable under which a path keeps its value."""


def refuse_lasting_values(machine: Machine, state: State) -> None:
    """Refuse a call that would leave a variable with another value than before.

    Other programs read the variable: a compiled model must not write it unseen.
    """
    if any(name == _VALUE for _, name in state.overlay):
        raise machine.tracer.refuse(
            "MC0105",
            "a context variable is set and not reset",
            help="keep the token that `set` returns, and `reset` the variable in a `finally`",
        )


def _key(variable: Variable) -> tuple[int, str]:
    return (id(variable), _VALUE)


def _get(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    variable, *default = args
    value = state.overlay.get(_key(variable), ABSENT)
    if value is not ABSENT:
        return deliver(state, value)
    return deliver(state, machine.foreign.read(machine.python(variable.get, *default, **kwargs)))


def _set(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver, as the token, the variable with the values it had before: none, or one."""
    variable, value = machine.python(_arguments, *args, **kwargs)
    machine.foreign.read(variable)
    before = state.overlay.get(_key(variable), ABSENT)
    state.overlay[_key(variable)] = value
    return deliver(state, (variable, *(() if before is ABSENT else (before,))))


def _arguments(variable: Variable, value: Any) -> tuple[Variable, Any]:
    return variable, value


def _reset(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    variable, (owner, *before) = machine.python(_arguments, *args, **kwargs)
    if owner is not variable:
        machine.python(_raise_stranger, variable)
    if state.overlay.pop(_key(variable), ABSENT) is ABSENT:
        used = RuntimeError(f"a token of {variable.name} has been used already")
        raise ProgramError(used, explicit=False, certain=True)
    if before:
        state.overlay[_key(variable)] = before[0]
    return deliver(state, None)


def _raise_stranger(variable: Variable) -> None:
    raise ValueError(f"a token was created by a different ContextVar than {variable.name}")


_KIND: Any = ContextVar

CONTEXT_VARIABLE_METHODS: dict[Any, Builtin] = {
    _KIND.get: _get,
    _KIND.set: _set,
    _KIND.reset: _reset,
}
