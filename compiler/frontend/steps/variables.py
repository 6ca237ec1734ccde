"""Variables: locals, closure cells, globals, imports."""

from __future__ import annotations

import builtins
import importlib
from types import CellType
from typing import Any

from ..hir import (
    Constant,
    DeleteCell,
    DeleteGlobal,
    DeleteLocal,
    ImportFrom,
    LoadCell,
    LoadGlobal,
    LoadModule,
    MakeCell,
    MakeFunction,
    Move,
    StoreCell,
    StoreGlobal,
)
from ..machine import Machine, Outcome
from ..objects import ABSENT, ClosureCell, InterpretedFunction, SealedCell, name_generator
from ..registers import deliver, read, read_all, unbound
from ..state import State


def constant(machine: Machine, state: State, step: Constant) -> Outcome:
    """Execute `Constant`."""
    del machine
    return deliver(state, step.value)


def move(machine: Machine, state: State, step: Move) -> Outcome:
    """Execute `Move`."""
    value = read(machine, state, step.source)
    name_generator(value)
    return deliver(state, value)


def delete_local(machine: Machine, state: State, step: DeleteLocal) -> Outcome:
    """Execute `DeleteLocal`."""
    if step.required:
        read(machine, state, step.destination)
    state.frame.registers.pop(step.destination, None)
    return Outcome.NEXT


def load_global(machine: Machine, state: State, step: LoadGlobal) -> Outcome:
    """Execute `LoadGlobal`."""
    names = state.frame.module_globals
    if step.name in names:
        return deliver(state, machine.foreign.read(names[step.name], step.name))
    value = machine.python(_builtin, step.name)
    return deliver(state, value)


def _builtin(name: str) -> Any:
    if not hasattr(builtins, name):
        raise NameError(f"name '{name}' is not defined")
    return getattr(builtins, name)


def refuse_global(machine: Machine, state: State, step: StoreGlobal | DeleteGlobal) -> Outcome:
    """Refuse to change a global variable."""
    del state
    raise machine.tracer.refuse(
        "MC0105",
        f"the global variable `{step.name}` is changed",
        help="keep state in attributes of the module",
    )


def make_cell(machine: Machine, state: State, step: MakeCell) -> Outcome:
    """Execute `MakeCell`."""
    del machine
    initial = ABSENT if step.initial is None else state.frame.registers.get(step.initial, ABSENT)
    return deliver(state, ClosureCell(initial))


def load_cell(machine: Machine, state: State, step: LoadCell) -> Outcome:
    """Execute `LoadCell`."""
    cell = read(machine, state, step.cell)
    if isinstance(cell, CellType):
        return deliver(state, machine.foreign.read(machine.python(_content, cell)))
    if cell.content is ABSENT:
        raise unbound(machine, state, step.cell)
    return deliver(state, cell.content)


def _content(cell: CellType) -> Any:
    return cell.cell_contents


def store_cell(machine: Machine, state: State, step: StoreCell) -> Outcome:
    """Execute `StoreCell`."""
    cell, value = read_all(machine, state, step.uses)
    _refuse_foreign_cell(machine, cell, step.cell)
    cell.content = value
    name_generator(value)
    return Outcome.NEXT


def delete_cell(machine: Machine, state: State, step: DeleteCell) -> Outcome:
    """Execute `DeleteCell`."""
    cell = read(machine, state, step.cell)
    _refuse_foreign_cell(machine, cell, step.cell)
    if step.required and cell.content is ABSENT:
        raise unbound(machine, state, step.cell)
    cell.content = ABSENT
    return Outcome.NEXT


def _refuse_foreign_cell(machine: Machine, cell: Any, register: str) -> None:
    if isinstance(cell, (CellType, SealedCell)):
        raise machine.tracer.refuse(
            "MC0105",
            f"the variable `{register.removeprefix('&')}` of an enclosing function is changed",
            help="keep state in attributes of the module",
        )


def load_module(machine: Machine, state: State, step: LoadModule) -> Outcome:
    """Execute `LoadModule`."""
    names = dict(state.frame.module_globals)
    module = machine.python(__import__, step.name, names, None, step.from_list, step.level)
    return deliver(state, module)


def import_from(machine: Machine, state: State, step: ImportFrom) -> Outcome:
    """Execute `ImportFrom`."""
    module = read(machine, state, step.module)
    value = machine.python(_member, module, step.name)
    return deliver(state, machine.foreign.read(value, step.name))


def _member(module: Any, name: str) -> Any:
    if hasattr(module, name):
        return getattr(module, name)
    try:
        return importlib.import_module(f"{module.__name__}.{name}")
    except ModuleNotFoundError:
        message = f"cannot import name '{name}' from '{module.__name__}'"
        raise ImportError(message) from None


def make_function(machine: Machine, state: State, step: MakeFunction) -> Outcome:
    """Execute `MakeFunction`."""
    function = InterpretedFunction(
        step.code,
        tuple(read_all(machine, state, step.defaults)),
        {name: read(machine, state, register) for name, register in step.keyword_defaults},
        tuple(read_all(machine, state, step.captures)),
        state.frame.module_globals,
    )
    return deliver(state, function)


STEPS: dict[type, Any] = {
    Constant: constant,
    Move: move,
    DeleteLocal: delete_local,
    LoadGlobal: load_global,
    StoreGlobal: refuse_global,
    DeleteGlobal: refuse_global,
    MakeCell: make_cell,
    LoadCell: load_cell,
    StoreCell: store_cell,
    DeleteCell: delete_cell,
    LoadModule: load_module,
    ImportFrom: import_from,
    MakeFunction: make_function,
}
