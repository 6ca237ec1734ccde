"""Parts of tensors that data decides on: ranges of a dim, and the runs of equal elements."""

from __future__ import annotations

from typing import Any

import torch

from . import prelude_parts as prelude
from .calls import call_natively
from .functions import push_function
from .machine import Machine, Outcome
from .objects import DynamicList
from .registers import deliver
from .scalars import is_symbolic
from .slices import narrowed
from .state import State
from .torch_internals import is_traced
from .truth import number_of

_TORCH: Any = torch


def narrow(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `tensor.narrow(dim, start, length)`."""
    given = dict(zip(("input", "dim", "start", "length"), args, strict=False)) | kwargs
    start, length = (number_of(machine, given[name]) for name in ("start", "length"))
    tensor, dim = given["input"], given["dim"]
    if not is_traced(tensor) or not is_symbolic(start) and not is_symbolic(length):
        return call_natively(machine, state, torch.narrow, [tensor, dim, start, length], {})
    tracer = machine.tracer
    part = machine.python(tracer.native, narrowed, tracer, tensor, dim, start, length)
    return deliver(state, part)


def split(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `tensor.split(sizes, dim)`, a list where the data decides how many parts it has."""
    names = ("tensor", "split_size_or_sections", "dim")
    given = dict(zip(names, args, strict=False)) | kwargs
    tensor = given.get("tensor", given.get("self"))
    sizes = given.get("split_size_or_sections", given.get("split_size"))
    sizes = machine.tracer.scalars.constant_or_symbol(number_of(machine, sizes))
    replacement = prelude.split_into if isinstance(sizes, DynamicList) else prelude.split_evenly
    if replacement is prelude.split_evenly and not is_symbolic(sizes):
        return call_natively(machine, state, torch.split, args, kwargs)
    return push_function(machine, state, replacement, [tensor, sizes, given.get("dim", 0)], {})


def unique_consecutive(
    machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `torch.unique_consecutive(...)`."""
    names = ("input", "return_inverse", "return_counts", "dim")
    given = dict(zip(names, args, strict=False)) | kwargs
    if not is_traced(given["input"]):
        return call_natively(machine, state, _TORCH.unique_consecutive, args, kwargs)
    return deliver(state, machine.python(machine.tracer.native, _runs, *_ordered(given, names)))


def _ordered(given: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    defaults = {"return_inverse": False, "return_counts": False, "dim": None}
    return [(defaults | given)[name] for name in names]


def _runs(tensor: Any, with_inverse: bool, with_counts: bool, dim: int | None) -> Any:
    items = tensor.reshape(-1) if dim is None else tensor.movedim(dim, 0)
    place = torch.arange(items.shape[0])
    before = items.index_select(0, (place - 1).clamp(min=0))
    differs = items != before
    begins = (differs.flatten(1).any(1) if items.dim() > 1 else differs) | (place == 0)
    kept = items[begins]
    number = begins.cumsum(0) - 1
    result = [kept if dim is None else kept.movedim(0, dim)]
    if with_inverse:
        result.append(number.view(tensor.shape) if dim is None else number)
    if with_counts:
        zeros = torch.zeros(kept.shape[0], dtype=torch.int64)
        result.append(zeros.index_add(0, number, torch.ones_like(number)))
    return tuple(result) if len(result) > 1 else result[0]
