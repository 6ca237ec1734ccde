"""Lower operators, attributes, items, displays and strings."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .assignment import assign
from .builder import Builder
from .conditions import lower_not
from .instructions import (
    Binary,
    BuildMapping,
    BuildSequence,
    BuildSlice,
    BuildString,
    Conversion,
    Element,
    Entry,
    FormatValue,
    GetAttribute,
    GetItem,
    Register,
    SequenceKind,
    Unary,
)
from .operators import BINARY_OPERATORS, UNARY_OPERATORS
from .variables import copy_register, load_name

_CONVERSIONS = {
    -1: Conversion.NONE,
    ord("s"): Conversion.STR,
    ord("r"): Conversion.REPR,
    ord("a"): Conversion.ASCII,
}


def lower_constant(builder: Builder, node: ast.Constant) -> Register:
    """Lower a literal."""
    return builder.constant(node.value, builder.locate(node))


def lower_attribute(builder: Builder, node: ast.Attribute) -> Register:
    """Lower `value.name`."""
    owner = builder.expression(node.value)
    destination = builder.temporary()
    builder.emit(GetAttribute(builder.locate(node), destination, owner, node.attr))
    return destination


def lower_subscript(builder: Builder, node: ast.Subscript) -> Register:
    """Lower `value[slice]`."""
    container, key = builder.expressions([node.value, node.slice])
    destination = builder.temporary()
    builder.emit(GetItem(builder.locate(node), destination, container, key))
    return destination


def lower_slice(builder: Builder, node: ast.Slice) -> Register:
    """Lower `start:stop:step`."""
    location = builder.locate(node)
    start, stop, step = (
        builder.constant(None, location) if bound is None else builder.expression(bound)
        for bound in (node.lower, node.upper, node.step)
    )
    destination = builder.temporary()
    builder.emit(BuildSlice(location, destination, start, stop, step))
    return destination


def lower_binary(builder: Builder, node: ast.BinOp) -> Register:
    """Lower `left op right`."""
    left, right = builder.expressions([node.left, node.right])
    destination = builder.temporary()
    operator = BINARY_OPERATORS[type(node.op)]
    builder.emit(Binary(builder.locate(node), destination, operator, left, right))
    return destination


def lower_unary(builder: Builder, node: ast.UnaryOp) -> Register:
    """Lower `op operand`; a signed number is a constant."""
    if isinstance(node.op, ast.Not):
        return lower_not(builder, node)
    operator = UNARY_OPERATORS[type(node.op)]
    operand = node.operand
    if isinstance(operand, ast.Constant) and type(operand.value) in (int, float, complex):
        return builder.constant(operator.function(operand.value), builder.locate(node))
    value = builder.expression(operand)
    destination = builder.temporary()
    builder.emit(Unary(builder.locate(node), destination, operator, value))
    return destination


def lower_walrus(builder: Builder, node: ast.NamedExpr) -> Register:
    """Lower `(name := value)`."""
    location = builder.locate(node.value)
    value = copy_register(builder, builder.expression(node.value), location)
    assign(builder, node.target, value)
    return value


# --- displays -----------------------------------------------------------------------------------


def lower_elements(builder: Builder, nodes: Sequence[ast.expr]) -> tuple[Element, ...]:
    """Lower the elements of a display.

    A starred one is copied at once when what follows may change it (`[*a, a.pop()]`).
    """
    elements: list[Element] = []
    for index, node in enumerate(nodes):
        if isinstance(node, ast.Starred):
            later = nodes[index + 1 :]
            elements.append(Element(lower_starred(builder, node, later), starred=True))
        else:
            elements.append(Element(builder.expression(node)))
    return tuple(elements)


def lower_starred(builder: Builder, node: ast.Starred, later: Sequence[ast.expr]) -> Register:
    """Lower the iterable of `*iterable`, as a tuple if evaluating `later` may change it."""
    value = builder.expression(node.value)
    if all(map(_is_inert, later)):
        return value
    copy = builder.temporary()
    elements = (Element(value, starred=True),)
    builder.emit(BuildSequence(builder.locate(node), copy, SequenceKind.TUPLE, elements))
    return copy


def lower_merged(builder: Builder, node: ast.expr, later: Sequence[ast.expr]) -> Register:
    """Lower the mapping of `**mapping`, as a dict if evaluating `later` may change it."""
    value = builder.expression(node)
    if all(map(_is_inert, later)):
        return value
    copy = builder.temporary()
    builder.emit(BuildMapping(builder.locate(node), copy, (Entry(None, value),)))
    return copy


def _is_inert(node: ast.expr) -> bool:
    return isinstance(node, (ast.Constant, ast.Name, ast.Lambda))


def _lower_sequence(
    builder: Builder, node: ast.List | ast.Tuple | ast.Set, kind: SequenceKind
) -> Register:
    elements = lower_elements(builder, node.elts)
    destination = builder.temporary()
    builder.emit(BuildSequence(builder.locate(node), destination, kind, elements))
    return destination


def lower_list(builder: Builder, node: ast.List) -> Register:
    """Lower `[...]`."""
    return _lower_sequence(builder, node, SequenceKind.LIST)


def lower_tuple(builder: Builder, node: ast.Tuple) -> Register:
    """Lower `(...,)`."""
    return _lower_sequence(builder, node, SequenceKind.TUPLE)


def lower_set(builder: Builder, node: ast.Set) -> Register:
    """Lower `{...}` without colons."""
    return _lower_sequence(builder, node, SequenceKind.SET)


def lower_dict(builder: Builder, node: ast.Dict) -> Register:
    """Lower `{key: value, **mapping}`."""
    entries: list[Entry] = []
    for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if key is None:
            later = [*filter(None, node.keys[index + 1 :]), *node.values[index + 1 :]]
            entries.append(Entry(None, lower_merged(builder, value, later)))
        else:
            entries.append(Entry(*builder.expressions([key, value])))
    destination = builder.temporary()
    builder.emit(BuildMapping(builder.locate(node), destination, tuple(entries)))
    return destination


# --- strings ------------------------------------------------------------------------------------


def lower_string(builder: Builder, node: ast.JoinedStr) -> Register:
    """Lower an f-string, or a format specification."""
    parts = tuple(builder.expressions(node.values))
    destination = builder.temporary()
    builder.emit(BuildString(builder.locate(node), destination, parts))
    return destination


def lower_replacement(builder: Builder, node: ast.FormattedValue) -> Register:
    """Lower `{value!conversion:specification}`, formatted before what follows is evaluated."""
    value = builder.expression(node.value)
    specification = None if node.format_spec is None else builder.expression(node.format_spec)
    destination = builder.temporary()
    conversion = _CONVERSIONS[node.conversion]
    location = builder.locate(node.value)
    builder.emit(FormatValue(location, destination, value, conversion, specification))
    return destination


EXPRESSIONS = {
    ast.Constant: lower_constant,
    ast.Name: load_name,
    ast.Attribute: lower_attribute,
    ast.Subscript: lower_subscript,
    ast.Slice: lower_slice,
    ast.BinOp: lower_binary,
    ast.UnaryOp: lower_unary,
    ast.NamedExpr: lower_walrus,
    ast.List: lower_list,
    ast.Tuple: lower_tuple,
    ast.Set: lower_set,
    ast.Dict: lower_dict,
    ast.JoinedStr: lower_string,
    ast.FormattedValue: lower_replacement,
}
