"""What two calls must share to run the same compiled program."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .example import Example


@dataclass(frozen=True)
class Signature:
    """The arrangement of the inputs, and dtype, shape and device of each tensor among them."""

    structure: Hashable
    leaves: tuple[Hashable, ...]

    def __str__(self) -> str:
        return "(" + ", ".join(map(str, self.leaves)) + ")"


def signature_of(program: Callable[..., Any], example: Example) -> Signature:
    """Return the signature of calling `program` with `example`."""
    leaves, structure = pytree.tree_flatten((tuple(example.args), dict(example.kwargs)))
    training = bool(getattr(program, "training", False))
    return Signature((training, structure), tuple(map(_describe, leaves)))


def _describe(leaf: Any) -> Hashable:
    if isinstance(leaf, torch.Tensor) or hasattr(leaf, "__dlpack__"):
        shape = "x".join(str(extent) for extent in leaf.shape) or "scalar"
        dtype = str(leaf.dtype).removeprefix("torch.")
        return f"{shape} {dtype} {getattr(leaf, 'device', 'cpu')}"
    if isinstance(leaf, (int, float, bool, str)) or leaf is None:
        return (type(leaf).__name__, leaf)
    return f"{type(leaf).__name__} at {id(leaf):#x}"


def call_parameters(program: Callable[..., Any]) -> inspect.Signature:
    """Return the Python signature with which `program` is called."""
    return inspect.signature(getattr(program, "forward", program))
