"""Lower reads, writes and deletions of variables."""

from __future__ import annotations

import ast

from ....diagnostics import Location
from .builder import Builder
from .instructions import (
    DeleteCell,
    DeleteGlobal,
    DeleteLocal,
    LoadCell,
    LoadGlobal,
    Move,
    Register,
    StoreCell,
    StoreGlobal,
)
from .scope import VariableKind


def load_name(builder: Builder, node: ast.Name) -> Register:
    """Return a register that holds the value of a variable now.

    A local that a `:=` may change before the value is used is copied.
    """
    location = builder.locate(node)
    if node.id in builder.scope.function.walrus_names:
        return copy_variable(builder, node.id, location)
    return load_variable(builder, node.id, location)


def load_variable(builder: Builder, name: str, location: Location) -> Register:
    """Return a register that holds the value of `name`; that of a local is its own."""
    variable = builder.scope.resolve(name)
    if variable.kind is VariableKind.LOCAL:
        return variable.name
    destination = builder.temporary()
    if variable.kind is VariableKind.CELL:
        builder.emit(LoadCell(location, destination, variable.name))
    else:
        builder.emit(LoadGlobal(location, destination, variable.name))
    return destination


def copy_variable(builder: Builder, name: str, location: Location) -> Register:
    """Return a temporary that holds the value of `name`."""
    return copy_register(builder, load_variable(builder, name, location), location)


def copy_register(builder: Builder, register: Register, location: Location) -> Register:
    """Return a temporary with the value of `register`: itself, unless it is a variable."""
    if register.startswith("%"):
        return register
    destination = builder.temporary()
    builder.emit(Move(location, destination, register))
    return destination


def store_variable(builder: Builder, name: str, value: Register, location: Location) -> None:
    """Assign `value` to the variable `name`."""
    variable = builder.scope.resolve(name)
    if variable.kind is VariableKind.GLOBAL:
        builder.emit(StoreGlobal(location, variable.name, value))
        return
    builder.assignments.setdefault(variable.name, []).append(location)
    if variable.kind is VariableKind.CELL:
        builder.emit(StoreCell(location, variable.name, value))
    else:
        builder.emit(Move(location, variable.name, value))


def delete_variable(builder: Builder, name: str, location: Location, *, required: bool) -> None:
    """Unbind the variable `name`; if `required`, it must be bound."""
    variable = builder.scope.resolve(name)
    if variable.kind is VariableKind.GLOBAL:
        builder.emit(DeleteGlobal(location, variable.name))
    elif variable.kind is VariableKind.CELL:
        builder.emit(DeleteCell(location, variable.name, required))
    else:
        builder.emit(DeleteLocal(location, variable.name, required))
