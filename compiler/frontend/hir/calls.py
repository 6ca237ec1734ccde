"""Lower calls, and `super()` without arguments."""

from __future__ import annotations

import ast

from .builder import Builder
from .expressions import lower_merged, lower_starred
from .instructions import Argument, ArgumentKind, Call, Register
from .scope import VariableKind, all_arguments
from .variables import load_variable


def lower_call(builder: Builder, node: ast.Call) -> Register:
    """Lower `function(arguments)`."""
    function = builder.expression(node.func)
    arguments = _implicit_super(builder, node)
    arguments += _positional_arguments(builder, node)
    arguments += _keyword_arguments(builder, node)
    destination = builder.temporary()
    builder.emit(Call(builder.locate(node), destination, function, tuple(arguments)))
    return destination


def _positional_arguments(builder: Builder, node: ast.Call) -> list[Argument]:
    """Lower the arguments without keyword; Python copies a starred one unless it stands alone."""
    arguments: list[Argument] = []
    keywords = [keyword.value for keyword in node.keywords] if len(node.args) > 1 else []
    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            later = [*node.args[index + 1 :], *keywords]
            value = lower_starred(builder, argument, later)
            arguments.append(Argument(ArgumentKind.STARRED, value))
        else:
            arguments.append(Argument(ArgumentKind.POSITIONAL, builder.expression(argument)))
    return arguments


def _keyword_arguments(builder: Builder, node: ast.Call) -> list[Argument]:
    arguments: list[Argument] = []
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is None:
            later = [later.value for later in node.keywords[index + 1 :]]
            value = lower_merged(builder, keyword.value, later)
            arguments.append(Argument(ArgumentKind.DOUBLE_STARRED, value))
        else:
            value = builder.expression(keyword.value)
            arguments.append(Argument(ArgumentKind.KEYWORD, value, keyword.arg))
    return arguments


def _implicit_super(builder: Builder, node: ast.Call) -> list[Argument]:
    """Return the class and the instance that `super()` finds in its frame."""
    if not isinstance(node.func, ast.Name) or node.func.id != "super":
        return []
    cell = builder.scope.resolve("__class__")
    parameters = all_arguments(builder.source.node.args)
    is_global = builder.scope.resolve("super").kind is VariableKind.GLOBAL
    explicit = node.args or node.keywords
    if explicit or not is_global or not parameters or cell.kind is not VariableKind.CELL:
        return []
    location = builder.locate(node)
    names = ["__class__", parameters[0].arg]
    registers = [load_variable(builder, name, location) for name in names]
    return [Argument(ArgumentKind.POSITIONAL, register) for register in registers]


EXPRESSIONS = {ast.Call: lower_call}
