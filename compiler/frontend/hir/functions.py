"""Lower a whole function, and the functions and lambdas defined in it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ....diagnostics import Diagnostic
from .assemble import assemble
from .builder import Builder, Rules
from .code import Code, Parameters
from .instructions import (
    Argument,
    ArgumentKind,
    Call,
    MakeCell,
    MakeFunction,
    Register,
    Return,
)
from .mangling import mangle
from .scope import Scope, all_arguments
from .source import FunctionNode, FunctionSource
from .variables import store_variable


def lower_source(
    source: FunctionSource, scope: Scope, rules: Rules, diagnostics: dict[Diagnostic, None]
) -> Code:
    """Return the code of a function; what is unsupported is added to `diagnostics`."""
    builder = Builder(source, scope, rules, diagnostics)
    node = source.node
    _receive_parameters(builder)
    if isinstance(node, ast.Lambda):
        value = builder.expression(node.body)
        builder.emit(Return(builder.locate(node.body), value))
    else:
        _lower_body(builder, node)
    free = _free_variables(source, scope)
    return assemble(builder, _parameters(node.args), tuple(scope.cells()), free)


def _lower_body(builder: Builder, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    location = builder.locate(node)
    if isinstance(node, ast.AsyncFunctionDef):
        builder.refuse(location, *builder.rules.unsupported[ast.AsyncFunctionDef])
    builder.statements(node.body)
    builder.emit(Return(location, builder.constant(None, location)))


def _receive_parameters(builder: Builder) -> None:
    """Create the cells of the frame; a captured parameter moves from its register into one."""
    arguments = {argument.arg: argument for argument in all_arguments(builder.source.node.args)}
    for name, argument in arguments.items():
        register = builder.scope.resolve(name).name
        builder.assignments[register] = [builder.locate(argument)]
    location = builder.locate(builder.source.node)
    for name in builder.scope.cells():
        initial = name if name in arguments else None
        builder.emit(MakeCell(location, builder.scope.resolve(name).name, initial))


def _parameters(arguments: ast.arguments) -> Parameters:
    return Parameters(
        tuple(argument.arg for argument in arguments.posonlyargs),
        tuple(argument.arg for argument in arguments.args),
        arguments.vararg.arg if arguments.vararg else None,
        tuple(argument.arg for argument in arguments.kwonlyargs),
        arguments.kwarg.arg if arguments.kwarg else None,
    )


def _free_variables(source: FunctionSource, scope: Scope) -> tuple[str, ...]:
    """Return the free variables in the order of the closure of the Python function."""
    if source.code_object is not None and set(source.code_object.co_freevars) == scope.free:
        return source.code_object.co_freevars
    return tuple(sorted(scope.free))


# --- nested functions ---------------------------------------------------------------------------


def lower_function_definition(builder: Builder, node: ast.FunctionDef) -> None:
    """Lower a nested `def`: decorators, defaults, the function, then the calls of decorators."""
    decorators = builder.expressions(node.decorator_list)
    value = decorate(builder, node, decorators, make_function(builder, node))
    name = mangle(node.name, builder.source.class_name)
    store_variable(builder, name, value, builder.locate(node))


def decorate(
    builder: Builder,
    node: ast.FunctionDef | ast.ClassDef,
    decorators: Sequence[Register],
    value: Register,
) -> Register:
    """Call `decorators` from the last to the first; return the register of the result."""
    for decorator, expression in zip(decorators[::-1], node.decorator_list[::-1], strict=True):
        decorated = builder.temporary()
        arguments = (Argument(ArgumentKind.POSITIONAL, value),)
        builder.emit(Call(builder.locate(expression), decorated, decorator, arguments))
        value = decorated
    return value


def lower_lambda(builder: Builder, node: ast.Lambda) -> Register:
    """Lower `lambda`."""
    return make_function(builder, node)


def make_function(builder: Builder, node: ast.FunctionDef | ast.Lambda) -> Register:
    """Lower a nested function without its decorators; return its register."""
    defaults = tuple(builder.expressions(node.args.defaults))
    keyword_defaults = tuple(
        (argument.arg, builder.expression(default))
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    )
    code = _nested_code(builder, node)
    captures = tuple(builder.scope.resolve(name).name for name in code.free_variables)
    destination = builder.temporary()
    location = builder.locate(node)
    builder.emit(MakeFunction(location, destination, code, defaults, keyword_defaults, captures))
    return destination


def _nested_code(builder: Builder, node: FunctionNode) -> Code:
    """Return the code of a nested function: the same one in every copy of a `finally` body."""
    if node not in builder.nested:
        source = builder.source.nested(node)
        scope = builder.scope.children[node]
        builder.nested[node] = lower_source(source, scope, builder.rules, builder.diagnostics)
    return builder.nested[node]


STATEMENTS = {ast.FunctionDef: lower_function_definition}
EXPRESSIONS = {ast.Lambda: lower_lambda}
