"""Read and write the registers of the innermost call."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...diagnostics import Diagnostic, DiagnosticError, Location, Note
from .failures import ProgramError, call_chain
from .hir import Register
from .machine import Machine, Outcome
from .objects import ABSENT
from .state import State


def read(machine: Machine, state: State, register: Register) -> Any:
    """Return the content of `register`; UnboundLocalError if it is unbound on this path."""
    value = state.frame.registers.get(register, ABSENT)
    if value is ABSENT:
        raise unbound(machine, state, register)
    return value


def read_all(machine: Machine, state: State, registers: Iterable[Register]) -> list[Any]:
    """Return the contents of several registers."""
    return [read(machine, state, register) for register in registers]


def deliver(state: State, value: Any) -> Outcome:
    """Write `value` to the destination of the current instruction, and go on."""
    destination = state.frame.instruction.destination
    if destination is not None:
        state.frame.registers[destination] = value
    return Outcome.NEXT


def _narrow(location: Location, name: str) -> Location:
    """Return where `name` stands in the line of `location`, as far as that can be seen."""
    text = linecache.getline(location.file, location.line)
    found = re.compile(rf"\b{re.escape(name)}\b").search(text, location.column - 1)
    if found is None:
        return location
    return replace(location, column=found.start() + 1, end_column=found.end() + 1)


def unbound(machine: Machine, state: State, register: Register) -> Exception:
    """Return what reading an unbound variable raises: an exception of the program.

    Where no data decides whether the program comes there, it is refused instead (MC0107).
    """
    name = register.removeprefix("&").partition("@")[0]
    if state.forks == 0 or name.startswith("%"):
        return _refusal(machine, state, register, name)
    machine.knowledge.note(f"`{name}` is undefined here on some paths", machine.tracer.location())
    return ProgramError(_error(state, name), explicit=True)


def _error(state: State, name: str) -> NameError:
    if name in state.frame.code.free_variables:
        place = "in enclosing scope"
        return NameError(
            f"cannot access free variable '{name}' where it is not associated with a value {place}"
        )
    return UnboundLocalError(
        f"cannot access local variable '{name}' where it is not associated with a value"
    )


def _refusal(machine: Machine, state: State, register: Register, name: str) -> DiagnosticError:
    """Return the error that says where the variable may have been bound."""
    location = _narrow(machine.tracer.location(), name)
    places = state.frame.code.assignments.get(register, ())
    notes = tuple(Note(f"`{name}` is assigned here, on another path", place) for place in places)
    return DiagnosticError(
        Diagnostic(
            "MC0107",
            f"the variable `{name}` is undefined here",
            location,
            notes=notes + call_chain(location),
            help=f"assign `{name}` on every path that leads here",
        )
    )
