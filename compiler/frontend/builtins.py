"""What the machine does instead of calling functions that cannot take its values."""

from __future__ import annotations

import copy
import functools
import math
import operator
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from types import BuiltinMethodType, FunctionType, GeneratorType
from typing import Any

import numpy
import torch
import torch.nn.functional as functional
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils import _pytree as pytree

from . import prelude
from .array_memory import tensor_of_array
from .arrays import (
    array_of_tensor,
    call_array_method,
    call_numpy,
    get_array_attribute,
    get_array_item,
    set_array_item,
)
from .assertions import assert_condition
from .attributes import get_attribute, read_environment, set_attribute
from .calls import call, call_natively, call_without_hooks, refuse_dynamic
from .cells import read_cell
from .code_kinds import is_interpreted
from .context_variables import CONTEXT_VARIABLE_METHODS
from .failures import NeedConcrete, ProgramError
from .fork import copy_list
from .functions import push_function
from .generators import send
from .indexing import get_item, require_known
from .iteration import advance, draw, has_next, iterate, materialise
from .list_methods import call_list_method, call_method, number, reorder, splice
from .machine import Builtin, Machine, Outcome
from .module_methods import MODULE_METHODS
from .native import run_native
from .objects import (
    ABSENT,
    ITERATORS,
    Array,
    ArrayMethod,
    CountingIterator,
    DynamicList,
    Generator,
    InterpretedFunction,
    ListMethod,
    RangeIterator,
    SequenceIterator,
    ZipIterator,
    class_of,
    is_a,
)
from .packed_sequences import PACKED_SEQUENCES
from .plain_lists import need_static
from .refusals import REFUSALS
from .registers import deliver
from .scalars import NUMBER_TYPES, is_number, is_symbolic, number_type
from .showing import emit_print, format_value, shown_as
from .state import State
from .tensor_creation import (
    TENSOR_CLASSES,
    make_tensor_like,
    make_tensor_of_class,
    new_tensor,
    one_hot,
)
from .tensor_parts import narrow, split, unique_consecutive
from .text_operations import length_of_text
from .texts import Text, is_data, joined, require_no_text
from .torch_internals import is_traced
from .truth import item_of, number_of, truth
from .unique_elements import UNIQUE_FUNCTIONS

_TORCH: Any = torch
_CHECKPOINT: Any = import_module("torch.utils.checkpoint")

_PRINTED = (str, bytes, BaseException, torch.dtype, torch.device, torch.Size, type)

Args = list[Any]
Kwargs = dict[str, Any]


