"""Class statements: Python itself makes the class, once for each path that comes there."""

from __future__ import annotations

import builtins
import types
from typing import Any

from ..hir import MakeClass
from ..machine import Machine, Outcome
from ..objects import ABSENT, ClosureCell
from ..registers import deliver, read
from ..scalars import is_symbolic
from ..state import State

_STATIC = (
    *(bool, int, float, complex, str, bytes, type(None), type),
    *(types.FunctionType, types.BuiltinFunctionType, types.ModuleType),
)


def make_class(machine: Machine, state: State, step: MakeClass) -> Outcome:
    """Execute `MakeClass`."""
    captured = [_captured(machine, state, step.name, name) for name in step.captures]
    cells = tuple(map(types.CellType, captured))
    names: Any = state.frame.module_globals
    body = types.FunctionType(step.code, names, step.name, None, cells)
    bases = [read(machine, state, base) for base in step.bases]
    keywords = {name: read(machine, state, register) for name, register in step.keywords}
    build: Any = builtins.__build_class__
    return deliver(state, machine.python(build, body, step.name, *bases, **keywords))


def _captured(machine: Machine, state: State, name: str, register: str) -> Any:
    """Return what a variable holds that the class captures; it must never change."""
    value = read(machine, state, register)
    if isinstance(value, types.CellType):
        value = machine.python(getattr, value, "cell_contents")
    elif isinstance(value, ClosureCell):
        value = value.content
    is_static = isinstance(value, _STATIC) and not is_symbolic(value)
    is_known = is_static or value in machine.foreign or machine.tracer.tensors.is_weight(value)
    places = state.frame.code.assignments.get(register, ())
    if not is_known or value is ABSENT or len(places) > 1:
        raise machine.tracer.refuse(
            "MC0101",
            f"the class `{name}` uses the variable `{register.removeprefix('&')}`"
            " of the function around it",
            help="pass the value to the constructor, or move the class to the module",
        )
    return value


STEPS: dict[type, Any] = {MakeClass: make_class}
