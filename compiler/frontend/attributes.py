"""Read and write attributes; those of the program that it writes are state cells."""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Mapping
from typing import Any

import numpy
import torch
from torch import nn

from .calls import call
from .cell_kinds import container_form, is_storable
from .cells import add_cell, qualified, read_cell
from .code_kinds import is_interpreted
from .failures import ProgramError
from .functions import push_function
from .machine import Machine, Outcome
from .objects import (
    ABSENT,
    Array,
    DynamicList,
    Generator,
    GeneratorMethod,
    ListMethod,
    class_of,
    is_a,
)
from .registers import deliver
from .scalars import is_number
from .state import ResultUse, State
from .texts import Text, TextMethod, require_no_text
from .torch_internals import Tensor, is_traced

_TENSOR_REFUSALS = {
    "__array__": "use tensor operations instead of NumPy",
    "data_ptr": "do not use addresses",
    "untyped_storage": "do not use storages",
    "storage": "do not use storages",
}


def get_attribute(machine: Machine, state: State, owner: Any, name: str) -> Outcome:
    """Deliver `owner.name`; a property of the program is called."""
    require_no_text([name])
    if isinstance(owner, Text):
        return deliver(state, TextMethod(owner, name))
    key = (id(owner), name)
    if key in state.overlay:
        value = read_cell(machine, state, key)
        if value is ABSENT:
            machine.python(_raise_missing, owner, name)
        return deliver(state, value)
    if machine.is_local and key in machine.knowledge.cells:
        raise machine.tracer.refuse(
            "MC0105",
            f"the state `{name}` is read in a function that calls itself",
            help="pass it to the function as an argument",
        )
    if isinstance(owner, DynamicList):
        return deliver(state, ListMethod(owner, name))
    if isinstance(owner, Generator):
        return deliver(state, GeneratorMethod(owner, name))
    if isinstance(owner, Array):
        return machine.builtins[numpy.ndarray.__getattribute__](machine, state, [owner, name], {})
    if is_traced(owner):
        return deliver(state, _tensor_attribute(machine, owner, name))
    if owner is os and name == "environ":
        return deliver(state, read_environment(machine))
    if is_number(owner) or is_a(owner, (types.ModuleType, super)):
        return deliver(state, machine.python(machine.tracer.native, getattr, owner, name))
    return _object_attribute(machine, state, owner, name)


def read_environment(machine: Machine) -> Mapping[str, str]:
    """Return the environment as it is now, which becomes part of the program; this is explained."""
    message = "the environment is read while compiling; what it says then stays"
    machine.knowledge.note(message, machine.tracer.location())
    return machine.foreign.read(types.MappingProxyType(dict(os.environ)))


def _raise_missing(owner: Any, name: str) -> None:
    raise AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")


def _tensor_attribute(machine: Machine, tensor: Tensor, name: str) -> Any:
    if name in _TENSOR_REFUSALS:
        raise machine.tracer.refuse(
            "MC0101", f"`{name}` of a tensor is not supported", help=_TENSOR_REFUSALS[name]
        )
    if name == "data":
        return machine.tracer.native(torch.detach, tensor)
    if name == "grad":
        return None
    if name == "__class__":
        return nn.Parameter if machine.tracer.tensors.is_parameter(tensor) else torch.Tensor
    return machine.python(machine.tracer.native, getattr, tensor, name)


def _object_attribute(machine: Machine, state: State, owner: Any, name: str) -> Outcome:
    found = inspect.getattr_static(class_of(owner), name, None)
    getter = _getter(found)
    if isinstance(getter, types.FunctionType) and is_interpreted(getter):
        return call(machine, state, getter, [owner], {})
    if _is_descriptor_of_python(found) and name not in getattr(owner, "__dict__", ()):
        get = class_of(found).__get__
        return push_function(machine, state, get, [found, owner, class_of(owner)], {})
    if not hasattr(owner, name):
        fallback = inspect.getattr_static(class_of(owner), "__getattr__", None)
        if isinstance(fallback, types.FunctionType) and is_interpreted(fallback):
            return call(machine, state, fallback, [owner, name], {})
    value = machine.python(_get, owner, name)
    is_own_tuple = is_a(owner, tuple) and owner not in machine.foreign
    if owner in machine.owned or is_own_tuple:
        return deliver(state, value)
    if is_a(value, torch.Tensor):
        machine.foreign.remember_owner(value, owner, name)
    elif container_form(value) is not None and name in getattr(owner, "__dict__", ()):
        machine.foreign.remember_container(value, owner, name)
    return deliver(state, machine.foreign.read(value, qualified(machine, owner, name)))


def _is_descriptor_of_python(found: Any) -> bool:
    """Tell whether reading the class attribute `found` runs Python code, and storing does not."""
    kind = class_of(found)
    is_getter = isinstance(getattr(kind, "__get__", None), types.FunctionType)
    return is_getter and not hasattr(kind, "__set__") and not is_a(found, type)


def _get(owner: Any, name: str) -> Any:
    """Return `owner.name`; that there is no such attribute is so in Python, too."""
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise ProgramError(error, explicit=False, certain=True) from error


def _getter(found: Any) -> Any:
    if isinstance(found, property):
        return found.fget
    return found.func if is_a(found, functools.cached_property) else None


def set_attribute(machine: Machine, state: State, owner: Any, name: str, value: Any) -> Outcome:
    """Execute `owner.name = value`."""
    require_no_text([name])
    found = inspect.getattr_static(class_of(owner), name, None)
    setter = getattr(found, "fset", None)
    if isinstance(setter, types.FunctionType):
        return call(machine, state, setter, [owner, value], {}, use=ResultUse.DROP)
    method: Any = getattr(class_of(owner), "__setattr__", None)
    if isinstance(method, types.FunctionType) and is_interpreted(method):
        return call(machine, state, method, [owner, name, value], {}, use=ResultUse.DROP)
    if owner in machine.owned:
        machine.python(setattr, owner, name, value)
    elif is_traced(owner):
        machine.python(machine.tracer.native, setattr, owner, name, value)
    else:
        _set_cell(machine, state, owner, name, value)
    return Outcome.NEXT


def _is_kept(value: Any) -> bool:
    return is_storable(value) and not isinstance(value, str)


def _set_cell(machine: Machine, state: State, owner: Any, name: str, value: Any) -> None:
    key = (id(owner), name)
    require_no_text([value])
    if is_a(value, nn.Module) or (key in machine.knowledge.read_cells and not _is_kept(value)):
        raise machine.tracer.refuse(
            "MC0101",
            f"the attribute `{name}` is set to a {type(value).__name__}",
            help="keep only tensors, numbers, None, and lists, tuples and dicts of these as state",
        )
    if key not in state.overlay:
        add_cell(machine, owner, name)
    state.overlay[key] = value
