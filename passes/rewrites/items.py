"""`host.item`: decisions about one element are taken on the host.

The smaller the tensor work between two decisions, the fewer calls of an engine are left.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir import DType, Op, TensorType, Value
from ...ir.graph import AtenOp
from ...ir.host import Item, arith
from ..aliasing import is_view
from ..constants import as_element
from ..patterns import Miss, Pattern, Replacement, Rewrite, pattern

_CONNECTIVES: Mapping[str, type[arith.And | arith.Or]] = {
    "aten.logical_and.default": arith.And,
    "aten.bitwise_and.Tensor": arith.And,
    "aten.logical_or.default": arith.Or,
    "aten.bitwise_or.Tensor": arith.Or,
}
_NEGATIONS = ("aten.logical_not.default", "aten.bitwise_not.default")
_REDUCTIONS = ("aten.all.default", "aten.any.default")


@pattern(Item)
def item_of_view(op: Item) -> Rewrite:
    """item(view(x)) -> item(x); the same for all and any of one bool."""
    made = op.source.owner
    if not isinstance(made, AtenOp) or not (is_view(made) or made.target in _REDUCTIONS):
        return Miss("the element comes from no view")
    source = made.arguments[0]
    if not _has_one_element(source) or _dtype(source) is not _dtype(op.source):
        return Miss("the view shows one element of several, or as another type")
    return Item(source=source)


@pattern(Item)
def item_of_compare(op: Item) -> Rewrite:
    """item(x > 0.5) -> item(x) > 0.5, with 0.5 rounded to the type of x."""
    made = op.source.owner
    predicate = _predicate(made)
    if predicate is None or not isinstance(made, AtenOp):
        return Miss("the element comes from no comparison")
    if set(op.source.users) != {op}:
        return Miss("the comparison is needed as a tensor, too")
    left = made.arguments[0]
    if not _has_one_element(left):
        return Miss("several elements are compared")
    right = _other_side(made, left)
    if isinstance(right, Miss):
        return right
    item = Item(source=left)
    compare = arith.Compare(left=item.out, right=right.results[0], predicate=predicate)
    return Replacement((item, right, compare), (compare.out,))


@pattern(Item)
def item_of_connective(op: Item) -> Rewrite:
    """item(a & b) -> item(a) and item(b), of bools."""
    made = op.source.owner
    connective = _CONNECTIVES.get(made.name) if isinstance(made, AtenOp) else None
    if connective is None or not isinstance(made, AtenOp):
        return Miss("the element comes from no `and` or `or`")
    if not all(_is_one_bool(value) for value in made.operands):
        return Miss("the operands are not one bool each")
    left, right = (Item(source=value) for value in made.arguments)
    joined = connective(left=left.out, right=right.out)
    return Replacement((left, right, joined), (joined.out,))


@pattern(Item)
def item_of_negation(op: Item) -> Rewrite:
    """item(~a) -> not item(a), of a bool."""
    made = op.source.owner
    if not isinstance(made, AtenOp) or made.target not in _NEGATIONS:
        return Miss("the element comes from no `not`")
    if not _is_one_bool(made.arguments[0]):
        return Miss("the operand is not one bool")
    item = Item(source=made.arguments[0])
    negation = arith.Not(value=item.out)
    return Replacement((item, negation), (negation.out,))


def _predicate(made: object) -> arith.Predicate | None:
    if not isinstance(made, AtenOp):
        return None
    _, name, overload = made.target.split(".")
    names = {predicate.value: predicate for predicate in arith.Predicate}
    return names.get(name) if overload in ("Scalar", "Tensor") else None


def _other_side(compare: AtenOp, left: Value) -> Op | Miss:
    """Return the op that gives the right side on the host."""
    right = compare.arguments[1]
    if isinstance(right, Value):
        same = _has_one_element(right) and _dtype(right) is _dtype(left)
        return Item(source=right) if same else Miss("the sides are of different types")
    rounded = as_element(right, _dtype(left))
    if rounded is None:
        return Miss("the number is not exact in the type of the tensor")
    return arith.Constant(value=rounded)


def _dtype(value: Value) -> DType | None:
    return value.type.dtype if isinstance(value.type, TensorType) else None


def _has_one_element(value: Value) -> bool:
    return isinstance(value.type, TensorType) and set(value.type.shape) <= {1}


def _is_one_bool(value: Value) -> bool:
    return _has_one_element(value) and _dtype(value) is DType.I1


ITEM_PATTERNS: tuple[Pattern, ...] = (
    item_of_view,
    item_of_compare,
    item_of_connective,
    item_of_negation,
)
