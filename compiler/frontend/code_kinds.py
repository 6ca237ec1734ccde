"""What kinds of functions there are: interpreted, native, with effects, or before others."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from .state import PRELUDE_FILES
from .torch_internals import grad_mode_of_decorator, is_left_to_dynamo, without_dynamo

if TYPE_CHECKING:
    from .machine import Machine

NATIVE_PACKAGES = frozenset(
    """
    torch builtins math cmath numpy functools itertools operator _operator collections
    _collections _functools typing copy re enum abc types contextlib dataclasses
    numbers string inspect textwrap fractions decimal statistics bisect heapq _heapq _bisect
    keyword importlib weakref
    json warnings logging loguru einops opt_einsum sympy""".split()
)
"""Packages whose functions have no effects; they run as they are."""

EFFECTS: Mapping[str, str] = {
    "random": "use torch's random numbers, or pass the number as an input",
    "secrets": "pass the value as an input",
    "uuid": "pass the value as an input",
    "time": "measure outside of the program",
    "datetime": "pass the time as an input",
    "numpy.random": "use torch's random numbers",
    "os": "pass what you read as an input",
    "posix": "pass what you read as an input",
    "io": "read and write files outside of the program",
    "_io": "read and write files outside of the program",
    "torch.serialization": "read and write files outside of the program",
    "numpy.lib._npyio_impl": "read and write files outside of the program",
    "socket": "communicate outside of the program",
    "threading": "call the function directly, or start threads outside of the program",
    "subprocess": "do not start processes in the program",
}
"""Modules whose functions have effects or answer differently each time, with a way out."""

IGNORED_CONTEXTS = (
    torch.no_grad,
    torch.enable_grad,
    torch.inference_mode,
    torch.set_grad_enabled,
)
"""Contexts that only switch gradients, which are never computed."""

_CHECKERS = ("<@beartype(",)
"""How the files of functions begin that check types, then call what they wrap."""

_CONTEXT_MANAGER = contextlib.contextmanager(lambda: iter(())).__code__  # type: ignore[attr-defined] -- it is a function


def module_of(function: Any) -> str:
    """Return the name of the module in which the code of `function` stands."""
    if isinstance(function, types.FunctionType):
        return str(function.__globals__.get("__name__", ""))
    owner = getattr(function, "__self__", None)
    if isinstance(owner, types.ModuleType):
        return owner.__name__
    name = getattr(function, "__module__", None)
    return str(name or type(function if owner is None else owner).__module__)


def package_of(function: Any) -> str:
    """Return the top package in which the code of `function` stands."""
    return module_of(function).partition(".")[0]


def is_interpreted(function: types.FunctionType) -> bool:
    """Tell whether the machine interprets `function`: it is not part of torch or Python.

    What these put around a function of the program is interpreted like the program.
    """
    if function.__code__.co_filename in PRELUDE_FILES:
        return True
    if package_of(function) in NATIVE_PACKAGES:
        return _is_around_program(function)
    return not effect_of(function)


def _is_around_program(function: types.FunctionType) -> bool:
    wrapped = getattr(function, "__wrapped__", None)
    if not isinstance(wrapped, types.FunctionType) or makes_contexts(function):
        return False
    return is_interpreted(wrapped) and not stands_before_another(function)


def makes_contexts(function: types.FunctionType) -> bool:
    """Tell whether `contextlib.contextmanager` decorates `function`."""
    return function.__code__ is _CONTEXT_MANAGER


def stands_before_another(function: types.FunctionType) -> bool:
    """Tell whether another function may be called in place of `function`, which wraps it."""
    if is_left_to_dynamo(function):
        return True
    if not hasattr(function, "__wrapped__"):
        return False
    is_checker = function.__code__.co_filename.startswith(_CHECKERS)
    return is_checker or module_of(function) == "torch.utils._contextlib"


def undecorated(machine: Machine, function: Any) -> Any:
    """Return what is called in place of a function that stands before another."""
    if is_left_to_dynamo(function):
        return without_dynamo(function)
    if function.__code__.co_filename.startswith(_CHECKERS):
        machine.knowledge.note(
            f"the types of the arguments of `{function.__name__}` are not checked",
            machine.tracer.location(),
        )
        return function.__wrapped__
    context = grad_mode_of_decorator(function)
    if context is not None and issubclass(context, IGNORED_CONTEXTS):
        return function.__wrapped__
    raise machine.tracer.refuse(
        "MC0101",
        f"`{function.__name__}` is decorated with a context manager of torch",
        help="remove the decorator; gradients are never computed",
    )


def effect_of(function: Any) -> str | None:
    """Return the module whose functions have effects, if `function` is one of them."""
    owner = getattr(function, "__self__", None)
    for name in (module_of(function), type(owner).__module__):
        for prefix in EFFECTS:
            if name == prefix or name.startswith(prefix + "."):
                return prefix
    return None
