"""Recurrent layers over packed sequences, of which torch has no meta functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

PACKED_RECURRENT = frozenset(
    f"aten.{kind}.data" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")
)
"""Operators `(data, batch_sizes, states, weights, ..., bidirectional)`; see `packed_results`."""


def packed_results(
    data: torch.Tensor, batch_sizes: torch.Tensor, states: Any, *options: Any
) -> list[torch.Tensor]:
    """Return tensors like the results: the outputs of all steps and the last states.

    Shapes: data (steps of all sequences, features), batch_sizes (longest), each state (layers x
    directions, batch, hidden), the first result (steps of all sequences, directions x hidden).
    """
    del batch_sizes
    given: Sequence[torch.Tensor] = [states] if isinstance(states, torch.Tensor) else states
    is_bidirectional = options[-1]
    width = given[0].shape[-1] * (2 if is_bidirectional else 1)
    return [data.new_empty((data.shape[0], width)), *map(torch.empty_like, given)]
