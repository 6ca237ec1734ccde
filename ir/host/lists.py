"""`list.*`: host lists whose length depends on data. Lists are values: append makes a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ..core import Op, Value, attr, define, operand
from ..matching import fits
from ..types import I64, ListType, ScalarType, TensorType, Type, item_type


@define("list.make")
class Make(Op):
    """out = [*items], of the given element type."""

    items: tuple[Value, ...] = operand(spread=True)
    element: Type = attr()

    def infer(self) -> Sequence[Type]:
        return (ListType(self.element),)

    def verify(self) -> Iterator[str]:
        for item in self.items:
            yield from _misfit(item, self.element)


@define("list.append")
class Append(Op):
    """out = [*source, item]."""

    source: Value = operand()
    item: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)

    def verify(self) -> Iterator[str]:
        return _misfit(self.item, _element(self, self.source))


@define("list.get")
class Get(Op):
    """out = source[index]; Python's negative indices count from the end."""

    source: Value = operand()
    index: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (_element(self, self.source),)

    def verify(self) -> Iterator[str]:
        return _misfit(self.index, I64)


@define("list.set")
class Set(Op):
    """out = source with out[index] = item."""

    source: Value = operand()
    index: Value = operand()
    item: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)

    def verify(self) -> Iterator[str]:
        yield from _misfit(self.index, I64)
        yield from _misfit(self.item, _element(self, self.source))


@define("list.extend")
class Extend(Op):
    """out = [*source, *other], with the element type of source."""

    source: Value = operand()
    other: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)

    def verify(self) -> Iterator[str]:
        return _misfit(self.other, ListType(_element(self, self.source)))


@define("list.slice")
class Slice(Op):
    """out = source[start:stop]; Python's negative bounds count from the end."""

    source: Value = operand()
    start: Value = operand()
    stop: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)

    def verify(self) -> Iterator[str]:
        yield from _misfit(self.start, I64)
        yield from _misfit(self.stop, I64)


@define("list.reverse")
class Reverse(Op):
    """out = source[::-1]."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)


@define("list.take")
class Take(Op):
    """out = [source[index] for index in indices]."""

    source: Value = operand()
    indices: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (ListType(_element(self, self.source)),)

    def verify(self) -> Iterator[str]:
        return _misfit(self.indices, ListType(I64))


@define("list.order")
class Order(Op):
    """out = sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse), of scalar keys."""

    keys: Value = operand()
    reverse: bool = attr(default=False)

    def infer(self) -> Sequence[Type]:
        return (ListType(I64),)

    def verify(self) -> Iterator[str]:
        return _wrong_elements(self.keys, ScalarType)


@define("list.of_tensor")
class OfTensor(Op):
    """out = source.tolist(), of a tensor with one dim."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        if not isinstance(self.source.type, TensorType):
            raise self.error("MC0203", f"{self.source.type} is no tensor")
        return (ListType(item_type(self.source.type.dtype)),)

    def verify(self) -> Iterator[str]:
        if isinstance(self.source.type, TensorType) and self.source.type.rank != 1:
            yield f"{self.source.type} has {self.source.type.rank} dims, not 1"


@define("list.len")
class Len(Op):
    """out = len(source)."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        return (I64,)

    def verify(self) -> Iterator[str]:
        return _wrong_elements(self.source, object)


@define("list.stack")
class Stack(Op):
    """out = torch.stack(source, dim); the result type must be given."""

    GIVEN_RESULTS: ClassVar[int | None] = 1
    source: Value = operand()
    dim: int = attr()

    def verify(self) -> Iterator[str]:
        return _wrong_elements(self.source, TensorType)


@define("list.concatenate")
class Concatenate(Op):
    """out = torch.cat(source, dim); the result type must be given."""

    GIVEN_RESULTS: ClassVar[int | None] = 1
    source: Value = operand()
    dim: int = attr()

    def verify(self) -> Iterator[str]:
        return _wrong_elements(self.source, TensorType)


@define("list.to_tensor")
class ToTensor(Op):
    """out = torch.tensor(source), of a list of scalars; the result type must be given."""

    GIVEN_RESULTS: ClassVar[int | None] = 1
    source: Value = operand()

    def verify(self) -> Iterator[str]:
        return _wrong_elements(self.source, ScalarType)


def _element(op: Op, source: Value) -> Type:
    if not isinstance(source.type, ListType):
        raise op.error("MC0203", f"{source.type} is no list")
    return source.type.element


def _misfit(value: Value, declared: Type) -> Iterator[str]:
    if not fits(value.type, declared):
        yield f"{value.type} is no {declared}"


def _wrong_elements(source: Value, wanted: type) -> Iterator[str]:
    if not isinstance(source.type, ListType):
        yield f"{source.type} is no list"
    elif not isinstance(source.type.element, wanted):
        yield f"{source.type} is no list of what the op takes"
