"""Pooling of sequences and resizing of images, for sizes that depend on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import torch

_TORCH: Any = torch
_NN: Any = import_module("torch._C")._nn
_ATEN: Any = torch.ops.aten


def _max_pool1d(
    x: torch.Tensor, size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, *rest: Any
) -> torch.Tensor:
    """Return the maxima of an image with one row."""
    size, padding, dilation = map(_only, (size, padding, dilation))
    step = _only(stride) if stride else size
    image = x.unsqueeze(-2)
    pooled: torch.Tensor = _TORCH.max_pool2d(
        image, (1, size), (1, step), (0, padding), (1, dilation), *rest
    )
    return pooled.squeeze(-2)


def _only(number: Any) -> Any:
    is_sequence = type(number) in (list, tuple)
    return number[0] if is_sequence else number


def _resizing(packet: Any) -> Callable[..., Any]:
    """Return what resizes by an operator to a size; one that resizes by factors wants numbers."""

    def resize(x: torch.Tensor, sizes: Sequence[Any] | None, *rest: Any) -> Any:
        if sizes is None:
            return packet.vec(x, sizes, *rest)
        *flags, factors = rest
        return packet.default(x, sizes, *flags, *(factors or ()))

    return resize


_NEAREST = ("upsample_nearest", "_upsample_nearest_exact")
_RESIZES = (
    *(f"{name}{rank}d" for name in _NEAREST for rank in (1, 2, 3)),
    *(f"upsample_{kind}" for kind in ("linear1d", "bilinear2d", "bicubic2d", "trilinear3d")),
)

RESIZES: frozenset[Any] = frozenset(getattr(_ATEN, name).default for name in _RESIZES)
"""Operators that return an image of the size which is their second argument."""

RESIZING: Mapping[tuple[Any, str], Callable[..., Any]] = {
    (_TORCH, "max_pool1d"): _max_pool1d,
    **{(_NN, name): _resizing(getattr(_ATEN, name)) for name in _RESIZES},
}
"""What computes the same as a function of torch, by the module and name of that."""
