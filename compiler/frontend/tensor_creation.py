"""Tensors made of numbers and lists that depend on data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from . import prelude
from .calls import call_natively
from .functions import push_function
from .machine import Builtin, Machine, Outcome
from .native import run_native
from .objects import Array, DynamicList, is_a
from .registers import deliver
from .scalars import is_symbolic, number_type
from .state import State
from .torch_internals import is_traced
from .truth import number_of
from .value_ranges import range_of

_TORCH: Any = torch
TENSOR_CLASSES: Any = (
    _TORCH.Tensor,
    _TORCH.FloatTensor,
    _TORCH.DoubleTensor,
    _TORCH.LongTensor,
    _TORCH.IntTensor,
    _TORCH.BoolTensor,
)


def make_tensor_of_class(cls: Any) -> Builtin:
    """Deliver `torch.LongTensor(data)` and its like, which convert numbers to their own type."""

    def builtin(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        if len(args) != 1 or not (is_a(args[0], (list, tuple)) and _holds_data(args[0])):
            return call_natively(machine, state, cls, args, kwargs)
        dtype = cls().dtype
        return deliver(state, machine.python(new_tensor, machine, list(args[0]), dtype=dtype))

    return builtin


def make_tensor_like(
    machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `like.new_tensor(data)`."""
    like, data, *_ = args
    if not is_a(data, (list, tuple)) or not _holds_data(data) or kwargs.keys() - {"dtype"}:
        return call_natively(machine, state, torch.Tensor.new_tensor, args, kwargs)
    dtype = kwargs.get("dtype") or like.dtype
    return deliver(state, machine.python(new_tensor, machine, data, dtype=dtype))


def new_tensor(machine: Machine, data: Any, **kwargs: Any) -> Any:
    """Return `torch.tensor(data, **kwargs)`."""
    data = data.tensor if isinstance(data, Array) else data
    if isinstance(data, DynamicList):
        return machine.lists.to_tensor(data, kwargs.get("dtype"))
    if is_symbolic(data):
        return _scalar_tensor(machine, data, **kwargs)
    if is_a(data, (list, tuple)) and _holds_data(data):
        parts = [new_tensor(machine, item, **kwargs) for item in data]
        return machine.tracer.native(torch.stack, parts)
    if is_traced(data):
        copied = machine.tracer.native(torch.clone, data)
        return machine.tracer.native(torch.Tensor.to, copied, **kwargs) if kwargs else copied
    return run_native(machine, torch.tensor, [data], kwargs)


def _holds_data(value: Any) -> bool:
    if is_a(value, (list, tuple)):
        return any(map(_holds_data, value))
    return is_traced(value) or is_symbolic(value) or isinstance(value, (Array, DynamicList))


def _scalar_tensor(machine: Machine, number: Any, **kwargs: Any) -> Any:
    defaults = {int: torch.int64, float: torch.get_default_dtype(), bool: torch.bool}
    dtype = kwargs.get("dtype") or defaults[number_type(number)]
    plain = machine.tracer.scalars.cast(number, int) if number_type(number) is bool else number
    return machine.tracer.native(
        torch.scalar_tensor, plain, dtype=dtype, device=kwargs.get("device")
    )


def one_hot(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `torch.nn.functional.one_hot(tensor, num_classes)`."""
    tensor, *rest = args or [kwargs["tensor"]]
    count = number_of(machine, rest[0] if rest else kwargs.get("num_classes", -1))
    if not is_traced(tensor):
        return call_natively(machine, state, functional.one_hot, args, kwargs)
    is_counted = not is_symbolic(count) and count == -1
    if not is_counted and not is_symbolic(count):
        _check_classes(machine, tensor, count)
        return call_natively(machine, state, functional.one_hot, [tensor, count], {})
    given = [tensor] if is_counted else [tensor, count]
    return push_function(machine, state, prelude.one_hot, given, {})


def _check_classes(machine: Machine, tensor: Any, count: int) -> None:
    """Let the program raise what torch raises for classes out of range, if there may be any."""
    low, high = range_of(machine.tracer.tensors.value(tensor))
    if low is None or low < 0:
        _check_all(machine, lambda: tensor >= 0, "Class values must be non-negative.")
    if high is None or high >= count:
        message = "Class values must be smaller than num_classes."
        _check_all(machine, lambda: tensor < count, message)


def _check_all(machine: Machine, conditions: Callable[[], Any], message: str) -> None:
    tracer = machine.tracer
    holds = tracer.native(lambda: conditions().all().item())
    if holds is not True:
        tracer.require(holds, message)
