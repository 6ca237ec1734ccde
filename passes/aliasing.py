"""Which tensors share memory that somebody outside of the program could write to."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import Op, Value
from ..ir.graph import AtenOp
from ..ir.host import Item, LoadWeight, Size, lists

_UNDECLARED_VIEWS = frozenset(
    {
        "aten._unsafe_view.default",
        "aten.dropout.default",
        "aten.feature_dropout.default",
        "aten.type_as.default",
    }
)
"""May return their operand, though torch's schema does not say so."""

_STRIDED_READERS = frozenset(
    {
        "aten._unsafe_view.default",
        "aten.as_strided.default",
        "aten.view.default",
        "aten.view.dtype",
        "aten.view_as_complex.default",
        "aten.view_as_real.default",
    }
)
"""Fail for some strides of their operand, or read its memory beside them."""

_READERS = (
    Item,
    Size,
    lists.Len,
    lists.Get,
    lists.Stack,
    lists.Concatenate,
    lists.ToTensor,
    lists.Order,
    lists.OfTensor,
)
"""Host ops that keep neither the tensor nor the list that they read."""


def is_view(op: Op) -> bool:
    """Tell whether the results of `op` may share memory with an operand."""
    if not isinstance(op, AtenOp):
        return False
    returns = op.operator._schema.returns
    return op.target in _UNDECLARED_VIEWS or any(each.alias_info for each in returns)


def escapes(value: Value) -> bool:
    """Tell whether the tensor or list `value` itself may become visible outside of its function.

    It does not where only ATen ops read it, or ops that read sizes, items or elements.
    """
    return any(not _keeps_to_itself(user) for user in readers(value))


def is_fresh(value: Value) -> bool:
    """Tell whether an op made new, dense memory for `value`."""
    return isinstance(value.owner, AtenOp) and not is_view(value.owner)


def obstacle_to_sharing(copy: Value, source: Value) -> str:
    """Say why `source` cannot stand for its `copy`; "" if it can.

    Two values in one memory differ from two in their own when a caller writes to one of them, and
    a copy may have other strides than what it copies.
    """
    if source.type != copy.type:
        return "the result has another type than the operand"
    if not is_fresh(source) and not isinstance(source.owner, LoadWeight):
        if any(reader.name in _STRIDED_READERS for reader in readers(copy)):
            return "a view needs the strides that the copy has"
    if escapes(copy) and not (is_fresh(source) and sum(source.users.values()) == 1):
        return "the copy leaves the function, and what it copies is used elsewhere"
    return ""


def readers(value: Value) -> Iterator[Op]:
    """Yield the users of `value`, and of all views of it."""
    todo, seen = [value], {value}
    while todo:
        for user in todo.pop().users:
            yield user
            if is_view(user):
                todo.extend(result for result in user.results if result not in seen)
                seen.update(user.results)


def _keeps_to_itself(user: Op) -> bool:
    return isinstance(user, (AtenOp, *_READERS))
