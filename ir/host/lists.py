"""`list.*`: host lists whose length depends on data. Lists are values: append makes a new one."""

from __future__ import annotations

from collections.abc import Sequence

from ..core import Op, Value, attr, define, operand
from ..types import I64, ListType, Type


def element_type(value: Value) -> Type:
    """Return the element type of the list `value`."""
    assert isinstance(value.type, ListType), f"{value.type} is no list"
    return value.type.element


@define("list.make")
class Make(Op):
    """out = [*items], of the given element type."""

    items: tuple[Value, ...] = operand(spread=True)
    element: Type = attr()

    def infer(self) -> Sequence[Type]:
        return (ListType(self.element),)


@define("list.append")
class Append(Op):
    """out = [*source, item]."""

    source: Value = operand()
    item: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (self.source.type,)


@define("list.get")
class Get(Op):
    """out = source[index]; Python's negative indices count from the end."""

    source: Value = operand()
    index: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (element_type(self.source),)


@define("list.set")
class Set(Op):
    """out = source with out[index] = item."""

    source: Value = operand()
    index: Value = operand()
    item: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (self.source.type,)


@define("list.len")
class Len(Op):
    """out = len(source)."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (I64,)


@define("list.stack")
class Stack(Op):
    """out = torch.stack(source, dim); the result type must be given."""

    source: Value = operand()
    dim: int = attr()


@define("list.concatenate")
class Concatenate(Op):
    """out = torch.cat(source, dim); the result type must be given."""

    source: Value = operand()
    dim: int = attr()


@define("list.to_tensor")
class ToTensor(Op):
    """out = torch.tensor(source), of a list of scalars; the result type must be given."""

    source: Value = operand()
