"""Splitting tensors, in Python: what the machine interprets instead of functions of torch."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor


def split_into(tensor: Tensor, sizes: Iterable[int], dim: int = 0) -> list[Tensor]:
    """Return `torch.split` into parts of these sizes, of which the data decides how many."""
    parts: list[Tensor] = []
    start = 0
    for size in sizes:
        parts.append(tensor.narrow(dim, start, size))
        start += size
    if start != tensor.shape[dim]:
        raise RuntimeError("split_with_sizes expects split_sizes to sum exactly to the extent")
    return parts


def split_evenly(tensor: Tensor, size: int, dim: int = 0) -> list[Tensor]:
    """Return `torch.split` into parts of a size that depends on data."""
    extent = tensor.shape[dim]
    if size <= 0 and (size < 0 or extent > 0):
        raise RuntimeError("split_size can only be 0 if dimension size is 0")
    parts = [tensor.narrow(dim, 0, min(size, extent))]
    start = size
    while start < extent:
        parts.append(tensor.narrow(dim, start, min(size, extent - start)))
        start += size
    return parts
