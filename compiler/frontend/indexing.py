"""Items: `container[key]`, for containers of Python, tensors and dynamic lists."""

from __future__ import annotations

import operator
import types
from typing import Any

import numpy
import torch
from torch import nn

from ...ir import I64
from . import prelude
from .calls import call, refuse_foreign_mutation
from .checks import check_end_row, check_index
from .code_kinds import is_interpreted
from .failures import NeedConcrete
from .functions import push_function
from .hir import GetItem, SetItem
from .keys import can_fork_by_key, choose_by_key, takes_key
from .machine import Machine, Outcome
from .native import guard_aliases, run_native
from .objects import Array, DynamicList, class_of, is_a
from .plain_lists import need_static
from .promotion import make_dynamic
from .questions import forget_answers
from .registers import deliver, read
from .scalars import is_symbolic
from .state import ResultUse, State
from .text_methods import text_item
from .texts import Text, require_no_text
from .torch_internals import Tensor, expression_of, is_traced
from .truth import item_of, number_of

_INDEX_DTYPES = (torch.int64, torch.int32, torch.int16, torch.int8)
_SEQUENCES = (list, tuple, range, str, bytes, nn.ModuleList, nn.Sequential, nn.ParameterList)


def get_item(machine: Machine, state: State, container: Any, key: Any) -> Outcome:
    """Deliver `container[key]`."""
    if is_traced(container):
        stopped = check_end_row(machine, state, container, key)
        if stopped is not None:
            return stopped
        item = tensor_item(machine, container, key, repeatable=True)
        forget_answers(state.frame)
        return deliver(state, item)
    if isinstance(container, Text):
        return text_item(machine, state, container, _known_key(machine, key))
    if isinstance(container, Array):
        return machine.builtins[numpy.ndarray.__getitem__](machine, state, [container, key], {})
    method = _own_method(container, "__getitem__")
    if method is not None:
        return call(machine, state, method, [container, key], {})
    if is_a(key, (torch.Tensor, Array)) and isinstance(container, (*_SEQUENCES, DynamicList)):
        key = number_of(machine, key)
    key = machine.tracer.scalars.constant_or_symbol(key)
    if isinstance(container, DynamicList):
        return deliver(state, _dynamic_item(machine, container, key))
    if is_symbolic(key) or isinstance(key, Text) and takes_key(container, key):
        return _symbolic_item(machine, state, container, key)
    if isinstance(key, Array):
        require_known(machine, [key], "this key")
    if is_a(key, slice):
        key = _known_slice(machine, key)
        if _has_symbolic_bound(key) and class_of(container) is list:
            promoted = _promoted(machine, container)
            if promoted is not None:
                return deliver(state, slice_of(machine, promoted, key))
        require_known(machine, (key.start, key.stop, key.step), "the bounds of a slice")
    value = machine.python(operator.getitem, container, key)
    if container in machine.foreign:
        machine.foreign.remember_item(value, container)
        value = machine.foreign.read(value, _item_path(machine, container, key))
    return deliver(state, value)


def _own_method(container: Any, name: str) -> types.FunctionType | None:
    """Return the method of that name that the class of `container` has in Python."""
    method = getattr(class_of(container), name, None)
    if isinstance(method, types.FunctionType) and is_interpreted(method):
        return method
    return None


def _item_path(machine: Machine, container: Any, key: Any) -> str | None:
    path = machine.foreign.path(container)
    if path is None:
        return None
    return f"{path}.{key}" if isinstance(container, nn.Module) else f"{path}[{key!r}]"


def require_known(machine: Machine, values: Any, purpose: str) -> None:
    """Ask for concrete values of symbolic numbers."""
    del machine
    require_no_text(values)
    if any(isinstance(value, Array) for value in values):
        raise NeedConcrete(frozenset(), f"{purpose} must not be an array that depends on data")
    symbols: list[Any] = [expression_of(v).free_symbols for v in values if is_symbolic(v)]
    if symbols:
        message = f"{purpose} must not depend on tensor data"
        raise NeedConcrete(frozenset[Any]().union(*symbols), message)


def _dynamic_item(machine: Machine, container: DynamicList, key: Any) -> Any:
    if isinstance(key, slice):
        return slice_of(machine, container, _known_slice(machine, key))
    return machine.lists.get(container, key)


def slice_of(machine: Machine, container: DynamicList, key: Any) -> Any:
    """Return `container[key]`."""
    start, stop, step = key.start, key.stop, key.step
    if step is None or step == 1:
        return machine.lists.slice(container, start, stop)
    if step == -1 and start is None and stop is None:
        return machine.lists.reversed(container)
    raise need_static(container, "a slice with a step of a list")


