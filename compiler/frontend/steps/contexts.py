"""`with` statements."""

from __future__ import annotations

import types
from contextlib import nullcontext
from typing import Any

import torch

from ..calls import call
from ..code_kinds import IGNORED_CONTEXTS, is_interpreted
from ..hir import EnterContext, ExitContext
from ..machine import Machine, Outcome
from ..objects import class_of, is_a
from ..registers import deliver, read
from ..state import State

_WITHOUT_EFFECT = (*IGNORED_CONTEXTS, torch.profiler.record_function)


def enter(machine: Machine, state: State, step: EnterContext) -> Outcome:
    """Execute `EnterContext`."""
    manager = read(machine, state, step.manager)
    if _is_ignored(manager):
        return deliver(state, None)
    if is_a(manager, nullcontext):
        return deliver(state, manager.enter_result)
    return call(machine, state, _method(machine, manager, "__enter__"), [manager], {})


def leave(machine: Machine, state: State, step: ExitContext) -> Outcome:
    """Execute `ExitContext`."""
    manager = read(machine, state, step.manager)
    if _is_ignored(manager) or is_a(manager, nullcontext):
        return deliver(state, None)
    error = None if step.exception is None else read(machine, state, step.exception)
    kind = None if error is None else class_of(error)
    method = _method(machine, manager, "__exit__")
    return call(machine, state, method, [manager, kind, error, None], {})


def _is_ignored(manager: Any) -> bool:
    """Tell whether a context changes nothing: no gradients are computed, nor is autocast on."""
    if is_a(manager, torch.autocast):
        return not getattr(manager, "_enabled", True)
    return is_a(manager, _WITHOUT_EFFECT)


def _method(machine: Machine, manager: Any, name: str) -> types.FunctionType:
    method = getattr(class_of(manager), name, None)
    if isinstance(method, types.FunctionType) and is_interpreted(method):
        return method
    raise machine.tracer.refuse(
        "MC0101",
        f"a `with` statement over a {type(manager).__name__}",
        help="leave the context out; instead of autocast, cast with `.to(dtype)`",
    )


STEPS: dict[type, Any] = {EnterContext: enter, ExitContext: leave}
