"""The sizes of slices whose bounds depend on data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import sympy
import torch

from .torch_internals import expression_of, statically_known_true

if TYPE_CHECKING:
    from .tracer import Tracer


_TORCH: Any = torch


def narrowed(tracer: Tracer, tensor: Any, dim: int, start: Any, length: Any) -> Any:
    """Return `tensor.narrow(dim, start, length)`."""
    extent = tensor.shape[dim]
    first = start
    if not statically_known_true(start >= 0):
        first = tracer.scalars.apply(_TORCH.sym_ite, [start < 0, start + extent, start])
    _TORCH._check(first >= 0, lambda: "start out of range")
    message = "start + length exceeds dimension size"
    _TORCH._check(first + length <= extent, lambda: message)
    whole = (slice(None),) * (dim % tensor.dim())
    return tensor[(*whole, slice(first, first + length))]


def learn_size(tracer: Tracer, out: Any, tensor: Any, dim: int = 0, *bounds: Any) -> None:
    """Learn how large `out` is, a slice of `tensor` from which torch knows nothing but a symbol.

    Slices between the same bounds have one size, at most their difference if that is not negative:
    then the first is not counted from the start while the second is counted from the end.
    """
    size = expression_of(out.shape[dim])
    if not isinstance(size, sympy.Symbol) or tracer.scalars.is_bound(size):
        return
    start, end, step = (*bounds, *(0, None, 1)[len(bounds) :])
    is_open = end is None or isinstance(end, int) and end == sys.maxsize
    limits = [
        0 if start is None else start,
        tensor.shape[dim] if is_open else end,
        tensor.shape[dim],
    ]
    first, last, extent = (tracer.shapes.resolve(expression_of(limit)) for limit in limits)
    key = ("slice", first, last, extent, step)
    known = tracer.state.numbers.get(key)
    if known is not None:
        tracer.shapes.equate(out.shape[dim], known)
        return
    tracer.state.numbers[key] = out.shape[dim]
    if step == 1 and (last - first).is_Integer and last >= first:
        tracer.shapes.narrow(out.shape[dim], 0, int(last - first))
