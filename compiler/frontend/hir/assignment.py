"""Lower assignment to targets of every form, and deletion."""

from __future__ import annotations

import ast

from .builder import Builder
from .instructions import (
    DeleteAttribute,
    DeleteItem,
    Extract,
    GetAttribute,
    GetItem,
    InPlace,
    Register,
    SetAttribute,
    SetItem,
    Unpack,
)
from .operators import BINARY_OPERATORS
from .variables import copy_register, delete_variable, load_name, store_variable


def assign(builder: Builder, target: ast.expr, value: Register) -> None:
    """Store `value` in a name, attribute, item, or tuple or list of targets."""
    match target:
        case ast.Name():
            store_variable(builder, target.id, value, builder.locate(target))
        case ast.Attribute():
            owner = builder.expression(target.value)
            builder.emit(SetAttribute(builder.locate(target), owner, target.attr, value))
        case ast.Subscript():
            container, key = builder.expressions([target.value, target.slice])
            builder.emit(SetItem(builder.locate(target), container, key, value))
        case ast.Tuple() | ast.List():
            _unpack(builder, target, value)
        case _:
            builder.refuse_node(target)


def _unpack(builder: Builder, target: ast.Tuple | ast.List, value: Register) -> None:
    stars = [i for i, part in enumerate(target.elts) if isinstance(part, ast.Starred)]
    star = stars[0] if stars else None
    location = builder.locate(target)
    items = builder.temporary()
    builder.emit(Unpack(location, items, value, len(target.elts), star))
    for index, part in enumerate(target.elts):
        item = builder.temporary()
        builder.emit(Extract(builder.locate(part), item, items, index))
        assign(builder, part.value if isinstance(part, ast.Starred) else part, item)


def lower_assign(builder: Builder, node: ast.Assign) -> None:
    """Lower `a = b = value`: the value once, then the targets from left to right.

    With several targets, a variable is copied first: an earlier target may change it.
    """
    value = builder.expression(node.value)
    if len(node.targets) > 1:
        value = copy_register(builder, value, builder.locate(node.value))
    for target in node.targets:
        assign(builder, target, value)


def lower_annotated_assign(builder: Builder, node: ast.AnnAssign) -> None:
    """Lower `target: annotation = value`; functions do not evaluate the annotation."""
    if node.value is not None:
        assign(builder, node.target, builder.expression(node.value))
    elif isinstance(node.target, ast.Attribute):
        builder.expression(node.target.value)
    elif isinstance(node.target, ast.Subscript):
        builder.expressions([node.target.value, node.target.slice])


def lower_augmented_assign(builder: Builder, node: ast.AugAssign) -> None:
    """Lower `target op= value`: the parts of the target are evaluated once."""
    match node.target:
        case ast.Name():
            result = _in_place(builder, node, load_name(builder, node.target))
            store_variable(builder, node.target.id, result, builder.locate(node.target))
        case ast.Attribute():
            _augment_attribute(builder, node, node.target)
        case ast.Subscript():
            _augment_item(builder, node, node.target)


def _augment_attribute(builder: Builder, node: ast.AugAssign, target: ast.Attribute) -> None:
    location = builder.locate(target)
    owner = builder.expression(target.value)
    value = builder.temporary()
    builder.emit(GetAttribute(location, value, owner, target.attr))
    builder.emit(SetAttribute(location, owner, target.attr, _in_place(builder, node, value)))


def _augment_item(builder: Builder, node: ast.AugAssign, target: ast.Subscript) -> None:
    location = builder.locate(target)
    container, key = builder.expressions([target.value, target.slice])
    value = builder.temporary()
    builder.emit(GetItem(location, value, container, key))
    builder.emit(SetItem(location, container, key, _in_place(builder, node, value)))


def _in_place(builder: Builder, node: ast.AugAssign, left: Register) -> Register:
    right = builder.expression(node.value)
    destination = builder.temporary()
    operator = BINARY_OPERATORS[type(node.op)]
    builder.emit(InPlace(builder.locate(node), destination, operator, left, right))
    return destination


def lower_delete(builder: Builder, node: ast.Delete) -> None:
    """Lower `del` of names, attributes and items, from left to right."""
    for target in node.targets:
        _delete(builder, target)


def _delete(builder: Builder, target: ast.expr) -> None:
    match target:
        case ast.Name():
            delete_variable(builder, target.id, builder.locate(target), required=True)
        case ast.Attribute():
            owner = builder.expression(target.value)
            builder.emit(DeleteAttribute(builder.locate(target), owner, target.attr))
        case ast.Subscript():
            container, key = builder.expressions([target.value, target.slice])
            builder.emit(DeleteItem(builder.locate(target), container, key))
        case ast.Tuple() | ast.List():
            for part in target.elts:
                _delete(builder, part)
        case _:
            builder.refuse_node(target)


STATEMENTS = {
    ast.Assign: lower_assign,
    ast.AnnAssign: lower_annotated_assign,
    ast.AugAssign: lower_augmented_assign,
    ast.Delete: lower_delete,
}
