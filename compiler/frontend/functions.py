"""Functions in Python: their arguments become registers of a new frame."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from torch import nn

from .foreign import ForeignObjects
from .generators import make_generator
from .hir import Code, lower_function
from .invocation import invoke_instead
from .machine import Machine, Outcome
from .objects import InterpretedFunction
from .state import Frame, ResultUse, State


def push_function(
    machine: Machine,
    state: State,
    function: types.FunctionType,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    constructed: Any = None,
    use: ResultUse = ResultUse.DESTINATION,
) -> Outcome:
    """Begin the interpretation of a Python function."""
    code = lower_function(function)
    foreign = machine.foreign
    positional = [foreign.read(value) for value in function.__defaults__ or ()]
    keyword = {k: foreign.read(v) for k, v in (function.__kwdefaults__ or {}).items()}
    registers = machine.python(bind_arguments, code, positional, keyword, args, kwargs)
    cells = zip(code.free_variables, function.__closure__ or (), strict=True)
    registers.update((f"&{name}", cell) for name, cell in cells)
    frame = _frame(machine, state, code, registers, function.__globals__, args)
    if code.is_generator:
        return make_generator(state, frame, use)
    frame.constructed = constructed
    frame.result_use = use
    invoked = invoke_instead(machine, state, frame)
    return machine.push(state, frame) if invoked is None else invoked


def push_interpreted(
    machine: Machine,
    state: State,
    function: InterpretedFunction,
    args: list[Any],
    kwargs: dict[str, Any],
) -> Outcome:
    """Begin the interpretation of a function that the program defines."""
    code = function.code
    defaults = list(function.defaults)
    registers = machine.python(
        bind_arguments, code, defaults, dict(function.keyword_defaults), args, kwargs
    )
    cells = zip(code.free_variables, function.cells, strict=True)
    registers.update((f"&{name}", cell) for name, cell in cells)
    frame = _frame(machine, state, code, registers, function.module_globals, args)
    if code.is_generator:
        return make_generator(state, frame, ResultUse.DESTINATION)
    invoked = invoke_instead(machine, state, frame)
    return machine.push(state, frame) if invoked is None else invoked


def _frame(
    machine: Machine,
    state: State,
    code: Code,
    registers: dict[str, Any],
    module_globals: Mapping[str, Any],
    args: list[Any],
) -> Frame:
    caller = state.location() if state.frames else None
    path = module_path(machine.foreign, args)
    if path is None:
        path = state.frame.module_path if state.frames else ""
    activation = machine.next_activation()
    return Frame(code, registers, module_globals, activation, caller, path, state.forks)


def module_path(foreign: ForeignObjects, args: list[Any]) -> str | None:
    """Return the qualified name of the module that is the first argument."""
    is_method = bool(args) and isinstance(args[0], nn.Module)
    return foreign.path(args[0]) if is_method else None


def bind_arguments(
    code: Code,
    defaults: list[Any],
    keyword_defaults: Mapping[str, Any],
    args: list[Any],
    kwargs: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the registers that hold the arguments; TypeError as Python raises it."""
    parameters = code.parameters
    positional = (*parameters.positional_only, *parameters.positional)
    bound: dict[str, Any] = dict(zip(positional, args, strict=False))
    rest, remaining = args[len(positional) :], dict(kwargs)
    if rest and parameters.variadic is None:
        raise TypeError(
            f"{code.name}() takes {len(positional)} positional arguments but {len(args)} were given"
        )
    for name in (*parameters.positional, *parameters.keyword_only):
        if name in remaining:
            if name in bound:
                raise TypeError(f"{code.name}() got multiple values for argument '{name}'")
            bound[name] = remaining.pop(name)
    values = dict(keyword_defaults)
    if defaults:
        values.update(zip(positional[-len(defaults) :], defaults, strict=True))
    for name in (*positional, *parameters.keyword_only):
        if name not in bound:
            if name not in values:
                raise TypeError(f"{code.name}() missing a required argument: '{name}'")
            bound[name] = values[name]
    return _bind_variadic(code, bound, rest, remaining)


def _bind_variadic(
    code: Code, bound: dict[str, Any], rest: list[Any], remaining: dict[str, Any]
) -> dict[str, Any]:
    parameters = code.parameters
    if parameters.variadic is not None:
        bound[parameters.variadic] = tuple(rest)
    if parameters.variadic_keyword is not None:
        bound[parameters.variadic_keyword] = remaining
    elif remaining:
        name = next(iter(remaining))
        raise TypeError(f"{code.name}() got an unexpected keyword argument '{name}'")
    return bound
