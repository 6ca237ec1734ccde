"""Host lists whose contents are known."""

from __future__ import annotations

from ...ir import Value
from ...ir.graph import AtenOp
from ...ir.host import arith, lists
from ..constants import known_scalar
from ..patterns import Miss, Pattern, Replacement, Rewrite, pattern


@pattern(lists.Len)
def length_of_known_list(op: lists.Len) -> Rewrite:
    """len([a, b]) -> 2."""
    if not isinstance(op.source.owner, lists.Make):
        return Miss("the list is not made of known items")
    return arith.Constant(value=len(op.source.owner.items))


@pattern(lists.Len)
def length_of_longer_list(op: lists.Len) -> Rewrite:
    """len([*source, item]) -> len(source) + 1, and setting an item changes no length."""
    made = op.source.owner
    if isinstance(made, lists.Set):
        return lists.Len(source=made.source)
    if not isinstance(made, lists.Append):
        return Miss("the list comes from no append or set")
    length, one = lists.Len(source=made.source), arith.Constant(value=1)
    total = arith.Add(left=length.out, right=one.out)
    return Replacement((length, one, total), (total.out,))


@pattern(lists.Append)
def append_to_known_list(op: lists.Append) -> Rewrite:
    """[*[a, b], c] -> [a, b, c], if nothing else reads [a, b]."""
    made = op.source.owner
    if not isinstance(made, lists.Make):
        return Miss("the list is not made of known items")
    if sum(op.source.users.values()) > 1:
        return Miss("the shorter list is read elsewhere")
    if made.parent is not op.parent:
        return Miss("the shorter list is made in another block")
    return lists.Make(items=(*made.items, op.item), element=made.element)


@pattern(lists.Get)
def item_of_known_list(op: lists.Get) -> Rewrite:
    """[a, b][0] -> a."""
    made, index = op.source.owner, known_scalar(op.index)
    if index is None:
        return Miss("the index is not known")
    if not isinstance(made, lists.Make):
        return Miss("the list is not made of known items")
    if not -len(made.items) <= index < len(made.items):
        return Miss("the index is out of range and must raise")
    return _of_type(made.items[int(index)], op)


@pattern(lists.Get)
def last_item_after_append(op: lists.Get) -> Rewrite:
    """[*source, item][-1] -> item."""
    if not isinstance(op.source.owner, lists.Append):
        return Miss("the list comes from no append")
    if known_scalar(op.index) != -1:
        return Miss("the index is not -1")
    return _of_type(op.source.owner.item, op)


@pattern(lists.Stack)
def stack_known_list(op: lists.Stack) -> Rewrite:
    """list.stack([a, b]) -> aten.stack((a, b))."""
    return _join(op, "aten.stack.default")


@pattern(lists.Concatenate)
def concatenate_known_list(op: lists.Concatenate) -> Rewrite:
    """list.concatenate([a, b]) -> aten.cat((a, b))."""
    return _join(op, "aten.cat.default")


def _join(op: lists.Stack | lists.Concatenate, target: str) -> Rewrite:
    made = op.source.owner
    if not isinstance(made, lists.Make):
        return Miss("the list is not made of known items")
    if not made.items:
        return Miss("an empty list must raise")
    return AtenOp(arguments=(made.items, op.dim), target=target, result_types=[op.out.type])


def _of_type(item: Value, op: lists.Get) -> Rewrite:
    return item if item.type == op.out.type else Miss("the item has a more special type")


LIST_PATTERNS: tuple[Pattern, ...] = (
    length_of_known_list,
    length_of_longer_list,
    append_to_known_list,
    item_of_known_list,
    last_item_after_append,
)

JOIN_PATTERNS: tuple[Pattern, ...] = (stack_known_list, concatenate_known_list)
"""What turns host ops into ATen ops, for levels at which host functions may hold them."""
