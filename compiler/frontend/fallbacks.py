"""ATen operators as others, for those whose kernels cannot take sizes that depend on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .torch_internals import statically_known_true

_ATEN: Any = torch.ops.aten


def pad(tensor: Any, padding: Sequence[Any], value: Any = 0) -> Any:
    """Return `tensor` with constant borders; `padding` is (left, right) from the last dim on."""
    for index in range(len(padding) // 2):
        dim = tensor.dim() - 1 - index
        before, after = padding[2 * index : 2 * index + 2]
        is_filled = isinstance(tensor.shape[dim], int) and tensor.shape[dim] > 0
        if is_filled and not (_is_known(before) and _is_known(after)):
            tensor = _crop_or_pad(tensor, dim, before, after, value)
            continue
        tensor = _cropped(tensor, dim, before, after)
        parts = [_border(tensor, dim, before, value), tensor, _border(tensor, dim, after, value)]
        tensor = _ATEN.cat.default([part for part in parts if part is not None], dim)
    return tensor


def _is_known(extent: Any) -> bool:
    """Tell whether the sign of `extent` is known, and it is not negative."""
    return statically_known_true(extent >= 0)


def _cropped(tensor: Any, dim: int, before: Any, after: Any) -> Any:
    """Drop what negative padding drops."""
    is_cut = [isinstance(extent, int) and extent < 0 for extent in (before, after)]
    if not any(is_cut):
        return tensor
    first = -before if is_cut[0] else 0
    last = tensor.shape[dim] + (after if is_cut[1] else 0)
    rows = _ATEN.arange.start(first, last, device=tensor.device)
    return _ATEN.index_select.default(tensor, dim, rows)


def _border(tensor: Any, dim: int, extent: Any, value: Any) -> Any:
    if isinstance(extent, int) and extent <= 0:
        return None
    shape = [*tensor.shape]
    shape[dim] = extent
    return _ATEN.full.default(shape, value, dtype=tensor.dtype, device=tensor.device)


def _crop_or_pad(tensor: Any, dim: int, before: Any, after: Any, value: Any) -> Any:
    """Pad or crop one dim by numbers of unknown sign."""
    extent = tensor.shape[dim]
    place = _ATEN.arange.default(extent + before + after, device=tensor.device)
    place = _ATEN.sub.Tensor(place, before)
    nearest = _ATEN.clamp.default(place, 0, extent - 1)
    inside = _ATEN.view.default(
        _ATEN.eq.Tensor(place, nearest), [-1, *[1] * (tensor.dim() - dim - 1)]
    )
    rows = _ATEN.index_select.default(tensor, dim, nearest)
    border = _ATEN.scalar_tensor.default(value, dtype=tensor.dtype, device=tensor.device)
    return _ATEN.where.self(inside, rows, border)


FALLBACKS: Mapping[Any, Callable[..., Any]] = {_ATEN.constant_pad_nd.default: pad}
"""What is recorded instead of an operator whose own kernel fails on unknown sizes."""


def _pad_by_unknown(
    tensor: Any, padding: Sequence[Any], value: Any = 0
) -> Callable[[], Any] | None:
    """Return how to pad by extents that depend on data, for which torch wants open sizes."""
    if all(isinstance(extent, int) for extent in padding):
        return None
    is_open = any(not isinstance(extent, int) for extent in tensor.shape)
    if is_open and all(map(_is_known, padding)):
        return None
    return lambda: pad(tensor, padding, value)


REPLACEMENTS: Mapping[Any, Callable[..., Callable[[], Any] | None]] = {
    _ATEN.constant_pad_nd.default: _pad_by_unknown,
}
"""What is recorded instead of an operator that would refuse its arguments, if anything."""