def _simple(function: Callable[..., Any]) -> Builtin:
    """Make a builtin of a function from the machine and the arguments to the result."""

    def builtin(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
        return deliver(state, machine.python(function, machine, *args, **kwargs))

    return builtin


def _is_data(value: Any) -> bool:
    return is_traced(value) or is_symbolic(value) or isinstance(value, (Array, DynamicList))


def _items_are_data(machine: Machine, value: Any) -> bool:
    if isinstance(value, (*ITERATORS, Generator)):
        return True
    if is_a(value, (list, tuple, set)):
        return any(map(_is_data, value))
    del machine
    return _is_data(value)


# --- numbers ------------------------------------------------------------------------------------


def _converter(kind: type) -> Callable[..., Any]:
    def convert(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or not is_data(args[0]):
            return kind(*args, **kwargs)
        if kind is bool:
            return truth(machine, args[0])
        require_no_text(args)
        value = number_of(machine, args[0])
        return machine.tracer.scalars.cast(value, kind) if is_symbolic(value) else kind(value)

    return convert


def _absolute(machine: Machine, value: Any) -> Any:
    return run_native(machine, abs, [value], {})


def _round(machine: Machine, value: Any, digits: Any = None) -> Any:
    if not isinstance(value, torch.SymFloat):
        arguments = [value] if digits is None else [value, digits]
        return run_native(machine, round, arguments, {})
    arguments = [value] if digits is None else [value, digits]
    kind = int if digits is None else float
    return machine.tracer.scalars.math_call("round", kind, arguments)


_INT_MATH = frozenset(["floor", "ceil", "trunc"])


def _math(name: str) -> Callable[..., Any]:
    function = getattr(math, name)

    def compute(machine: Machine, *args: Any) -> Any:
        numbers = [number_of(machine, argument) for argument in args]
        if not any(map(is_symbolic, numbers)):
            return function(*numbers)
        kind = int if name in _INT_MATH else bool if name.startswith("is") else float
        if kind is int and number_type(numbers[0]) is int:
            return numbers[0]
        return machine.tracer.scalars.math_call(name, kind, numbers)

    return compute


def _extreme(function: Any, symbolic: Any, fallback: Any) -> Builtin:
    """Make `max` or `min`: of symbolic numbers an operation, else comparisons one by one."""

    def builtin(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
        items = args if len(args) > 1 else materialise(machine, args[0])
        key = kwargs.get("key")
        if isinstance(items, DynamicList):
            return _extreme_of_list(machine, state, fallback, items, kwargs)
        if key is None and items and all(map(is_number, items)) and any(map(is_symbolic, items)):
            return deliver(
                state, functools.reduce(machine.tracer.scalars.combining(symbolic), items)
            )
        if key is None and not any(map(_is_data, items)):
            return deliver(state, machine.python(function, items, **kwargs))
        if not items and "default" in kwargs:
            return deliver(state, kwargs["default"])
        chosen = prelude.identity if key is None else key
        return push_function(machine, state, fallback, [items, chosen], {})

    return builtin


def _extreme_of_list(
    machine: Machine, state: State, fallback: Any, items: DynamicList, kwargs: Kwargs
) -> Outcome:
    if "default" in kwargs:
        raise need_static(items, "`max` or `min` with a default of a list")
    return push_function(machine, state, fallback, [items, kwargs.get("key", prelude.identity)], {})


# --- containers ---------------------------------------------------------------------------------


def _length(machine: Machine, value: Any) -> Any:
    value = value.tensor if isinstance(value, Array) else value
    if isinstance(value, DynamicList):
        return value.length
    if isinstance(value, Text):
        return length_of_text(machine, value)
    if is_traced(value):
        return value.shape[0] if value.dim() else len(value)
    return len(value)


def _len(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    method: Any = getattr(class_of(args[0]), "__len__", None)
    if not is_traced(args[0]) and _is_user_method(method):
        return call(machine, state, method, args, kwargs)
    return deliver(state, machine.python(_length, machine, *args))


def _is_user_method(method: Any) -> bool:
    return isinstance(method, FunctionType) and is_interpreted(method)


def _range(machine: Machine, *args: Any) -> Any:
    numbers = [number_of(machine, argument) for argument in args]
    if not any(map(is_symbolic, numbers)):
        return range(*numbers)
    start, stop, step = [0, numbers[0], 1] if len(numbers) == 1 else [*numbers, 1][:3]
    if is_symbolic(step):
        nonzero = truth(machine, step)
        assert_condition(machine, nonzero, "range() arg 3 must not be zero")
    return RangeIterator(start, stop, step)


def _enumerate(machine: Machine, items: Any, start: Any = 0) -> Any:
    return CountingIterator(iterate(machine, items), start)


def _zip(machine: Machine, *iterables: Any, strict: bool = False) -> Any:
    parts = [iterate(machine, iterable) for iterable in iterables]
    is_shared = len(set(map(id, parts))) < len(parts)
    if (strict or is_shared) and all(map(_is_known_sequence, parts)):
        own = {id(part): part for part in parts}
        items = {key: iter(draw(machine, part)) for key, part in own.items()}
        return SequenceIterator(list(zip(*[items[id(part)] for part in parts], strict=strict)))
    if is_shared:
        raise machine.tracer.refuse(
            "MC0101",
            "one iterator is zipped with itself, and data decides how many items it has",
            help="zip slices: zip(items[::2], items[1::2])",
        )
    return ZipIterator(parts)


def _is_known_sequence(part: Any) -> bool:
    return isinstance(part, SequenceIterator) and not _is_data(part.items)


def _reversed(machine: Machine, items: Any) -> Any:
    known = materialise(machine, items)
    if isinstance(known, DynamicList):
        return SequenceIterator(machine.lists.reversed(known))
    return SequenceIterator(list(reversed(known)))


def _sequence(kind: type) -> Callable[..., Any]:
    construct: Callable[..., Any] = kind

    def build(machine: Machine, *args: Any) -> Any:
        if not args:
            return construct()
        if is_a(args[0], (dict, str)) and kind in (list, tuple):
            return construct(args[0])
        items = draw(machine, args[0])
        if kind in (set, frozenset):
            require_known(machine, items, "an element of a set")
        return construct(items)

    return build


def _list(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    if args and isinstance(args[0], (DynamicList, Text, *ITERATORS)):
        items = materialise(machine, args[0])
        if isinstance(items, DynamicList):
            return deliver(state, copy_list(items))
        if isinstance(items, ITERATORS):
            return push_function(machine, state, prelude.list_, args, kwargs)
        return deliver(state, list(items))
    return deliver(state, machine.python(_sequence(list), machine, *args, **kwargs))


def _dict(machine: Machine, *args: Any, **kwargs: Any) -> dict[Any, Any]:
    if args and not isinstance(args[0], Mapping):
        return dict([tuple(pair) for pair in draw(machine, args[0])], **kwargs)
    return dict(*args, **kwargs)


def _choose(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    """Call `torch.where`, to which bytes are flags."""
    condition, *choices = args or [None]
    if is_traced(condition) and condition.dtype is torch.uint8:
        args = [machine.tracer.native(condition.bool), *choices]
    return call_natively(machine, state, torch.where, args, kwargs)


def _iter(machine: Machine, value: Any) -> Any:
    return iterate(machine, value)


def _next(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    if not isinstance(args[0], Generator):
        return deliver(state, machine.python(_next_item, machine, *args))
    if len(args) > 1:
        return push_function(machine, state, prelude.next_, args, {})
    return send(machine, state, args[0])


def _next_item(machine: Machine, iterator: Any, *default: Any) -> Any:
    if not isinstance(iterator, ITERATORS):
        raise TypeError(f"'{type(iterator).__name__}' object is not an iterator")
    more = has_next(machine, iterator)
    if is_symbolic(more):
        require_known(machine, [more], "whether an iterator is exhausted")
    if more:
        return advance(machine, iterator)
    if default:
        return default[0]
    raise ProgramError(StopIteration(), explicit=True)


# --- by prelude ---------------------------------------------------------------------------------


def _when_data(function: Any, replacement: Any) -> Builtin:
    """Run Python's `function`, unless its items depend on data: then interpret `replacement`."""

    def builtin(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
        if any(_items_are_data(machine, argument) for argument in args):
            return push_function(machine, state, replacement, args, kwargs)
        return deliver(state, machine.python(function, *args, **kwargs))

    return builtin


def _interpreted(replacement: Any) -> Builtin:
    def builtin(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
        return push_function(machine, state, replacement, args, kwargs)

    return builtin


def _linspace(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    if _is_data(args[2] if len(args) > 2 else kwargs.get("steps")):
        return push_function(machine, state, prelude.linspace, args, kwargs)
    return deliver(state, run_native(machine, torch.linspace, args, kwargs))


def _pad_sequence(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    parts: Any = args[0] if args else kwargs.get("sequences")
    extents = [part.shape[0] for part in parts] if is_a(parts, (list, tuple)) else []
    if any(map(is_symbolic, extents)) or isinstance(parts, DynamicList):
        return push_function(machine, state, prelude.pad_sequence, args, kwargs)
    return deliver(state, run_native(machine, pad_sequence, args, kwargs))


def _sorted(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    items = materialise(machine, args[0])
    key = kwargs.get("key")
    is_known = not isinstance(items, (DynamicList, *ITERATORS))
    if key is None and is_known and not any(map(_is_data, items)):
        return deliver(state, machine.python(sorted, items, **kwargs))
    chosen = prelude.identity if key is None else key
    reverse = bool(kwargs.get("reverse", False))
    return push_function(machine, state, prelude.sorted_, [items, chosen, reverse], {})


# --- types and attributes -----------------------------------------------------------------------


def _class_of(machine: Machine, value: Any) -> Any:
    if is_symbolic(value):
        return number_type(value)
    if is_traced(value):
        is_parameter = machine.tracer.tensors.is_parameter(value)
        return nn.Parameter if is_parameter else torch.Tensor
    if isinstance(value, DynamicList):
        return list
    if isinstance(value, Array):
        return numpy.ndarray
    if isinstance(value, Generator):
        return GeneratorType
    return str if isinstance(value, Text) else class_of(value)


def _isinstance(machine: Machine, value: Any, classes: Any) -> bool:
    if not is_data(value) and not isinstance(value, Generator):
        return isinstance(value, classes)
    return issubclass(_class_of(machine, value), classes)


def _type(machine: Machine, *args: Any) -> Any:
    return _class_of(machine, args[0]) if len(args) == 1 else type(*args)


def _getattr(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    owner, name, *default = args
    if default and not has_attribute(machine, state, owner, name):
        return deliver(state, default[0])
    return get_attribute(machine, state, owner, name)


def _setattr(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    owner, name, value = args
    outcome = set_attribute(machine, state, owner, name, value)
    if outcome is Outcome.NEXT:
        deliver(state, None)
    return outcome


def _hasattr(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    return deliver(state, has_attribute(machine, state, args[0], args[1]))


def has_attribute(machine: Machine, state: State, owner: Any, name: str) -> bool:
    """Tell whether `owner` has the attribute on this path."""
    key = (id(owner), name)
    if key in state.overlay:
        return read_cell(machine, state, key) is not ABSENT
    if machine.is_local and key in machine.knowledge.cells:
        raise machine.tracer.refuse(
            "MC0105",
            f"the state `{name}` is read in a function that calls itself",
            help="pass it to the function as an argument",
        )
    return bool(machine.python(hasattr, owner, name))


def _callable(machine: Machine, value: Any) -> bool:
    del machine
    return callable(value) or isinstance(value, InterpretedFunction)


def _text(conversion: str) -> Callable[..., Any]:
    def convert(machine: Machine, *args: Any, **kwargs: Any) -> Any:
        if len(args) != 1 or kwargs:
            return str(*args, **kwargs)
        return format_value(machine.tracer, args[0], conversion, "")

    return convert


def _format(machine: Machine, value: Any, specification: str = "") -> Any:
    return format_value(machine.tracer, value, "", specification)


def _hash(machine: Machine, value: Any) -> int:
    require_known(machine, [value], "a hash")
    if is_traced(value):
        raise NeedConcrete(frozenset(), "the hash of a tensor differs from call to call")
    return hash(value)


def _getenv(machine: Machine, key: str, default: Any = None) -> Any:
    return read_environment(machine).get(key, default)


def _identity_number(machine: Machine, *args: Any) -> Any:
    raise machine.tracer.refuse(
        "MC0105", "`id` differs from call to call", help="compare with `is` instead"
    )


def _update_wrapper(machine: Machine, wrapper: Any, wrapped: Any) -> Any:
    """Give a function the name of another, which is all that a program sees of it."""
    if not isinstance(wrapper, InterpretedFunction):
        raise machine.tracer.refuse(
            "MC0105",
            f"`{wrapper.__name__}`, which outlives the call, is changed",
            help="wrap a new function",
        )
    return replace(wrapper, given_name=getattr(wrapped, "__name__", None))


def _wraps(machine: Machine, wrapped: Any) -> Any:
    del machine
    return functools.partial(functools.update_wrapper, wrapped=wrapped)


# --- torch --------------------------------------------------------------------------------------


def _item(machine: Machine, tensor: Any) -> Any:
    return item_of(machine, tensor)


def _to_list(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    (tensor,) = args
    extents = [machine.tracer.scalars.constant_or_symbol(extent) for extent in tensor.shape]
    if not any(map(is_symbolic, extents)):
        return deliver(state, machine.python(_known_list, machine, tensor))
    if len(extents) == 1:
        return deliver(state, machine.lists.of_tensor(tensor))
    return push_function(machine, state, prelude.tensor_to_list, args, kwargs)


def _known_list(machine: Machine, tensor: Any) -> Any:
    if tensor.dim() == 0:
        return item_of(machine, tensor)
    rows = machine.tracer.native(torch.unbind, tensor, 0)
    return [_known_list(machine, row) for row in rows]


def _make_tensor(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    data = args[0] if args else kwargs.get("data")
    if isinstance(data, DynamicList) and kwargs.get("dtype") is None:
        return _tensor_of_list(machine, state, data)
    return deliver(state, machine.python(new_tensor, machine, *args, **kwargs))


def _as_tensor(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    """Deliver `torch.as_tensor(data)`, which is `data` itself if nothing is to be converted."""
    data = args[0].tensor if isinstance(args[0], Array) else args[0]
    if not is_traced(data) or len(args) > 1:
        return _make_tensor(machine, state, args, kwargs)
    return deliver(
        state, machine.tracer.native(torch.Tensor.to, data, **kwargs) if kwargs else data
    )


def _tensor_of_list(machine: Machine, state: State, data: DynamicList) -> Outcome:
    """Deliver `torch.tensor(data)`, whose dtype is another one if the list is empty."""
    frame, emptiness = state.frame, state.frame.handed
    frame.handed = ABSENT
    filled = emptiness != "empty" and (emptiness == "filled" or truth(machine, data))
    if isinstance(filled, bool):
        items = machine.lists.to_tensor(data, None) if filled else None
        return deliver(state, machine.tracer.native(torch.tensor, []) if items is None else items)

    def hand(text: str) -> Callable[[State], None]:
        return lambda arm: setattr(arm.frame, "handed", text)

    arms = [(frame.counter, hand("filled")), (frame.counter, hand("empty"))]
    return machine.branch(state, filled, arms)


def _combining(function: Any) -> Builtin:
    def builtin(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
        parts: Any = args[0] if args else kwargs.get("tensors")
        if isinstance(parts, ITERATORS):
            parts = materialise(machine, parts)
        if isinstance(parts, DynamicList):
            dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
            return deliver(state, machine.lists.combine(function, parts, dim))
        if isinstance(parts, ITERATORS):
            parts = draw(machine, parts)
        if args:
            args = [parts, *args[1:]]
        refuse_dynamic(machine, function, args)
        return deliver(state, run_native(machine, function, args, kwargs))

    return builtin


def _equal(machine: Machine, left: Any, right: Any) -> Any:
    if left.shape != right.shape:
        return False
    return truth(machine, machine.tracer.native(_all_equal, left, right))


def _all_equal(left: Any, right: Any) -> Any:
    return (left == right).all()


def _all_close(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    return truth(machine, run_native(machine, _all_is_close, list(args), kwargs))


def _all_is_close(*args: Any, **kwargs: Any) -> Any:
    return torch.isclose(*args, **kwargs).all()


def _is_nonzero(machine: Machine, tensor: Any) -> Any:
    return truth(machine, tensor)


def _index(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    return get_item(machine, state, args[0], args[1])


def _seed(machine: Machine, *args: Any) -> Any:
    raise machine.tracer.refuse(
        "MC0105", "the random number generator is seeded in the program", help="seed it outside"
    )


def _print(
    machine: Machine,
    *values: Any,
    sep: str | None = " ",
    end: str | None = "\n",
    file: Any = None,
    flush: bool = False,
) -> None:
    if file not in (None, sys.stdout, sys.stderr):
        raise machine.tracer.refuse(
            "MC0105",
            "a file is written while compiling, instead of in every call",
            help="print to the standard output, or return what is to be written",
        )
    separator = " " if sep is None else sep
    shown = [_printed(machine, value) for value in values]
    parts = [part for text in shown for part in (separator, text)][1:]
    end = "\n" if end is None else end
    to_errors = file is not None and file is sys.stderr
    emit_print(machine.tracer, joined(parts), end, to_errors=to_errors, flush=bool(flush))


def _printed(machine: Machine, value: Any) -> Any:
    plain = (*NUMBER_TYPES, *_PRINTED)
    if is_data(value) or isinstance(value, plain) or value is None:
        return shown_as(machine.tracer, value, quoted=False)
    if is_a(value, (list, tuple, dict)) and all(map(_is_plain_item, pytree.tree_leaves(value))):
        return shown_as(machine.tracer, value, quoted=False)
    raise machine.tracer.refuse(
        "MC0105",
        f"a {type(value).__name__} is printed, which may look different in every call",
        help="print numbers, strings, tensors, and lists, tuples and dicts of these",
    )


def _is_plain_item(value: Any) -> bool:
    return is_data(value) or value is None or isinstance(value, (*NUMBER_TYPES, *_PRINTED))


def _deep_copy(machine: Machine, value: Any) -> Any:
    if is_traced(value):
        return machine.tracer.native(torch.clone, value)
    if isinstance(value, DynamicList):
        return copy_list(value)
    if class_of(value) in (list, tuple, set):
        return class_of(value)([_deep_copy(machine, item) for item in value])
    if class_of(value) is dict:
        return {key: _deep_copy(machine, item) for key, item in value.items()}
    if is_number(value) or isinstance(value, (str, bytes, type(None))):
        return value
    raise machine.tracer.refuse(
        "MC0101",
        f"a {type(value).__name__} is copied while the program runs",
        help="copy it before, or make a new one",
    )


def _shallow_copy(machine: Machine, value: Any) -> Any:
    if is_traced(value):
        return machine.tracer.native(torch.detach, value)
    if isinstance(value, DynamicList):
        return copy_list(value)
    if class_of(value) in (list, set, dict):
        return class_of(value)(value)
    if is_number(value) or is_a(value, (str, bytes, tuple, type(None))):
        return value
    return _deep_copy(machine, value)


def _run_forward(machine: Machine, state: State, args: Args, kwargs: Kwargs) -> Outcome:
    del kwargs
    module, given, named = args
    return call_without_hooks(machine, state, module, list(given), dict(named))


def _gradient(machine: Machine, *args: Any, **kwargs: Any) -> Any:
    raise machine.tracer.refuse(
        "MC0101", "gradients are not computed", help="compile the forward pass only"
    )


def _assert_holds(machine: Machine, condition: Any, message: Any = "") -> Any:
    assert_condition(machine, truth(machine, condition), str(message))


_MATH_FUNCTIONS = """
    acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1
    fabs floor fmod gamma hypot isfinite isinf isnan lgamma log log10 log1p log2 pow radians sin
    sinh sqrt tan tanh trunc""".split()

BUILTINS: Mapping[Any, Builtin] = {
    int: _simple(_converter(int)),
    float: _simple(_converter(float)),
    bool: _simple(_converter(bool)),
    abs: _simple(_absolute),
    round: _simple(_round),
    max: _extreme(max, _TORCH.sym_max, prelude.max_),
    min: _extreme(min, _TORCH.sym_min, prelude.min_),
    **{getattr(math, name): _simple(_math(name)) for name in _MATH_FUNCTIONS},
    len: _len,
    range: _simple(_range),
    enumerate: _simple(_enumerate),
    zip: _simple(_zip),
    reversed: _simple(_reversed),
    list: _list,
    BuiltinMethodType: call_method,
    ListMethod: call_list_method,
    prelude.number: _simple(number),
    prelude.reorder: reorder,
    prelude.splice: _simple(splice),
    tuple: _simple(_sequence(tuple)),
    set: _simple(_sequence(set)),
    frozenset: _simple(_sequence(frozenset)),
    dict: _simple(_dict),
    iter: _simple(_iter),
    next: _next,
    divmod: _when_data(divmod, prelude.divmod_),
    pow: _when_data(pow, prelude.pow_),
    any: _when_data(any, prelude.any_),
    all: _when_data(all, prelude.all_),
    sum: _when_data(sum, prelude.sum_),
    map: _interpreted(prelude.map_),
    filter: _interpreted(prelude.filter_),
    sorted: _sorted,
    functools.reduce: _interpreted(prelude.reduce_),
    isinstance: _simple(_isinstance),
    type: _simple(_type),
    getattr: _getattr,
    setattr: _setattr,
    hasattr: _hasattr,
    callable: _simple(_callable),
    str: _simple(_text("!s")),
    repr: _simple(_text("!r")),
    format: _simple(_format),
    hash: _simple(_hash),
    id: _simple(_identity_number),
    functools.update_wrapper: _simple(_update_wrapper),
    functools.wraps: _simple(_wraps),
    os.getenv: _simple(_getenv),
    print: _simple(_print),
    copy.copy: _simple(_shallow_copy),
    copy.deepcopy: _simple(_deep_copy),
    operator.getitem: _index,
    torch.Tensor.item: _simple(_item),
    _TORCH.Tensor.tolist: _to_list,
    torch.Tensor.is_nonzero: _simple(_is_nonzero),
    torch.Tensor.equal: _simple(_equal),
    torch.Tensor.allclose: _simple(_all_close),
    torch.Tensor.__len__: _len,
    _TORCH.Tensor.numpy: _simple(array_of_tensor),
    _TORCH.from_numpy: tensor_of_array,
    numpy.ndarray: call_numpy,
    numpy.ndarray.__getattribute__: get_array_attribute,
    numpy.ndarray.__getitem__: get_array_item,
    numpy.ndarray.__setitem__: set_array_item,
    ArrayMethod: call_array_method,
    torch.tensor: _make_tensor,
    torch.where: _choose,
    _TORCH.Tensor.new_tensor: make_tensor_like,
    **{cls: make_tensor_of_class(cls) for cls in TENSOR_CLASSES},
    torch.as_tensor: _as_tensor,
    torch.stack: _combining(torch.stack),
    torch.cat: _combining(torch.cat),
    torch.concat: _combining(torch.cat),
    torch.equal: _simple(_equal),
    torch.allclose: _simple(_all_close),
    torch.is_nonzero: _simple(_is_nonzero),
    functional.one_hot: one_hot,
    torch.narrow: narrow,
    torch.Tensor.narrow: narrow,
    torch.split: split,
    _TORCH.Tensor.split: split,
    _TORCH.unique_consecutive: unique_consecutive,
    _TORCH.Tensor.unique_consecutive: unique_consecutive,
    pad_sequence: _pad_sequence,
    torch.linspace: _linspace,
    torch.diff: _interpreted(prelude.diff),
    _TORCH.Tensor.diff: _interpreted(prelude.diff),
    _TORCH.manual_seed: _simple(_seed),
    _TORCH.Tensor.backward: _simple(_gradient),
    torch.autograd.grad: _simple(_gradient),
    torch.autograd.backward: _simple(_gradient),
    _TORCH._assert: _simple(_assert_holds),
    _CHECKPOINT.checkpoint: _interpreted(prelude.checkpoint),
    **CONTEXT_VARIABLE_METHODS,
    **UNIQUE_FUNCTIONS,
    **MODULE_METHODS,
    **PACKED_SEQUENCES,
    prelude.run_forward: _run_forward,
    **REFUSALS,
}
"""The builtin for each such function; methods of tensors under their functions."""
