"""`unique` along a dim, whose fake results are wrong for negative dims."""

from __future__ import annotations

from typing import Any

import torch

from .calls import call_natively
from .machine import Machine, Outcome
from .state import State
from .torch_internals import is_traced

_TORCH: Any = torch
_DIM = 4
"""The position of the argument `dim`."""


def _unique(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    given, named = list(args), dict(kwargs)
    dim = given[_DIM] if len(given) > _DIM else named.get("dim")
    tensor: Any = given[0] if given else named.get("input")
    if isinstance(dim, int) and is_traced(tensor):
        del given[_DIM:]
        named["dim"] = _counted_from_front(dim, tensor.dim())
    return call_natively(machine, state, _TORCH.unique, given, named)


def _counted_from_front(dim: int, rank: int) -> int | None:
    """Return the dim as a number that is not negative; None if it is the only one."""
    if rank == 1 and dim in (0, -1):
        return None
    return dim + rank if dim < 0 else dim


UNIQUE_FUNCTIONS = {
    _TORCH.unique: _unique,
    _TORCH.Tensor.unique: _unique,
}
