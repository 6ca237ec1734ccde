"""`unique` and `unique_consecutive` along a dim, whose fake results are wrong for negative dims."""

from __future__ import annotations

from typing import Any

import torch

from .calls import call_natively
from .machine import Builtin, Machine, Outcome
from .state import State
from .torch_internals import is_traced

_TORCH: Any = torch
_DIM = 3
"""The position of the argument `dim` of `unique_consecutive`; of `unique` it is one more."""


def _finding(function: Any, position: int) -> Builtin:
    def builtin(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        given, named = list(args), dict(kwargs)
        dim = given[position] if len(given) > position else named.get("dim")
        tensor: Any = given[0] if given else named.get("input")
        if isinstance(dim, int) and is_traced(tensor):
            del given[position:]
            named["dim"] = _counted_from_front(dim, tensor.dim())
        return call_natively(machine, state, function, given, named)

    return builtin


def _counted_from_front(dim: int, rank: int) -> int | None:
    """Return the dim as a number that is not negative; None if it is the only one."""
    if rank == 1 and dim in (0, -1):
        return None
    return dim + rank if dim < 0 else dim


UNIQUE_FUNCTIONS = {
    _TORCH.unique_consecutive: _finding(_TORCH.unique_consecutive, _DIM),
    _TORCH.Tensor.unique_consecutive: _finding(_TORCH.unique_consecutive, _DIM),
    _TORCH.unique: _finding(_TORCH.unique, _DIM + 1),
    _TORCH.Tensor.unique: _finding(_TORCH.unique, _DIM + 1),
}