def _promoted(machine: Machine, container: Any) -> DynamicList | None:
    element = machine.lists.elements.of_items(container)
    return None if element is None else machine.lists.from_items(container, element)


def _known_key(machine: Machine, key: Any) -> Any:
    return _known_slice(machine, key) if is_a(key, slice) else number_of(machine, key)


def _known_slice(machine: Machine, key: Any) -> Any:
    """Return `key` with its bounds as numbers, which may be symbolic."""
    known = machine.tracer.scalars.constant_or_symbol
    parts: list[Any] = [number_of(machine, part) for part in (key.start, key.stop, key.step)]
    return slice(*(known(part) for part in parts))


def _has_symbolic_bound(key: Any) -> bool:
    return any(map(is_symbolic, (key.start, key.stop, key.step)))


def _symbolic_item(machine: Machine, state: State, container: Any, key: Any) -> Outcome:
    """Fork by the value of `key`, unless it can be made concrete at its origin."""
    chosen = choose_by_key(machine, state, container, key)
    if chosen is not None:
        return chosen
    is_mapping = can_fork_by_key(container, key)
    is_index = isinstance(key, torch.SymInt) and is_a(container, _SEQUENCES)
    if not is_mapping and not is_index:
        require_known(machine, [key], "this key")
    if is_mapping:
        return push_function(machine, state, prelude.mapping_item, [container, key], {})
    if machine.origins.knows(key):
        require_known(machine, [key], "this index")
    step = state.frame.instruction
    sequence: Any = container
    kind = "string" if is_a(container, str) else type(container).__name__
    stopped = check_index(machine, state, key, len(sequence), kind)
    if stopped is not None:
        return stopped

    def choose(case: State, number: int) -> None:
        own: Any = sequence
        if isinstance(step, GetItem):
            own = read(machine, case, step.container)
        value = own[number]
        if own in machine.foreign:
            value = machine.foreign.read(value, _item_path(machine, own, number))
        deliver(case, value)

    return machine.switch(state, key, len(sequence), choose)


# --- tensors ------------------------------------------------------------------------------------


def tensor_item(machine: Machine, tensor: Tensor, key: Any, *, repeatable: bool = False) -> Any:
    """Return `tensor[key]`; symbolic ints select, as `tensor[3]` would."""
    key = _with_numbers(machine, key)
    get = _select if _has_symbolic_int(key) else operator.getitem
    return run_native(machine, get, [tensor, key], {}, repeatable=repeatable)


def _with_numbers(machine: Machine, key: Any) -> Any:
    """Replace index tensors without dims by numbers, as torch does."""
    if is_a(key, tuple):
        return tuple(_with_numbers(machine, part) for part in key)
    if is_a(key, slice):
        return _known_slice(machine, key)
    if isinstance(key, Array):
        return _with_numbers(machine, key.tensor)
    if isinstance(key, DynamicList):
        return _index_tensor(machine, key)
    if is_traced(key) and key.dim() == 0 and key.dtype in _INDEX_DTYPES:
        return item_of(machine, key)
    return key


def _index_tensor(machine: Machine, key: DynamicList) -> Any:
    if not isinstance(key.element.prototype, (int, torch.SymInt)) or key.element.types[0] != I64:
        raise need_static(key, "an index list that holds no ints")
    return machine.lists.to_tensor(key, torch.int64)


def _has_symbolic_int(key: Any) -> bool:
    parts: tuple[Any, ...] = key if is_a(key, tuple) else (key,)
    return any(isinstance(part, torch.SymInt) for part in parts)


def _select(tensor: Any, key: Any) -> Any:
    dim = 0
    parts: tuple[Any, ...] = key if is_a(key, tuple) else (key,)
    for position, part in enumerate(parts):
        if isinstance(part, (int, torch.SymInt)) and not isinstance(part, bool):
            tensor = torch.select(tensor, dim, part)
        elif part is None:
            tensor, dim = tensor.unsqueeze(dim), dim + 1
        elif isinstance(part, slice):
            tensor, dim = tensor[(*(slice(None),) * dim, part)], dim + 1
        elif part is Ellipsis:
            dim = tensor.dim() - sum(p is not None for p in parts[position + 1 :])
        else:
            raise TypeError("an index that depends on data is mixed with an index tensor")
    return tensor


