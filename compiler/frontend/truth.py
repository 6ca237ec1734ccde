"""The truth of values, and numbers out of tensors."""

from __future__ import annotations

import types
from typing import Any

import torch

from .code_kinds import is_interpreted
from .machine import Machine
from .objects import Array, DynamicList, class_of
from .scalars import NUMBER_TYPES, is_number
from .text_operations import is_filled
from .texts import Text
from .torch_internals import Tensor, is_traced

_TORCH: Any = torch
_SYMBOLIC: Any = torch.SymBool


TRUTH_METHODS = ("__bool__", "__len__")
"""The methods that decide whether an instance is true, in Python's order."""


def item_of(machine: Machine, tensor: Tensor) -> Any:
    """Return `tensor.item()`, a number that may be symbolic."""
    return machine.python(machine.tracer.native, torch.Tensor.item, tensor)


def number_of(machine: Machine, value: Any) -> Any:
    """Return the number in a tensor or array with one element; other values are returned."""
    if isinstance(value, Array):
        value = value.tensor
    return item_of(machine, value) if is_traced(value) else value


def truth(machine: Machine, value: Any) -> bool | torch.SymBool:
    """Return the truth of `value`, a Python bool if it is known on this path."""
    value = number_of(machine, value)
    if is_number(value):
        return machine.tracer.scalars.truth(value)
    if isinstance(value, Text):
        return is_filled(machine, value)
    if isinstance(value, DynamicList):
        nonempty = machine.tracer.native(_is_positive, value.length)
        return value.minimum > 0 or machine.tracer.scalars.truth(nonempty)
    for name in TRUTH_METHODS:
        method = getattr(class_of(value), name, None)
        if isinstance(method, types.FunctionType) and is_interpreted(method):
            raise machine.tracer.refuse(
                "MC0101",
                f"the truth of a {type(value).__name__} is decided by its `{name}`",
                help="call a method that returns the condition",
            )
    return machine.python(bool, value)


def conjunction(machine: Machine, conditions: list[bool | torch.SymBool]) -> Any:
    """Return whether all `conditions` hold."""
    return _combine(machine, conditions, _SYMBOLIC.__and__, neutral=True)


def disjunction(machine: Machine, conditions: list[bool | torch.SymBool]) -> Any:
    """Return whether any of `conditions` holds."""
    return _combine(machine, conditions, _SYMBOLIC.__or__, neutral=False)


def _combine(
    machine: Machine, conditions: list[bool | torch.SymBool], function: Any, *, neutral: bool
) -> Any:
    result: Any = neutral
    for condition in conditions:
        if condition is neutral:
            continue
        if isinstance(condition, bool):
            return condition
        result = (
            condition
            if isinstance(result, bool)
            else machine.tracer.native(function, result, condition)
        )
    return result


def negation(machine: Machine, condition: bool | torch.SymBool) -> Any:
    """Return the opposite of `condition`."""
    if isinstance(condition, bool):
        return not condition
    return machine.tracer.native(_TORCH.sym_not, condition)


def is_plain(value: object) -> bool:
    """Tell whether `value` is a Python number."""
    return isinstance(value, NUMBER_TYPES)


def _is_positive(number: Any) -> Any:
    return number > 0
