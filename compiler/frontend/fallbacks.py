"""ATen operators as others, for those whose kernels cannot take sizes that depend on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

_ATEN: Any = torch.ops.aten


def pad(tensor: Any, padding: Sequence[Any], value: Any = 0) -> Any:
    """Return `tensor` with constant borders; `padding` is (left, right) from the last dim on."""
    for index in range(len(padding) // 2):
        dim = tensor.dim() - 1 - index
        before, after = padding[2 * index : 2 * index + 2]
        parts = [_border(tensor, dim, before, value), tensor, _border(tensor, dim, after, value)]
        tensor = _ATEN.cat.default([part for part in parts if part is not None], dim)
    return tensor


def _border(tensor: Any, dim: int, extent: Any, value: Any) -> Any:
    if isinstance(extent, int) and extent == 0:
        return None
    shape = [*tensor.shape]
    shape[dim] = extent
    return _ATEN.full.default(shape, value, dtype=tensor.dtype, device=tensor.device)


FALLBACKS: Mapping[Any, Callable[..., Any]] = {_ATEN.constant_pad_nd.default: pad}
"""What is recorded instead of an operator whose own kernel fails on unknown sizes."""
