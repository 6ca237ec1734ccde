"""Lists whose length depends on data: values of the host."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from ...ir import F64, I1, I64, STR, ListType, ScalarType, TensorType, Value
from ...ir.graph import dtype_from_torch, to_torch
from ...ir.host.lists import (
    Append,
    Concatenate,
    Extend,
    Get,
    Len,
    Make,
    OfTensor,
    Order,
    Reverse,
    Set,
    Slice,
    Stack,
    Take,
    ToTensor,
)
from .elements import Elements, can_widen
from .objects import DynamicList, Element
from .plain_lists import is_plain, need_static
from .scalars import is_number, is_symbolic
from .showing import as_host_text
from .tensors import tensor_type
from .texts import HostString
from .torch_internals import expression_of, is_traced
from .traversal import OwnedObjects, Path

if TYPE_CHECKING:
    from .tracer import Tracer

_PYTHON_TYPES = {I64: int, F64: float, I1: bool}
_DEFAULT_DTYPES = {I64: torch.int64, I1: torch.bool}


class Lists:
    """Make, change and read dynamic lists on behalf of the current state."""

    def __init__(self, tracer: Tracer, owned: OwnedObjects, foreign: Mapping[int, Any]) -> None:
        self._tracer = tracer
        self._owned = owned
        self.elements = Elements(tracer, owned, foreign)
        self.inherit_origin: Callable[[Any, Any], None] = _ignore
        self.on_misfit: Callable[[DynamicList, Element], None] = _ignore

    # --- making ---

    def of_columns(
        self,
        columns: Sequence[Value],
        element: Element,
        minimum: int,
        like: DynamicList | None,
        length: Any = None,
    ) -> DynamicList:
        """Return a list of which only `minimum` elements are certain, `length` if it is known.

        If `like` can be kept from becoming dynamic, so can the new list.
        """
        size = length
        if size is None:
            size = self._tracer.scalars.fresh(int, self._emit(Len, source=columns[0]))
        self._tracer.shapes.narrow(size, minimum, None)
        if like is not None:
            self.inherit_origin(size, like.length)
        return DynamicList(tuple(columns), size, element, minimum)

    def from_items(self, items: Sequence[Any], element: Element) -> DynamicList:
        """Return a dynamic list of `element`s that holds `items` now."""
        rows = [self._values(item, element) for item in items]
        columns = [
            self._emit(Make, items=tuple(row[number] for row in rows), element=kind)
            for number, kind in enumerate(element.types)
        ]
        return DynamicList(tuple(columns), len(items), element, len(items))

    def of_tensor(self, tensor: Any) -> DynamicList:
        """Return `tensor.tolist()`, of a tensor with one dim."""
        column = self._emit(OfTensor, source=self._tracer.tensors.value(tensor))
        assert isinstance(column.type, ListType) and isinstance(column.type.element, ScalarType)
        prototype = _PYTHON_TYPES[column.type.element](0)
        element = self.elements.of_items([prototype])
        assert element is not None
        return DynamicList((column,), tensor.shape[0], element)

    def copy(self, source: DynamicList) -> DynamicList:
        """Return a list of its own with the same elements."""
        return DynamicList(source.columns, source.length, source.element, source.minimum)

    # --- changing ---

    def replace(self, target: DynamicList, source: DynamicList) -> None:
        """Let `target`, the same object, hold the elements of `source`."""
        self.check_mutable(target)
        target.columns, target.length = source.columns, source.length
        target.element, target.minimum = source.element, source.minimum

    def append(self, target: DynamicList, item: Any) -> None:
        """Append `item` in place."""
        self.check_mutable(target)
        self._admit(target, [item])
        target.columns = tuple(
            self._emit(Append, source=column, item=value)
            for column, value in zip(
                target.columns, self._values(item, target.element), strict=True
            )
        )
        target.length = self._tracer.native(_add, target.length, 1)
        target.minimum += 1

    def set(self, target: DynamicList, index: Any, item: Any) -> None:
        """Execute `target[index] = item`."""
        self.check_mutable(target)
        self._admit(target, [item])
        number = self._tracer.scalars.value(index)
        target.columns = tuple(
            self._emit(Set, source=column, index=number, item=value)
            for column, value in zip(
                target.columns, self._values(item, target.element), strict=True
            )
        )

    def splice(self, target: DynamicList, start: Any, stop: Any, new: Any) -> None:
        """Execute `target[start:stop] = new`, bounds in order; None stands for either end."""
        self.check_mutable(target)
        result = self.slice(target, None, 0 if start is None else start)
        if isinstance(new, DynamicList) or new:
            result = self.concatenated(result, self.as_dynamic(new, target.element))
        if stop is not None and expression_of(stop) != expression_of(target.length):
            result = self.concatenated(result, self.slice(target, stop, None))
        self.replace(target, result)

    def widen(self, source: DynamicList, element: Element) -> DynamicList:
        """Return `source` as a list of `element`s, which are more general."""
        if source.element == element:
            return DynamicList(source.columns, source.length, element, source.minimum)
        if not can_widen(source.element, element):
            raise self._mixed()
        columns = [
            column
            if narrow == wide
            else self._emit(Extend, source=self._emit(Make, items=(), element=wide), other=column)
            for column, narrow, wide in zip(
                source.columns, source.element.types, element.types, strict=True
            )
        ]
        return DynamicList(tuple(columns), source.length, element, source.minimum)

    def check_mutable(self, value: Any) -> None:
        """Refuse to change a container of which a dynamic list holds the contents."""
        if not self._owned.is_frozen(value):
            return
        raise self._tracer.refuse(
            "MC0104",
            "a list whose length depends on data holds this container, which is changed",
            help="put a copy into the list, or change the container before",
        )

    # --- combining ---

    def concatenated(self, first: DynamicList, second: DynamicList) -> DynamicList:
        """Return `first + second`."""
        element = self.elements.of_items([], [first.element, second.element])
        if element is None:
            raise self._mixed()
        first, second = self.widen(first, element), self.widen(second, element)
        columns = [
            self._emit(Extend, source=left, other=right)
            for left, right in zip(first.columns, second.columns, strict=True)
        ]
        length = self._tracer.native(_add, first.length, second.length)
        return DynamicList(tuple(columns), length, element, first.minimum + second.minimum)

    def as_dynamic(self, value: Any, like: Element | None = None) -> DynamicList:
        """Return `value`, a list or tuple, as a dynamic list; an empty one has elements `like`."""
        if isinstance(value, DynamicList):
            return value
        element = self.elements.of_items(value, [] if like is None else [like])
        if element is None:
            raise self._mixed()
        return self.from_items(value, element)

    # --- parts ---

    def get(self, source: DynamicList, index: Any) -> Any:
        """Return `source[index]`; the host raises IndexError if there is no such element."""
        number = self._tracer.scalars.value(index)
        rest = iter(source.columns)
        made: dict[Path, Any] = {}
        for path, leaf, types in self.elements.typed_leaves(source.element):
            columns = [next(rest) for _ in types]
            minimum = source.element.minimums.get(path, 0)
            made[path] = self._got(leaf, columns, number, minimum)
        return self._element(source.element, made)

    def slice(self, source: DynamicList, start: Any, stop: Any) -> DynamicList:
        """Return `source[start:stop]`; None stands for either end."""
        first = self._tracer.scalars.value(0 if start is None else start)
        last = self._tracer.scalars.value(source.length if stop is None else stop)
        columns = [
            self._emit(Slice, source=column, start=first, stop=last) for column in source.columns
        ]
        known = self._slice_length(source, start, stop)
        if known is None:
            return self.of_columns(columns, source.element, 0, source)
        low, _ = self._tracer.shapes.bounds(known)
        return DynamicList(tuple(columns), known, source.element, max(low or 0, 0))

    def _slice_length(self, source: DynamicList, start: Any, stop: Any) -> Any:
        """Return the length of `source[start:stop]`, None if it is not known how it is computed."""
        first = 0 if start is None else start
        last = source.length if stop is None else stop
        if not any(map(is_symbolic, (source.length, first, last))):
            return len(range(source.length)[first:last])
        subtract = self._tracer.scalars.combining(operator.sub)
        taken, behind = subtract(last, first), subtract(source.length, last)
        is_within = all(self._is_natural(number) for number in (first, taken, behind))
        return self._tracer.scalars.constant_or_symbol(taken) if is_within else None

    def _is_natural(self, number: Any) -> bool:
        """Tell whether an int is known not to be negative."""
        low, _ = self._tracer.shapes.bounds(number)
        return low is not None and low >= 0

    def reversed(self, source: DynamicList) -> DynamicList:
        """Return `source[::-1]`."""
        columns = [self._emit(Reverse, source=column) for column in source.columns]
        return DynamicList(tuple(columns), source.length, source.element, source.minimum)

    def sorted_by(self, source: DynamicList, keys: DynamicList, *, reverse: bool) -> DynamicList:
        """Return the elements of `source` in order of `keys`, a list of numbers."""
        order = self._emit(Order, keys=keys.columns[0], reverse=reverse)
        columns = [self._emit(Take, source=column, indices=order) for column in source.columns]
        return DynamicList(tuple(columns), source.length, source.element, source.minimum)

    # --- tensors ---

    def combine(self, function: Any, source: DynamicList, dim: int = 0) -> Any:
        """Return `torch.stack` or `torch.cat` of `source`."""
        kind = self._only_type(source, TensorType, f"torch.{function.__name__}")
        stacks = function is torch.stack
        rank = kind.rank + stacks
        dim = dim + rank if dim < 0 else dim
        shape: list[Any] = [self._extent(extent) for extent in kind.shape]
        if stacks:
            shape.insert(dim, source.length)
        elif kind.shape[dim] == self.elements.varying_dim():
            shape[dim] = self._tracer.shapes.fresh_size()
        else:
            shape[dim] = self._tracer.native(_multiply, shape[dim], source.length)
        return self._combined(Stack if stacks else Concatenate, source, kind, dim, shape)

    def _combined(
        self, op_class: Any, source: DynamicList, kind: TensorType, dim: int, shape: list[Any]
    ) -> Any:
        fake = self._tracer.tensors.fake_of_type(shape, to_torch(kind.dtype), kind.device)
        value = self._emit(
            op_class, source=source.columns[0], dim=dim, result_types=(tensor_type(fake),)
        )
        return self._tracer.tensors.wrap(fake, value)

    def to_tensor(self, source: DynamicList, dtype: torch.dtype | None) -> Any:
        """Return `torch.tensor(source, dtype=dtype)` of a list of numbers."""
        kind = self._only_type(source, ScalarType, "torch.tensor")
        chosen = dtype or _DEFAULT_DTYPES.get(kind, torch.get_default_dtype())
        fake = self._tracer.tensors.fake_of_type([source.length], chosen, "cpu")
        result_type = TensorType(tensor_type(fake).shape, dtype_from_torch(chosen))
        value = self._emit(ToTensor, source=source.columns[0], result_types=(result_type,))
        return self._tracer.tensors.wrap(fake, value)

    def holds(self, source: DynamicList, kind: type) -> bool:
        """Tell whether the elements are plain tensors (`TensorType`) or numbers (`ScalarType`)."""
        return is_plain(source.element) and isinstance(source.element.types[0], kind)

    def _only_type(self, source: DynamicList, kind: Any, function: str) -> Any:
        if self.holds(source, kind):
            return source.element.types[0]
        raise need_static(source, f"`{function}` of a list of {_describe(source.element)}")

    # --- elements ---

    def _admit(self, target: DynamicList, items: Sequence[Any]) -> None:
        """Let the elements of `target` be general enough for `items`."""
        element = self.elements.of_items(items, [target.element])
        if element is None:
            raise self._mixed()
        if not can_widen(target.element, element):
            self.on_misfit(target, element)
        wide = self.widen(target, element)
        target.columns, target.element = wide.columns, wide.element

    def _mixed(self) -> Exception:
        return self._tracer.refuse(
            "MC0103",
            "the elements of a list whose length depends on data differ in type",
            help="use tensors of one dtype and rank, numbers of one type, or tuples of such",
        )

    def _values(self, item: Any, element: Element) -> list[Value]:
        """Return a value per column; what it holds must not be changed any more."""
        leaves = self.elements.survey(element.prototype).leaves
        inner = {path: leaf.element for path, leaf in leaves if isinstance(leaf, DynamicList)}

        def convert(path: Path, held: Any) -> Any:
            if path not in inner:
                return None
            if isinstance(held, DynamicList):
                return self.widen(held, inner[path])
            return self.from_items(held, inner[path])

        def rule(path: Path, leaf: Any) -> Any:
            return convert(path, leaf) or leaf

        for container in self.elements.survey(item).sources:
            self._owned.freeze(container)
        texts = self.elements.texts_in(element)

        def on_text(path: Path, held: Any) -> Any:
            return as_host_text(self._tracer, held) if path in texts else None

        copier = self.elements.copier(rule=rule, on_list=convert, on_text=on_text)
        converted = copier.copy(item, ())
        leaves = self.elements.survey(converted).leaves
        return [value for _, leaf in leaves for value in self._leaf_values(leaf)]

    def _leaf_values(self, leaf: Any) -> tuple[Value, ...]:
        if isinstance(leaf, (DynamicList, HostString)):
            return leaf.columns
        if is_number(leaf):
            return (self._tracer.scalars.value(leaf),)
        if not self._tracer.tensors.is_weight(leaf):
            self._tracer.tensors.lose_alias(leaf)
        return (self._tracer.tensors.value(self._tracer.contiguous(leaf)),)

    def _got(self, like: Any, columns: Sequence[Value], index: Value, minimum: int) -> Any:
        """Return element `index` of the columns of one leaf, which is `like` this.

        If it is a list, at least `minimum` elements are certain.
        """
        if isinstance(like, DynamicList):
            inner = [self._emit(Get, source=column, index=index) for column in columns]
            return self.of_columns(inner, like.element, minimum, None)
        (column,) = columns
        assert isinstance(column.type, ListType)
        kind = column.type.element
        if kind == STR:
            return HostString((self._emit(Get, source=column, index=index),))
        if isinstance(kind, ScalarType):
            number = self._emit(Get, source=column, index=index)
            return self._tracer.scalars.fresh(_PYTHON_TYPES[kind], number)
        assert isinstance(kind, TensorType)
        shape = [self._extent(extent) for extent in kind.shape]
        fake = self._tracer.tensors.fake_of_type(shape, to_torch(kind.dtype), kind.device)
        value = self._emit(Get, source=column, index=index, result_types=(tensor_type(fake),))
        tensor = self._tracer.tensors.wrap(fake, value)
        self._tracer.tensors.lose_alias(tensor)
        return tensor

    def _extent(self, extent: Any) -> Any:
        """Return the size that an extent of an element means; one that varies gets its own name."""
        if isinstance(extent, int):
            return extent
        if extent == self.elements.varying_dim():
            return self._tracer.shapes.fresh_size()
        return self._tracer.scalars.size(extent)

    def _element(self, element: Element, leaves: Mapping[Path, Any]) -> Any:
        """Return an object like the prototype of `element` that holds `leaves`."""

        def rule(path: Path, leaf: Any) -> Any:
            del leaf
            return leaves[path]

        copier = self.elements.copier(rule=rule)
        result = copier.copy(element.prototype, ())
        for container in copier.containers:
            self._owned.freeze(container)
        return result

    def _emit(self, op_class: Any, **fields: Any) -> Value:
        return self._tracer.emit(op_class(**fields, loc=self._tracer.location())).out


def _describe(element: Element) -> str:
    if is_traced(element.prototype):
        return "tensors"
    return "numbers" if is_number(element.prototype) else f"{type(element.prototype).__name__}s"


def _ignore(subject: Any, detail: Any) -> None:
    del subject, detail


def _add(left: Any, right: Any) -> Any:
    return left + right


def _multiply(left: Any, right: Any) -> Any:
    return left * right
