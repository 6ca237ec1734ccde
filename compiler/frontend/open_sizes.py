"""Functions of torch that ask for all sizes as plain numbers, and what is called instead."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .recurrence import RECURRENT
from .resizing import RESIZING


@contextlib.contextmanager
def open_sizes() -> Generator[None]:
    """Let these functions of torch take sizes that depend on data."""
    replacements = {**RECURRENT, **RESIZING}
    originals = {place: getattr(*place) for place in replacements}
    for place, replacement in replacements.items():
        setattr(*place, _choosing(originals[place], replacement))
    try:
        yield
    finally:
        for place, original in originals.items():
            setattr(*place, original)


def _choosing(original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*args: Any, **kwargs: Any) -> Any:
        is_packed = len(args) > 6 and not isinstance(args[3], bool)
        replaces = not is_packed and _has_open_size(pytree.tree_leaves(args))
        return (replacement if replaces else original)(*args, **kwargs)

    return chosen


def _has_open_size(leaves: Iterable[Any]) -> bool:
    tensors = (leaf for leaf in leaves if isinstance(leaf, torch.Tensor))
    return any(isinstance(extent, torch.SymInt) for tensor in tensors for extent in tensor.shape)
