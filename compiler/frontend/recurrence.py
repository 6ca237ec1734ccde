"""Recurrent cells and layers of torch for batches whose size depends on data.

Torch's own kernels ask for all sizes as plain numbers; these compute the same by operations that
take sizes as they are. The lengths of sequences must be known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from importlib import import_module
from typing import Any, TypeAlias

import torch
from torch.nn import functional
from torch.utils import _pytree as pytree

_VF: Any = import_module("torch._VF")
_DECOMPOSITIONS: Any = import_module("torch._decomp.decompositions")

Weights: TypeAlias = torch.Tensor | None


def _lstm_cell(
    x: torch.Tensor,
    state: tuple[torch.Tensor, torch.Tensor],
    input_weight: torch.Tensor,
    hidden_weight: torch.Tensor,
    input_bias: Weights = None,
    hidden_bias: Weights = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    hidden, cell = state
    gates = functional.linear(hidden, hidden_weight, hidden_bias)
    gates = gates + functional.linear(x, input_weight, input_bias)
    enter, forget, new, leave = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * cell.tanh(), cell


def _gru_cell(
    x: torch.Tensor,
    hidden: torch.Tensor,
    input_weight: torch.Tensor,
    hidden_weight: torch.Tensor,
    input_bias: Weights = None,
    hidden_bias: Weights = None,
) -> torch.Tensor:
    own = functional.linear(x, input_weight, input_bias).chunk(3, 1)
    carried = functional.linear(hidden, hidden_weight, hidden_bias).chunk(3, 1)
    reset = (carried[0] + own[0]).sigmoid()
    update = (carried[1] + own[1]).sigmoid()
    new = (own[2] + carried[2] * reset).tanh()
    return (hidden - new) * update + new


_REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "lstm_cell": _lstm_cell,
    "gru_cell": _gru_cell,
    "lstm": _DECOMPOSITIONS.lstm_impl,
    "gru": _DECOMPOSITIONS.gru_impl,
    "rnn_tanh": _DECOMPOSITIONS.rnn_tanh_input,
    "rnn_relu": _DECOMPOSITIONS.rnn_relu_input,
}


@contextlib.contextmanager
def open_sizes() -> Generator[None]:
    """Let recurrent modules of torch take batches whose size depends on data."""
    for name, replacement in _REPLACEMENTS.items():
        setattr(_VF, name, _choosing(getattr(_VF, name), replacement))
    try:
        yield
    finally:
        for name in _REPLACEMENTS:
            delattr(_VF, name)


def _choosing(original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*args: Any) -> Any:
        is_packed = len(args) > 6 and not isinstance(args[3], bool)
        replaces = not is_packed and _has_open_size(pytree.tree_leaves(args))
        return replacement(*args) if replaces else original(*args)

    return chosen


def _has_open_size(leaves: Iterable[Any]) -> bool:
    tensors = (leaf for leaf in leaves if isinstance(leaf, torch.Tensor))
    return any(isinstance(extent, torch.SymInt) for tensor in tensors for extent in tensor.shape)
