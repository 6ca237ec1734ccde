"""Lower comprehensions into loops of the frame around them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from .builder import Builder
from .conditions import lower_condition
from .control_flow import begin_iteration, lower_iteration
from .instructions import (
    AddEntry,
    Append,
    BuildMapping,
    BuildSequence,
    LoopKind,
    MakeCell,
    Register,
    SequenceKind,
)
from .scope import ComprehensionNode


def lower_list_comprehension(builder: Builder, node: ast.ListComp) -> Register:
    """Lower `[element for ...]`."""
    return _lower_sequence(builder, node, SequenceKind.LIST)


def lower_set_comprehension(builder: Builder, node: ast.SetComp) -> Register:
    """Lower `{element for ...}`."""
    return _lower_sequence(builder, node, SequenceKind.SET)


def lower_dict_comprehension(builder: Builder, node: ast.DictComp) -> Register:
    """Lower `{key: value for ...}`."""
    collection = builder.temporary()

    def add() -> None:
        key, value = builder.expressions([node.key, node.value])
        builder.emit(AddEntry(builder.locate(node.key), collection, key, value))

    begin = BuildMapping(builder.locate(node), collection, ())
    _lower_loops(builder, node, lambda: builder.emit(begin), add)
    return collection


def _lower_sequence(
    builder: Builder, node: ast.ListComp | ast.SetComp, kind: SequenceKind
) -> Register:
    collection = builder.temporary()

    def add() -> None:
        value = builder.expression(node.elt)
        builder.emit(Append(builder.locate(node.elt), collection, value))

    begin = BuildSequence(builder.locate(node), collection, kind, ())
    _lower_loops(builder, node, lambda: builder.emit(begin), add)
    return collection


def _lower_loops(
    builder: Builder,
    node: ComprehensionNode,
    begin: Callable[[], None],
    add: Callable[[], None],
) -> None:
    """Lower the loops around `add`; the first iterable belongs to the scope outside."""
    iterator = begin_iteration(builder, node.generators[0].iter)
    begin()
    outside = builder.scope
    builder.scope = outside.children[node]
    for name in builder.scope.cells():
        cell = builder.scope.resolve(name).name
        builder.emit(MakeCell(builder.locate(node), cell, None))
    _lower_loop(builder, node.generators, 0, iterator, add)
    builder.scope = outside


def _lower_loop(
    builder: Builder,
    generators: list[ast.comprehension],
    depth: int,
    iterator: Register,
    add: Callable[[], None],
) -> None:
    generator = generators[depth]
    if generator.is_async:
        place = builder.locate(generator.target)
        builder.refuse(place, "an asynchronous comprehension", "iterate over a list")

    def body() -> None:
        skip = builder.label()
        for test in generator.ifs:
            following = builder.label()
            lower_condition(builder, test, following, skip)
            builder.place(following, builder.locate(test))
        if depth + 1 < len(generators):
            inner = begin_iteration(builder, generators[depth + 1].iter)
            _lower_loop(builder, generators, depth + 1, inner, add)
        else:
            add()
        builder.place(skip, builder.locate(generator.iter))

    lower_iteration(builder, LoopKind.COMPREHENSION, iterator, generator, body)


EXPRESSIONS = {
    ast.ListComp: lower_list_comprehension,
    ast.SetComp: lower_set_comprehension,
    ast.DictComp: lower_dict_comprehension,
}