def set_item(machine: Machine, state: State, container: Any, key: Any, value: Any) -> Outcome:
    """Execute `container[key] = value`."""
    if is_traced(container):
        _set_tensor_item(machine, container, key, value)
        return Outcome.NEXT
    if is_a(container, (Array, numpy.ndarray)):
        return machine.builtins[numpy.ndarray.__setitem__](
            machine, state, [container, key, value], {}
        )
    method = _own_method(container, "__setitem__")
    if method is not None:
        arguments = [container, key, value]
        return call(machine, state, method, arguments, {}, use=ResultUse.DROP)
    if is_a(container, (list, DynamicList)):
        key = _known_slice(machine, key) if is_a(key, slice) else number_of(machine, key)
    key = machine.tracer.scalars.constant_or_symbol(key)
    if _needs_dynamic(container, key) and make_dynamic(machine, state, container):
        return Outcome.STAY
    if class_of(container) is list and is_a(key, slice) and isinstance(value, DynamicList):
        element = machine.lists.elements.of_lists([container, value])
        if element is not None and make_dynamic(machine, state, container, element):
            return Outcome.STAY
    if isinstance(container, DynamicList):
        return _set_dynamic_item(machine, state, container, key, value)
    refuse_foreign_mutation(machine, container)
    if is_symbolic(key) and is_a(container, list):
        return _set_symbolic_item(machine, state, container, key)
    require_known(machine, [key], "this key")
    machine.python(operator.setitem, container, key, value)
    return Outcome.NEXT


def _needs_dynamic(container: Any, key: Any) -> bool:
    """Tell whether changing this slice of a list leaves a length that depends on data."""
    return class_of(container) is list and is_a(key, slice) and _has_symbolic_bound(key)


def _set_dynamic_item(
    machine: Machine, state: State, container: DynamicList, key: Any, value: Any
) -> Outcome:
    if not is_a(key, slice):
        machine.lists.set(container, key, value)
        return Outcome.NEXT
    if key.step is not None and key.step != 1:
        raise need_static(container, "an assignment to a slice of a list")
    new = value if isinstance(value, DynamicList) else list(value)
    if _is_ordered(key.start, key.stop):
        machine.lists.splice(container, key.start, key.stop, new)
        return Outcome.NEXT
    arguments = [container, key.start, key.stop, new]
    return push_function(machine, state, prelude.list_replace, arguments, {}, use=ResultUse.DROP)


def _is_ordered(start: Any, stop: Any) -> bool:
    """Tell whether the bounds of a slice are in order whatever the length of the list is."""
    if start is None or stop is None:
        return True
    return not is_symbolic(start) and not is_symbolic(stop) and 0 <= start <= stop


def _set_symbolic_item(machine: Machine, state: State, container: list[Any], key: Any) -> Outcome:
    """Fork by the value of `key`, unless it can be made concrete at its origin."""
    step = state.frame.instruction
    if machine.origins.knows(key) or not isinstance(step, SetItem):
        require_known(machine, [key], "this index")
    stopped = check_index(machine, state, key, len(container), "list assignment")
    if stopped is not None:
        return stopped

    def choose(case: State, number: int) -> None:
        assert isinstance(step, SetItem)
        read(machine, case, step.container)[number] = read(machine, case, step.value)

    return machine.switch(state, key, len(container), choose)


def _set_tensor_item(machine: Machine, tensor: Tensor, key: Any, value: Any) -> None:
    key = _with_numbers(machine, key)

    def change() -> None:
        if _has_symbolic_int(key):
            machine.python(machine.tracer.native, _copy_into, tensor, key, value)
        else:
            run_native(machine, operator.setitem, [tensor, key, value], {})

    guard_aliases(machine, [tensor], change)


def _copy_into(tensor: Any, key: Any, value: Any) -> None:
    target = _select(tensor, key)
    if isinstance(value, torch.Tensor):
        target.copy_(value)
    else:
        target.fill_(value)


def delete_item(machine: Machine, state: State, container: Any, key: Any) -> Outcome:
    """Execute `del container[key]`."""
    refuse_foreign_mutation(machine, container)
    key = _known_slice(machine, key) if is_a(key, slice) else number_of(machine, key)
    key = machine.tracer.scalars.constant_or_symbol(key)
    if class_of(container) is list and (is_symbolic(key) or _needs_dynamic(container, key)):
        if make_dynamic(machine, state, container):
            return Outcome.STAY
    if isinstance(container, DynamicList):
        return _delete_dynamic_item(machine, state, container, key)
    require_known(machine, [key], "this key")
    machine.python(operator.delitem, container, key)
    return Outcome.NEXT


def _delete_dynamic_item(
    machine: Machine, state: State, container: DynamicList, key: Any
) -> Outcome:
    if is_a(key, slice):
        return _set_dynamic_item(machine, state, container, key, [])
    arguments = [container, key]
    return push_function(machine, state, prelude.list_delete, arguments, {}, use=ResultUse.DROP)
