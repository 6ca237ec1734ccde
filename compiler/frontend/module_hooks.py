"""Hooks that the program puts on modules: each path has its own, and none outlives the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from . import prelude_hooks as prelude
from .functions import push_function
from .machine import Builtin, Machine, Outcome
from .registers import deliver
from .state import State
from .torch_internals import Hooks, forward_hooks

_BEFORE = "<hooks before>"
_AFTER = "<hooks after>"
"""The attributes of a module under which a path keeps (name, hook, takes keywords) in order."""

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)

_Arguments = tuple[Any, Any, bool, bool]


def hooks_of(state: State, module: nn.Module) -> tuple[Hooks, Hooks]:
    """Return the hooks that run before and after `forward` on this path."""
    before, after = forward_hooks(module)
    return before + _own(state, module, _BEFORE), after + _own(state, module, _AFTER)


def is_hooked(state: State, module: nn.Module) -> bool:
    """Tell whether calling `module` runs hooks on this path."""
    return any(hooks_of(state, module))


def _own(state: State, module: nn.Module, where: str) -> Hooks:
    kept = state.overlay.get((id(module), where), ())
    return [(hook, takes_keywords) for _, hook, takes_keywords in kept]


def refuse_lasting_hooks(machine: Machine, state: State) -> None:
    """Refuse a call that would leave a hook behind, which the next call would run too."""
    if any(name in (_BEFORE, _AFTER) for _, name in state.overlay):
        raise machine.tracer.refuse(
            "MC0105",
            "a hook is put on a module, and still there when the call ends",
            help="remove it by the handle that is returned, or install it before compiling",
        )


def _registering(where: str, arguments: Any) -> Builtin:
    def register(
        machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
    ) -> Outcome:
        """Put a hook on a module and deliver its handle."""
        module, hook, prepend, takes_keywords = machine.python(arguments, *args, **kwargs)
        reason = _obstacle(machine, module)
        if reason or (prepend and any(forward_hooks(module))):
            raise _refusal(machine, module, reason or "has hooks, which this one is to precede")
        kept = state.overlay.get((id(module), where), ())
        taken = {name for name, _, _ in kept}
        name = next(f"hook {n}" for n in range(len(kept) + 1) if f"hook {n}" not in taken)
        entry = (name, hook, takes_keywords)
        state.overlay[(id(module), where)] = (entry, *kept) if prepend else (*kept, entry)
        return push_function(machine, state, prelude.make_handle, [module, where, name], {})

    return register


def _of_pre_hook(
    module: Any, hook: Any, *, prepend: bool = False, with_kwargs: bool = False
) -> _Arguments:
    return module, hook, prepend, with_kwargs


def _of_hook(
    module: Any,
    hook: Any,
    *,
    prepend: bool = False,
    with_kwargs: bool = False,
    always_call: bool = False,
) -> _Arguments:
    if always_call:
        raise NotImplementedError("a hook that is called even after an exception")
    return module, hook, prepend, with_kwargs


def _obstacle(machine: Machine, module: nn.Module) -> str:
    """Return why calls of `module` may not see a hook, "" if all do."""
    if machine.is_local:
        return "is called in a function that calls itself"
    if any(_runs_inside(module, parent) for parent in list(machine.foreign.objects.values())):
        return "is part of a module of torch, which runs as a whole"
    return ""


def _runs_inside(module: nn.Module, parent: Any) -> bool:
    if not isinstance(parent, nn.Module) or parent is module or isinstance(parent, _CONTAINERS):
        return False
    is_of_torch = type(parent).forward.__module__.startswith("torch.")
    return is_of_torch and any(part is module for part in parent.modules())


def _refusal(machine: Machine, module: nn.Module, reason: str) -> Exception:
    return machine.tracer.refuse(
        "MC0105",
        f"a hook is put on a {type(module).__name__} that {reason}",
        help="install it before compiling, or do in `forward` what it does",
    )


def _remove(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    del machine, kwargs
    module, where, name = args
    kept = state.overlay.pop((id(module), where), ())
    rest = tuple(entry for entry in kept if entry[0] != name)
    if rest:
        state.overlay[(id(module), where)] = rest
    return deliver(state, None)


HOOK_METHODS: Mapping[Any, Builtin] = {
    nn.Module.register_forward_pre_hook: _registering(_BEFORE, _of_pre_hook),
    nn.Module.register_forward_hook: _registering(_AFTER, _of_hook),
    prelude.remove_hook: _remove,
}
"""The builtin for each method that puts a hook on a module, and for the end of one."""
