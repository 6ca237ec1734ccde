"""Recurrent cells and layers of torch for batches whose size depends on data.

Torch's own kernels ask for all sizes as plain numbers; these compute the same by operations that
take sizes as they are. The lengths of sequences must be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

import torch
from torch.nn import functional

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


RECURRENT: Mapping[tuple[Any, str], Callable[..., Any]] = {
    (_VF, "lstm_cell"): _lstm_cell,
    (_VF, "gru_cell"): _gru_cell,
    (_VF, "lstm"): _DECOMPOSITIONS.lstm_impl,
    (_VF, "gru"): _DECOMPOSITIONS.gru_impl,
    (_VF, "rnn_tanh"): _DECOMPOSITIONS.rnn_tanh_input,
    (_VF, "rnn_relu"): _DECOMPOSITIONS.rnn_relu_input,
}
"""What computes the same as a function of torch, by the module and name of that."""
