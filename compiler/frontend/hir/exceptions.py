"""Lower assert, raise, try and with.

A `finally` body is emitted once per way out: after the body, on the way of each return, break and
continue (see `Builder.unwind`), and in a handler that raises again.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from ....diagnostics import Location
from .assignment import assign
from .builder import Builder
from .conditions import lower_condition
from .instructions import (
    Argument,
    ArgumentKind,
    Branch,
    Call,
    EnterContext,
    ExitContext,
    MatchException,
    Raise,
    Register,
    Reraise,
)
from .variables import copy_register, delete_variable, store_variable


def lower_assert(builder: Builder, node: ast.Assert) -> None:
    """Lower `assert test, message`."""
    holds, fails = builder.label(), builder.label()
    location = builder.locate(node.test)
    lower_condition(builder, node.test, holds, fails)
    builder.place(fails, location)
    exception = builder.constant(AssertionError, builder.locate(node))
    if node.msg is not None:
        exception = _call_with(builder, exception, node.msg)
    builder.emit(Raise(builder.locate(node), exception, None))
    builder.place(holds, location)


def _call_with(builder: Builder, function: Register, argument: ast.expr) -> Register:
    value = builder.expression(argument)
    destination = builder.temporary()
    arguments = (Argument(ArgumentKind.POSITIONAL, value),)
    builder.emit(Call(builder.locate(argument), destination, function, arguments))
    return destination


def lower_raise(builder: Builder, node: ast.Raise) -> None:
    """Lower `raise exception from cause`, and a bare `raise` in a handler."""
    location = builder.locate(node)
    if node.exc is not None:
        exception = builder.expression(node.exc)
        cause = None if node.cause is None else builder.expression(node.cause)
        builder.emit(Raise(location, exception, cause))
    elif builder.surroundings.exception is not None:
        builder.emit(Reraise(location, builder.surroundings.exception))
    else:
        builder.refuse(
            location, "a bare `raise` outside of an `except` clause", "name the exception to raise"
        )


# --- try ----------------------------------------------------------------------------------------


def lower_try(builder: Builder, node: ast.Try) -> None:
    """Lower `try` with any of its clauses."""
    if not node.finalbody:
        _lower_except(builder, node)
    elif not node.handlers:
        _lower_finally(builder, node, lambda: builder.statements(node.body))
    else:
        _lower_finally(builder, node, lambda: _lower_except(builder, node))


def _lower_finally(builder: Builder, node: ast.Try, body: Callable[[], None]) -> None:
    location = builder.locate(node.finalbody[0])
    handler, end = builder.label(), builder.label()
    with builder.guarded(handler, lambda: builder.statements(node.finalbody)):
        body()
    builder.statements(node.finalbody)
    builder.jump(end, location)
    exception = builder.begin_handler(handler, location)
    with builder.handling(exception):
        builder.statements(node.finalbody)
        builder.emit(Reraise(location, exception))
    builder.place(end, location)


def _lower_except(builder: Builder, node: ast.Try) -> None:
    handler, end = builder.label(), builder.label()
    with builder.guarded(handler):
        builder.statements(node.body)
    builder.statements(node.orelse)
    location = builder.locate(node.handlers[0])
    builder.jump(end, location)
    exception = builder.begin_handler(handler, location)
    for clause in node.handlers:
        _lower_clause(builder, clause, exception, end)
    builder.emit(Reraise(location, exception))
    builder.place(end, location)


def _lower_clause(
    builder: Builder, clause: ast.ExceptHandler, exception: Register, end: int
) -> None:
    """Lower one `except` clause; what follows is emitted where it does not match."""
    location = builder.locate(clause)
    following = builder.label()
    if clause.type is not None:
        _lower_match(builder, clause.type, exception, following)
    with builder.handling(exception):
        _lower_clause_body(builder, clause, exception)
    builder.jump(end, location)
    builder.place(following, location)


def _lower_match(builder: Builder, node: ast.expr, exception: Register, otherwise: int) -> None:
    location = builder.locate(node)
    pattern = builder.expression(node)
    matches, body = builder.temporary(), builder.label()
    builder.emit(MatchException(location, matches, exception, pattern))
    builder.emit(Branch(location, matches, body, otherwise))
    builder.place(body, location)


def _lower_clause_body(builder: Builder, clause: ast.ExceptHandler, exception: Register) -> None:
    """Lower the body of a clause; `except ... as name` unbinds the name on every way out."""
    if clause.name is None:
        builder.statements(clause.body)
        return
    name, location = clause.name, builder.locate(clause)
    store_variable(builder, name, exception, location)

    def unbind() -> None:
        delete_variable(builder, name, location, required=False)

    if builder.surroundings.handler is None:  # nobody sees the name after an exception
        with builder.guarded(None, unbind):
            builder.statements(clause.body)
        unbind()
    else:
        _lower_guarded(builder, clause.body, unbind, location)


def _lower_guarded(
    builder: Builder, body: Sequence[ast.stmt], cleanup: Callable[[], None], location: Location
) -> None:
    """Lower `body` so that `cleanup` runs on every way out."""
    handler, end = builder.label(), builder.label()
    with builder.guarded(handler, cleanup):
        builder.statements(body)
    cleanup()
    builder.jump(end, location)
    exception = builder.begin_handler(handler, location)
    with builder.handling(exception):
        cleanup()
        builder.emit(Reraise(location, exception))
    builder.place(end, location)


# --- with ---------------------------------------------------------------------------------------


def lower_with(builder: Builder, node: ast.With) -> None:
    """Lower `with`; several items nest from left to right."""
    _lower_items(builder, node.items, node.body)


def _lower_items(builder: Builder, items: Sequence[ast.withitem], body: Sequence[ast.stmt]) -> None:
    if not items:
        builder.statements(body)
        return
    item, rest = items[0], items[1:]
    location = builder.locate(item.context_expr)
    manager, value = builder.expression(item.context_expr), builder.temporary()
    manager = copy_register(builder, manager, location)
    builder.emit(EnterContext(location, value, manager))
    handler, end = builder.label(), builder.label()
    with builder.guarded(handler, lambda: _leave(builder, manager, location)):
        if item.optional_vars is not None:
            assign(builder, item.optional_vars, value)
        _lower_items(builder, rest, body)
    _leave(builder, manager, location)
    builder.jump(end, location)
    _lower_suppression(builder, manager, handler, end, location)
    builder.place(end, location)


def _leave(builder: Builder, manager: Register, location: Location) -> None:
    builder.emit(ExitContext(location, builder.temporary(), manager, None))


def _lower_suppression(
    builder: Builder, manager: Register, handler: int, end: int, location: Location
) -> None:
    """Let the manager see the exception: it either suppresses it, or it is raised again."""
    exception = builder.begin_handler(handler, location)
    suppressed, again = builder.temporary(), builder.label()
    builder.emit(ExitContext(location, suppressed, manager, exception))
    builder.emit(Branch(location, suppressed, end, again))
    builder.place(again, location)
    builder.emit(Reraise(location, exception))


STATEMENTS = {
    ast.Assert: lower_assert,
    ast.Raise: lower_raise,
    ast.Try: lower_try,
    ast.With: lower_with,
}
