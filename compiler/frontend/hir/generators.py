"""Lower `yield`, `yield from` and generator expressions."""

from __future__ import annotations

import ast

from .builder import Builder
from .control_flow import begin_iteration, may_own_generator
from .functions import make_function
from .generator_expressions import generator_function
from .instructions import (
    Argument,
    ArgumentKind,
    Call,
    Constant,
    ForNext,
    IteratorResult,
    LoopKind,
    Register,
    Yield,
)


def lower_yield(builder: Builder, node: ast.Yield) -> Register:
    """Lower `yield value` to what is sent."""
    builder.is_generator = True
    location = builder.locate(node)
    if node.value is None:
        value = builder.constant(None, location)
    else:
        value = builder.expression(node.value)
    destination = builder.temporary()
    builder.emit(Yield(location, destination, value))
    return destination


def lower_yield_from(builder: Builder, node: ast.YieldFrom) -> Register:
    """Lower `yield from iterable` to what the iterator returns; what is sent goes to it."""
    builder.is_generator = True
    location = builder.locate(node)
    iterator = begin_iteration(builder, node.value)
    following, exhausted = builder.label(), builder.label()
    sent, item, result = (builder.temporary() for _ in range(3))
    builder.emit(Constant(location, sent, None))
    owned = may_own_generator(node.value)
    with builder.loop(LoopKind.FOR, iterator, location, owned=owned) as labels:
        builder.emit(ForNext(location, item, iterator, following, exhausted, sent))
        builder.place(following, location)
        builder.emit(Yield(location, sent, item))
    builder.place(exhausted, location)
    builder.emit(IteratorResult(location, result, iterator))
    builder.place(labels.end, location)
    return result


def lower_generator_expression(builder: Builder, node: ast.GeneratorExp) -> Register:
    """Lower `(element for ...)`: call a generator function with the first iterator."""
    location = builder.locate(node)
    for clause in node.generators:
        if clause.is_async:
            place = builder.locate(clause.target)
            builder.refuse(place, "an asynchronous comprehension", "iterate over a list")
    iterator = begin_iteration(builder, node.generators[0].iter)
    function = make_function(builder, generator_function(node))
    destination = builder.temporary()
    arguments = (Argument(ArgumentKind.POSITIONAL, iterator),)
    builder.emit(Call(location, destination, function, arguments))
    return destination


EXPRESSIONS = {
    ast.Yield: lower_yield,
    ast.YieldFrom: lower_yield_from,
    ast.GeneratorExp: lower_generator_expression,
}
