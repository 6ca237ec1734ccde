"""What the generated module calls: operations on handles that take more than an expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy

Handle: TypeAlias = "numpy.ndarray[Any, Any]"
"""A tensor between sub-networks; bfloat16 elements are held as their bits, in uint16."""


def item(source: Handle) -> bool | int | float:
    """Return the only element of `source`; RuntimeError as torch raises it if there are others."""
    if source.size != 1:
        raise RuntimeError(f"a Tensor with {source.size} elements cannot be converted to Scalar")
    return source.item()


def bfloat16_item(source: Handle) -> float:
    """Return the only element of `source`, whose elements are bits of bfloat16."""
    return float(from_bfloat16(numpy.asarray(item(source), numpy.uint16)).item())


def bfloat16_items(source: Handle) -> list[float]:
    """Return the elements of `source`, bits of bfloat16 along one dim."""
    return from_bfloat16(source).tolist()


def from_bfloat16(source: Handle) -> Handle:
    """Return the float32 array with the same values as the bits of bfloat16 in `source`."""
    return numpy.asarray(numpy.left_shift(source, 16, dtype=numpy.uint32)).view(numpy.float32)


def to_bfloat16(source: Sequence[float]) -> Handle:
    """Return the bits of bfloat16 nearest to the numbers in `source`, ties to even."""
    wide = numpy.array(source, numpy.float32).view(numpy.uint32)
    rounded = (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16
    quiet = (wide >> 16) | 0x40
    is_nan = (wide & 0x7FFFFFFF) > 0x7F800000
    return numpy.where(is_nan, quiet, rounded).astype(numpy.uint16)


def stack(source: Sequence[Handle], dim: int) -> Handle:
    """Return the tensors of `source` side by side along a new dim."""
    if not source:
        raise RuntimeError("stack expects a non-empty TensorList")
    return numpy.stack(source, dim)


def concatenate(source: Sequence[Handle], dim: int) -> Handle:
    """Return the tensors of `source` one behind the other along `dim`."""
    if not source:
        raise RuntimeError("torch.cat(): expected a non-empty list of Tensors")
    return numpy.concatenate(source, dim)


def to_tensor(source: Sequence[float], dtype: str) -> Handle:
    """Return a tensor of the numbers in `source`."""
    return numpy.array(source, dtype)


def with_item(source: Sequence[Any], index: int, value: Any) -> list[Any]:
    """Return a copy of the list `source` with another element at `index`."""
    changed = list(source)
    changed[index] = value
    return changed


def take(source: Sequence[Any], indices: Sequence[int]) -> list[Any]:
    """Return the elements of `source` at `indices`."""
    return [source[index] for index in indices]


def order(keys: Sequence[float], reverse: bool) -> list[int]:
    """Return the positions of `keys` in the order in which Python sorts them."""
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)


def contains(text: str, part: str) -> bool:
    """Tell whether `part` occurs in `text`."""
    return part in text


def choice(items: Sequence[Any], index: int) -> Any:
    """Return the constant at `index`."""
    return items[index]


def place(items: Sequence[Any], value: Any) -> int:
    """Return where `value` stands among constants, -1 if it does not."""
    return items.index(value) if value in items else -1


def case_of(index: int, cases: int) -> int:
    """Return which of `cases` list elements Python's `index` means; IndexError if none."""
    if not -cases <= index < cases:
        raise IndexError("list index out of range")
    return index + cases if index < 0 else index
