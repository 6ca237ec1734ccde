"""Functions that Python runs by itself: what they change, and what torch asks meanwhile."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from ...ir.graph import AtenOp
from .cells import keep_mutated_weight
from .failures import Undecided
from .machine import Machine
from .torch_internals import (
    GUARD_ERRORS,
    Tensor,
    asked_condition,
    has_data_mutation,
    is_raw_tensor,
    is_traced,
    storage_key,
)

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)


def unknown_flag(error: BaseException, values: list[Any]) -> Any:
    """Return the flag for which a function wants a bool, None if `error` is about something else.

    Torch checks the types of arguments before it does anything.
    """
    if not isinstance(error, TypeError):
        return None
    flags = (value for value in values if isinstance(value, torch.SymBool))
    return next(flags, None)


def sees_constants_only(function: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Tell whether nothing that a function is called with depends on data."""
    is_plain = isinstance(function, (types.FunctionType, types.BuiltinFunctionType))
    owner = getattr(function, "__self__", None)
    leaves: list[Any] = pytree.tree_leaves((args, kwargs))
    return (
        is_plain
        and (owner is None or isinstance(owner, types.ModuleType))
        and all(isinstance(leaf, _CONSTANTS) for leaf in leaves)
    )


def run_native(
    machine: Machine,
    function: Any,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    repeatable: bool = False,
) -> Any:
    """Return `function(*args, **kwargs)`; refuse what mutates tensors of uncertain aliases.

    A weight that the function mutates becomes state. With `repeatable`, Undecided is raised where
    torch must know a relation of sizes, unless what the function did so far must not be repeated.
    """
    leaves, structure = pytree.tree_flatten((args, kwargs))
    if any(map(is_raw_tensor, leaves)):
        leaves = [machine.tracer.tensors.lift(leaf) for leaf in leaves]
        args, kwargs = pytree.tree_unflatten(leaves, structure)
    values = [getattr(function, "__self__", None), *leaves]
    effects = _Effects(machine, values)
    try:
        return guard_aliases(
            machine,
            values,
            lambda: machine.python(machine.tracer.native, function, *args, **kwargs),
        )
    except GUARD_ERRORS as error:
        if repeatable and not effects.any():
            condition = asked_condition(error, machine.tracer.shapes)
            if condition is not None:
                raise Undecided(condition) from None
        raise


class _Effects:
    """What a native call must not do twice: it changed tensors, or drew random numbers."""

    def __init__(self, machine: Machine, values: list[Any]) -> None:
        self._machine = machine
        self._traced = [value for value in values if is_traced(value)]
        self._fakes = [machine.tracer.tensors.fake(value) for value in self._traced]
        self._block = machine.tracer.state.block
        self._position = len(self._block.ops)

    def any(self) -> bool:
        """Tell whether there were any since this was made."""
        now = map(self._machine.tracer.tensors.fake, self._traced)
        changed = any(new is not old for new, old in zip(now, self._fakes, strict=True))
        drawn = [op for op in self._block.ops[self._position :] if isinstance(op, AtenOp)]
        return changed or not all(op.is_pure for op in drawn)


def guard_aliases(machine: Machine, values: list[Any], action: Callable[[], Any]) -> Any:
    """Return `action()`; MC0104 if it changes one of `values` whose aliases are uncertain."""
    tensors = machine.tracer.tensors
    traced = [value for value in values if is_traced(value)]
    fragile = [value for value in traced if tensors.has_lost_alias(value)]
    before = [tensors.fake(value) for value in fragile]
    result = action()
    for value in traced:
        weight = tensors.weight_under(value)
        if weight is not None and has_data_mutation(weight.tensor):
            keep_mutated_weight(machine, weight)
    for value, old in zip(fragile, before, strict=True):
        if tensors.fake(value) is not old:
            _refuse_mutation(machine, value)
    return result


def _refuse_mutation(machine: Machine, tensor: Tensor) -> None:
    base = machine.tracer.tensors.base_of_view.get(storage_key(tensor))
    if base is not None:
        keep_mutated_weight(machine, base)
    raise machine.tracer.refuse(
        "MC0104",
        "a tensor is changed in place that shares memory on some paths only",
        help="use the out-of-place operation, or clone the tensor first",
    )
