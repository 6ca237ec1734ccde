"""Lower imports inside of functions; the machine decides whether they run."""

from __future__ import annotations

import ast

from ....diagnostics import Location
from .builder import Builder
from .instructions import ImportFrom, LoadModule, Register
from .variables import store_variable


def lower_import(builder: Builder, node: ast.Import) -> None:
    """Lower `import package.module as name`; without `as`, the package is bound."""
    for alias in node.names:
        location = builder.locate(alias)
        module = builder.temporary()
        builder.emit(LoadModule(location, module, alias.name, (), 0))
        package, *rest = alias.name.split(".")
        if alias.asname is not None:
            module = _follow(builder, module, rest, location)
        store_variable(builder, alias.asname or package, module, location)


def lower_import_from(builder: Builder, node: ast.ImportFrom) -> None:
    """Lower `from module import name as other`."""
    names = tuple(alias.name for alias in node.names)
    module = builder.temporary()
    location = builder.locate(node)
    builder.emit(LoadModule(location, module, node.module or "", names, node.level))
    for alias in node.names:
        location = builder.locate(alias)
        value = _follow(builder, module, [alias.name], location)
        store_variable(builder, alias.asname or alias.name, value, location)


def _follow(builder: Builder, module: Register, names: list[str], location: Location) -> Register:
    for name in names:
        found = builder.temporary()
        builder.emit(ImportFrom(location, found, module, name))
        module = found
    return module


STATEMENTS = {ast.Import: lower_import, ast.ImportFrom: lower_import_from}
