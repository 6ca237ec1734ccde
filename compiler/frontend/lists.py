"""Lists whose length depends on data: values of the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from ...ir import F64, I1, I64, ListType, ScalarType, TensorType, Type, Value
from ...ir.graph import dtype_from_torch, to_torch
from ...ir.host.lists import Append, Concatenate, Get, Len, Make, Set, Stack, ToTensor
from .objects import DynamicList
from .scalars import is_number, is_symbolic, type_of_number
from .tensors import tensor_type
from .torch_internals import is_traced

if TYPE_CHECKING:
    from .tracer import Tracer

_PYTHON_TYPES = {I64: int, F64: float, I1: bool}
_DEFAULT_DTYPES = {I64: torch.int64, I1: torch.bool}


class Lists:
    """Make, change and read dynamic lists on behalf of the current state."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def element_type(self, item: Any) -> Type:
        """Return the IR type of a list element."""
        if is_traced(item):
            return tensor_type(self._tracer.tensors.fake(item))
        if is_number(item):
            return type_of_number(item)
        raise self._tracer.refuse(
            "MC0103",
            f"a list that grows in a loop holds a {type(item).__name__}",
            help="keep one list per tensor or number",
        )

    def of_value(self, value: Value, element: Type, minimum: int) -> DynamicList:
        """Return a list that stands for `value`, of which only `minimum` elements are certain."""
        length = self._tracer.emit(Len(source=value, loc=self._tracer.location()))
        size = self._tracer.scalars.fresh(int, length.out)
        self._tracer.shapes.set_range(size, minimum, None)
        return DynamicList(value, size, element, minimum)

    def from_items(self, items: Sequence[Any], element: Type) -> DynamicList:
        """Return a dynamic list that holds `items` now."""
        values = tuple(self._value(item, element) for item in items)
        op = Make(items=values, element=element, loc=self._tracer.location())
        return DynamicList(self._tracer.emit(op).out, len(items), element, len(items))

    def fit(self, items: Sequence[Any], element: Type) -> bool:
        """Tell whether a dynamic list of `element` can hold `items`."""
        kinds = [item for item in items if is_traced(item) or is_number(item)]
        return len(kinds) == len(items) and all(self.element_type(i) == element for i in kinds)

    def append(self, target: DynamicList, item: Any) -> None:
        """Append `item` in place."""
        value = self._value(item, target.element)
        op = Append(source=target.value, item=value, loc=self._tracer.location())
        target.value = self._tracer.emit(op).out
        target.length = self._tracer.native(_increment, target.length)
        target.minimum += 1

    def get(self, source: DynamicList, index: Any) -> Any:
        """Return `source[index]`; the host raises IndexError if there is no such element."""
        number = self._tracer.scalars.value(index)
        op = Get(source=source.value, index=number, loc=self._tracer.location())
        return self._element(self._tracer.emit(op).out)

    def set(self, target: DynamicList, index: Any, item: Any) -> None:
        """Execute `target[index] = item`."""
        number = self._tracer.scalars.value(index)
        value = self._value(item, target.element)
        location = self._tracer.location()
        op = Set(source=target.value, index=number, item=value, loc=location)
        target.value = self._tracer.emit(op).out

    def combine(self, function: Any, source: DynamicList, dim: int = 0) -> Any:
        """Return `torch.stack` or `torch.cat` of `source`."""
        if not isinstance(source.element, TensorType):
            raise self._tracer.refuse("MC0101", f"torch.{function.__name__} of a list of numbers")
        stacks = function is torch.stack
        rank = source.element.rank + stacks
        dim = dim + rank if dim < 0 else dim
        shape: list[Any] = [self._extent(extent) for extent in source.element.shape]
        if stacks:
            shape.insert(dim, source.length)
        else:
            shape[dim] = self._tracer.native(_multiply, shape[dim], source.length)
        return self._combined(Stack if stacks else Concatenate, source, dim, shape)

    def _combined(self, op_class: Any, source: DynamicList, dim: int, shape: list[Any]) -> Any:
        assert isinstance(source.element, TensorType)
        dtype = to_torch(source.element.dtype)
        fake = self._tracer.tensors.fake_of_type(shape, dtype, source.element.device)
        op = op_class(
            source=source.value,
            dim=dim,
            result_types=(tensor_type(fake),),
            loc=self._tracer.location(),
        )
        return self._tracer.tensors.wrap(fake, self._tracer.emit(op).out)

    def to_tensor(self, source: DynamicList, dtype: torch.dtype | None) -> Any:
        """Return `torch.tensor(source, dtype=dtype)` of a list of numbers."""
        if not isinstance(source.element, ScalarType):
            raise self._tracer.refuse("MC0101", "torch.tensor of a list of tensors")
        default = _DEFAULT_DTYPES.get(source.element, torch.get_default_dtype())
        chosen = dtype or default
        fake = self._tracer.tensors.fake_of_type([source.length], chosen, "cpu")
        result_type = TensorType(tensor_type(fake).shape, dtype_from_torch(chosen))
        op = ToTensor(source=source.value, result_types=(result_type,), loc=self._tracer.location())
        return self._tracer.tensors.wrap(fake, self._tracer.emit(op).out)

    def _extent(self, extent: Any) -> Any:
        return extent if isinstance(extent, int) else self._tracer.scalars.size(extent)

    def _element(self, value: Value) -> Any:
        if isinstance(value.type, TensorType):
            shape = [self._extent(extent) for extent in value.type.shape]
            dtype = to_torch(value.type.dtype)
            fake = self._tracer.tensors.fake_of_type(shape, dtype, value.type.device)
            return self._tracer.tensors.wrap(fake, value)
        assert isinstance(value.type, ScalarType)
        return self._tracer.scalars.fresh(_PYTHON_TYPES[value.type], value)

    def _value(self, item: Any, element: Type) -> Value:
        found = self.element_type(item)
        if found != element:
            raise self._tracer.refuse(
                "MC0103",
                f"the elements of a list differ: {element} and {found}",
                help="append tensors of one shape and dtype, or numbers of one type",
            )
        return (
            self._tracer.tensors.value(item)
            if is_traced(item)
            else self._tracer.scalars.value(item)
        )


def list_type(value: DynamicList) -> ListType:
    """Return the IR type of a dynamic list."""
    return ListType(value.element)


def is_known_length(value: DynamicList) -> bool:
    """Tell whether the length of a dynamic list is a Python int on this path."""
    return not is_symbolic(value.length)


def _increment(number: Any) -> Any:
    return number + 1


def _multiply(left: Any, right: Any) -> Any:
    return left * right
