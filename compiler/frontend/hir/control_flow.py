"""Lower if, loops, and what leaves them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable

from .assignment import assign
from .builder import Builder
from .conditions import lower_condition
from .instructions import CloseIterator, ForNext, GetIterator, LoopKind, Register, Return
from .variables import copy_register

_LAZY = frozenset(["enumerate", "zip", "map", "filter", "iter"])
_EAGER = frozenset(["range", "reversed", "sorted", "list", "tuple", "set", "dict"])
"""Builtins by what they keep of the iterators that they are called with: all, or nothing."""


def lower_if(builder: Builder, node: ast.If) -> None:
    """Lower `if`; `elif` is an `if` in the `else` part."""
    body, otherwise, end = builder.label(), builder.label(), builder.label()
    location = builder.locate(node.test)
    lower_condition(builder, node.test, body, otherwise)
    builder.place(body, location)
    builder.statements(node.body)
    builder.jump(end, location)
    builder.place(otherwise, location)
    builder.statements(node.orelse)
    builder.place(end, location)


def lower_while(builder: Builder, node: ast.While) -> None:
    """Lower `while` and its `else`."""
    body, otherwise = builder.label(), builder.label()
    location = builder.locate(node.test)
    with builder.loop(LoopKind.WHILE, None, location) as labels:
        lower_condition(builder, node.test, body, otherwise)
        builder.place(body, location)
        builder.statements(node.body)
    builder.place(otherwise, location)
    builder.statements(node.orelse)
    builder.place(labels.end, location)


def lower_for(builder: Builder, node: ast.For) -> None:
    """Lower `for` and its `else`."""
    iterator = begin_iteration(builder, node.iter)
    body = functools.partial(builder.statements, node.body)
    lower_iteration(builder, LoopKind.FOR, iterator, node, body)


def begin_iteration(builder: Builder, node: ast.expr) -> Register:
    """Lower an iterable, and return the register of its iterator."""
    iterable = builder.expression(node)
    iterator = builder.temporary()
    builder.emit(GetIterator(builder.locate(node), iterator, iterable))
    return iterator


def may_own_generator(node: ast.expr) -> bool:
    """Tell whether the iterable may be a generator that nothing but the loop refers to.

    Python closes such a generator as soon as the loop is left.
    """
    if isinstance(node, ast.GeneratorExp):
        return may_own_generator(node.generators[0].iter)
    if not isinstance(node, ast.Call):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _LAZY:
        return any(map(may_own_generator, node.args))
    return name not in _EAGER


def lower_iteration(
    builder: Builder,
    kind: LoopKind,
    iterator: Register,
    node: ast.For | ast.comprehension,
    body: Callable[[], None],
) -> None:
    """Lower the loop of a `for` statement or clause around `body`."""
    location = builder.locate(node.iter)
    following, exhausted = builder.label(), builder.label()
    with builder.loop(kind, iterator, location, owned=may_own_generator(node.iter)) as labels:
        item = builder.temporary()
        builder.emit(ForNext(location, item, iterator, following, exhausted))
        builder.place(following, location)
        assign(builder, node.target, item)
        body()
    builder.place(exhausted, location)
    builder.statements(node.orelse if isinstance(node, ast.For) else [])
    builder.place(labels.end, location)


def lower_break(builder: Builder, node: ast.Break) -> None:
    """Lower `break`, after the cleanups inside of the loop."""
    with builder.within(builder.surroundings):
        labels = builder.unwind()
        assert labels is not None, "the parser refuses `break` outside of a loop"
        if labels.owned is not None:
            builder.emit(CloseIterator(builder.locate(node), labels.owned))
        builder.jump(labels.end, builder.locate(node))


def lower_continue(builder: Builder, node: ast.Continue) -> None:
    """Lower `continue`, after the cleanups inside of the loop."""
    with builder.within(builder.surroundings):
        labels = builder.unwind()
        assert labels is not None, "the parser refuses `continue` outside of a loop"
        builder.jump(labels.header, builder.locate(node))


def lower_return(builder: Builder, node: ast.Return) -> None:
    """Lower `return`: the value, the cleanups, then the way out.

    Where cleanups run, a variable is copied first: they may assign to it.
    """
    location = builder.locate(node)
    if node.value is None:
        value = builder.constant(None, location)
    else:
        value = builder.expression(node.value)
    if builder.has_cleanups():
        value = copy_register(builder, value, location)
    with builder.within(builder.surroundings):
        builder.unwind_all(location)
        builder.emit(Return(location, value))


def lower_expression_statement(builder: Builder, node: ast.Expr) -> None:
    """Lower an expression for its effects: a literal has none, a variable may be unbound."""
    if not isinstance(node.value, ast.Constant):
        copy_register(builder, builder.expression(node.value), builder.locate(node))


def lower_nothing(builder: Builder, node: ast.stmt) -> None:
    """Lower a statement that only declares something."""


STATEMENTS = {
    ast.If: lower_if,
    ast.While: lower_while,
    ast.For: lower_for,
    ast.Break: lower_break,
    ast.Continue: lower_continue,
    ast.Return: lower_return,
    ast.Expr: lower_expression_statement,
    ast.Pass: lower_nothing,
    ast.Global: lower_nothing,
    ast.Nonlocal: lower_nothing,
}
