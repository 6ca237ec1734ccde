"""Methods of modules that would change the user's modules while compiling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from .attributes import set_attribute
from .machine import Builtin, Machine, Outcome
from .module_hooks import HOOK_METHODS
from .registers import deliver
from .state import State
from .torch_internals import is_traced

_TORCH: Any = torch


def _register_buffer(
    machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver `module.register_buffer(name, tensor)`: the buffer becomes state."""
    module, name, tensor = machine.python(_named, *args, **kwargs)
    outcome = set_attribute(machine, state, module, name, tensor)
    return deliver(state, None) if outcome is Outcome.NEXT else outcome


def _named(module: Any, name: str, tensor: Any, persistent: bool = True) -> Any:
    del persistent
    return module, name, tensor


def _train(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `module.train(mode)`, which must not change anything."""
    module, *given = args
    mode = bool([*given, *kwargs.values(), True][0])
    return _set_mode(machine, state, module, mode)


def _eval(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `module.eval()`, which must not change anything."""
    del kwargs
    return _set_mode(machine, state, args[0], False)


def _set_mode(machine: Machine, state: State, module: nn.Module, mode: bool) -> Outcome:
    if any(part.training is not mode for part in module.modules()):
        raise machine.tracer.refuse(
            "MC0105",
            f"the mode of a {type(module).__name__}, which outlives the call, is changed",
            help="call `eval()` on the whole program before it is compiled",
        )
    return deliver(state, module)


def _to(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver `module.to(...)`, which must not change anything."""
    module, *given = args
    if any(map(is_traced, given)):
        return _refusing("to")(machine, state, args, kwargs)
    device, dtype, _, layout = machine.python(_TORCH._C._nn._parse_to, *given, **kwargs)
    tensors = [*module.parameters(), *module.buffers()]
    moves = device is not None and device.type != "cpu"
    casts = dtype is not None and any(t.is_floating_point() and t.dtype != dtype for t in tensors)
    if moves or casts or layout is not None:
        return _refusing("to")(machine, state, args, kwargs)
    return deliver(state, module)


def _refusing(name: str) -> Builtin:
    def refuse(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        del state, kwargs
        raise machine.tracer.refuse(
            "MC0105",
            f"`{name}` would change a {type(args[0]).__name__}, which outlives the call",
            help="do it in `__init__`",
        )

    return refuse


_CHANGING = """
    register_parameter add_module register_module
    register_full_backward_hook register_full_backward_pre_hook load_state_dict requires_grad_
    apply to_empty type float double half bfloat16 cuda compile set_submodule""".split()

MODULE_METHODS: Mapping[Any, Builtin] = {
    **HOOK_METHODS,
    nn.Module.register_buffer: _register_buffer,
    nn.Module.to: _to,
    nn.Module.cpu: _to,
    nn.Module.train: _train,
    nn.Module.eval: _eval,
    **{getattr(nn.Module, name): _refusing(name) for name in _CHANGING},
    **{
        getattr(kind, name): _refusing(name)
        for kind in (nn.Sequential, nn.ModuleList, nn.ModuleDict)
        for name in ("append", "extend", "insert", "pop", "update", "clear", "__setitem__")
        if name in vars(kind)
    },
}
"""The builtin for each such method."""
