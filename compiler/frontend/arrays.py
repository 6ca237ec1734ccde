"""NumPy on data: arrays are tensors of the program, and NumPy's functions are torch's.

NumPy's rules of promotion differ from torch's. So NumPy itself is asked for the dtypes of every
operation; the operands are converted before torch computes. What is not in the tables is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import torch

from .failures import refusal
from .indexing import set_item, tensor_item
from .iteration import materialise
from .machine import Machine, Outcome
from .native import guard_aliases, run_native
from .objects import Array, ArrayMethod, DynamicList, is_a
from .plain_lists import need_static
from .registers import deliver
from .scalars import is_number, is_symbolic, number_type
from .state import State
from .torch_internals import is_traced
from .truth import item_of

_TORCH: Any = torch
_NUMPY: Any = numpy
_OPERATOR: Any = operator

_TORCH_DTYPES: Mapping[Any, torch.dtype] = {
    numpy.dtype(name): getattr(torch, name)
    for name in "bool uint8 int8 int16 int32 int64 float16 float32 float64".split()
}
_NUMPY_DTYPES: Mapping[torch.dtype, Any] = {kind: name for name, kind in _TORCH_DTYPES.items()}

Builder = Callable[..., Any]


# --- conversions --------------------------------------------------------------------------------


def array_of_tensor(machine: Machine, tensor: Any) -> Array:
    """Return `tensor.numpy()`, which shares memory with `tensor`."""
    if tensor.dtype not in _NUMPY_DTYPES:
        machine.python(_raise, TypeError(f"Got unsupported ScalarType {tensor.dtype}"))
    return whole_array(machine.tracer.native(torch.detach, tensor))


def whole_array(tensor: Any) -> Array:
    """Return an array of NumPy that is no scalar, even if it has rank 0."""
    return Array(tensor) if tensor.dim() else Array(tensor, "array")


def _raise(error: Exception) -> None:
    raise error


def refuse(machine: Machine, name: str) -> Exception:
    """Return the error that refuses a function or method of NumPy."""
    return refusal(
        "MC0101",
        f"`{name}` of NumPy on values that depend on data",
        machine.tracer.location(),
        help="use the operation of torch before converting to NumPy",
    )


def _tensor(machine: Machine, value: Any, name: str) -> Any:
    """Return the tensor in an array, or make one of numbers and lists as `numpy.array` would.

    What NumPy does to a tensor of torch depends on the function: that is refused.
    """
    if isinstance(value, Array):
        return value.tensor
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return constant_tensor(machine, value)
    if is_a(value, (list, tuple)):
        return _stacked(machine, value, name)
    if is_number(value):
        return _number_tensor(machine, value)
    raise refuse(machine, name)


def constant_tensor(machine: Machine, value: Any) -> Any:
    """Return a tensor of the program with the elements of a real array or scalar of NumPy."""
    array = numpy.asarray(value)
    if array.dtype not in _TORCH_DTYPES:
        raise refuse(machine, f"an array of dtype {array.dtype}")
    lifted = machine.tracer.tensors.lift(_TORCH.from_numpy(array.copy()))
    return machine.tracer.native(torch.clone, lifted)


def constant_array(machine: Machine, value: Any) -> Array:
    """Return an array or scalar of the program for a real one of NumPy."""
    tensor = constant_tensor(machine, value)
    return Array(tensor) if isinstance(value, numpy.generic) else whole_array(tensor)


def _number_tensor(machine: Machine, number: Any) -> Any:
    kinds = {int: torch.int64, float: torch.float64, bool: torch.bool}
    kind = number_type(number)
    plain = machine.tracer.scalars.cast(number, int) if kind is bool else number
    return machine.tracer.native(torch.scalar_tensor, plain, dtype=kinds[kind])


def _stacked(machine: Machine, items: Sequence[Any], name: str) -> Any:
    parts = [item if is_traced(item) else _tensor(machine, item, name) for item in items]
    if not parts:
        return machine.tracer.native(torch.zeros, 0, dtype=torch.float64)
    common = _TORCH_DTYPES[numpy.result_type(*(_NUMPY_DTYPES[part.dtype] for part in parts))]
    parts = [_cast(machine, part, common) for part in parts]
    return machine.tracer.native(torch.stack, parts)


def _cast(machine: Machine, tensor: Any, dtype: torch.dtype) -> Any:
    return (
        tensor if tensor.dtype == dtype else machine.tracer.native(torch.Tensor.to, tensor, dtype)
    )


def _dtype(machine: Machine, wanted: Any) -> torch.dtype:
    kind = machine.python(numpy.dtype, wanted)
    if kind not in _TORCH_DTYPES:
        raise refuse(machine, f"dtype {kind}")
    return _TORCH_DTYPES[kind]


# --- operators and universal functions ----------------------------------------------------------


def _sign(tensor: Any) -> Any:
    signs = torch.sign(tensor)
    return torch.where(torch.isnan(tensor), tensor, signs) if tensor.is_floating_point() else signs


def _power(left: Any, right: Any) -> Any:
    return torch.pow(left, right)


_UFUNCS: Mapping[Any, Builder] = {
    numpy.add: operator.add,
    numpy.subtract: operator.sub,
    numpy.multiply: operator.mul,
    numpy.true_divide: _TORCH.true_divide,
    numpy.floor_divide: _TORCH.floor_divide,
    numpy.remainder: _TORCH.remainder,
    numpy.power: _power,
    numpy.negative: operator.neg,
    numpy.positive: _TORCH.clone,
    numpy.absolute: torch.abs,
    numpy.sign: _sign,
    numpy.square: torch.square,
    numpy.sqrt: torch.sqrt,
    numpy.exp: torch.exp,
    numpy.expm1: torch.expm1,
    numpy.log: torch.log,
    numpy.log2: torch.log2,
    numpy.log10: torch.log10,
    numpy.log1p: torch.log1p,
    numpy.sin: torch.sin,
    numpy.cos: torch.cos,
    numpy.tan: torch.tan,
    numpy.tanh: torch.tanh,
    numpy.arctan: torch.atan,
    numpy.arctan2: torch.atan2,
    numpy.floor: torch.floor,
    numpy.ceil: torch.ceil,
    numpy.trunc: torch.trunc,
    numpy.rint: torch.round,
    numpy.maximum: torch.maximum,
    numpy.minimum: torch.minimum,
    numpy.isnan: torch.isnan,
    numpy.isinf: torch.isinf,
    numpy.isfinite: torch.isfinite,
    numpy.equal: torch.eq,
    numpy.not_equal: torch.ne,
    numpy.less: torch.lt,
    numpy.less_equal: torch.le,
    numpy.greater: torch.gt,
    numpy.greater_equal: torch.ge,
    numpy.logical_and: torch.logical_and,
    numpy.logical_or: torch.logical_or,
    numpy.logical_not: torch.logical_not,
    numpy.bitwise_and: torch.bitwise_and,
    numpy.bitwise_or: torch.bitwise_or,
    numpy.bitwise_xor: torch.bitwise_xor,
    numpy.invert: torch.bitwise_not,
}
"""What computes each universal function, once its operands have the dtypes that NumPy says."""

_OPERATORS: Mapping[Any, Any] = {
    operator.add: numpy.add,
    operator.sub: numpy.subtract,
    operator.mul: numpy.multiply,
    _OPERATOR.truediv: numpy.true_divide,
    _OPERATOR.floordiv: numpy.floor_divide,
    operator.mod: numpy.remainder,
    _OPERATOR.pow: numpy.power,
    _OPERATOR.and_: numpy.bitwise_and,
    _OPERATOR.or_: numpy.bitwise_or,
    _OPERATOR.xor: numpy.bitwise_xor,
    operator.eq: numpy.equal,
    operator.ne: numpy.not_equal,
    operator.lt: numpy.less,
    operator.le: numpy.less_equal,
    operator.gt: numpy.greater,
    operator.ge: numpy.greater_equal,
    operator.neg: numpy.negative,
    operator.pos: numpy.positive,
    operator.abs: numpy.absolute,
    operator.invert: numpy.invert,
}


def apply_operator(machine: Machine, function: Any, operands: Sequence[Any]) -> Any:
    """Return the result of an operator of Python, of whose operands one is an array.

    A tensor on the left of a scalar of NumPy takes it as a number.
    """
    if is_traced(operands[0]) and isinstance(operands[-1], Array) and not operands[-1].tensor.dim():
        return run_native(
            machine, function, [operands[0], item_of(machine, operands[-1].tensor)], {}
        )
    if function is _OPERATOR.matmul:
        return Array(_dot(machine, *operands))
    if function not in _OPERATORS:
        raise refuse(machine, getattr(function, "__name__", str(function)))
    return _apply(machine, _OPERATORS[function], operands)


def change_in_place(machine: Machine, function: Any, target: Any, other: Any) -> Array:
    """Execute `target op= other`, in the memory of `target`."""
    refuse_mutation(machine, target)
    if target.tensor.dim() == 0:  # a scalar of NumPy is a new one afterwards
        return apply_operator(machine, function, [target, other])
    result = apply_operator(machine, function, [target, other])
    if not numpy.can_cast(_kind(result), _kind(target), "same_kind"):
        raise refuse(machine, f"an in-place operation that changes the dtype to {_kind(result)}")
    tensor = target.tensor
    guard_aliases(
        machine,
        [tensor],
        lambda: machine.python(machine.tracer.native, torch.Tensor.copy_, tensor, result.tensor),
    )
    return target


def _kind(array: Array) -> Any:
    return _NUMPY_DTYPES[array.tensor.dtype]


def _apply(machine: Machine, ufunc: Any, operands: Sequence[Any]) -> Array:
    """Call a universal function, on operands of the dtypes that NumPy computes it in."""
    tensors = [_tensor(machine, each, ufunc.__name__) for each in operands]
    weak = [is_number(each) and number_type(each) is not bool for each in operands]
    if all(weak):
        weak = [False for _ in operands]
    given = [
        number_type(each) if is_weak else _NUMPY_DTYPES[tensor.dtype]
        for each, is_weak, tensor in zip(operands, weak, tensors, strict=True)
    ]
    resolved = machine.python(ufunc.resolve_dtypes, (*given, None))
    is_int_power = ufunc is numpy.power and resolved[-1].kind in "iu"
    if is_int_power and not (isinstance(operands[1], int) and operands[1] >= 0):
        raise refuse(machine, "a power of ints by data")
    if any(kind not in _TORCH_DTYPES for kind in resolved):
        raise refuse(machine, f"{ufunc.__name__} of {', '.join(map(str, given))}")
    converted = [
        _cast(machine, tensor, _TORCH_DTYPES[kind])
        for tensor, kind in zip(tensors, resolved, strict=False)
    ]
    result = machine.python(machine.tracer.native, _UFUNCS[ufunc], *converted)
    return Array(_cast(machine, result, _TORCH_DTYPES[resolved[-1]]))


# --- reductions and other functions -------------------------------------------------------------


def _dims(tensor: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(tensor.dim()))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _floating(tensor: Any) -> Any:
    return tensor if tensor.is_floating_point() else tensor.double()


def _sum(tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if tensor.dtype == torch.uint8:
        raise NotImplementedError("NumPy makes unsigned numbers of 64 bits")
    return torch.sum(tensor, _dims(tensor, axis), keepdims)


def _mean(tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.mean(_floating(tensor), _dims(tensor, axis), keepdims)


def _std(tensor: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Any:
    return torch.sqrt(_var(tensor, axis, keepdims, ddof))


def _var(tensor: Any, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> Any:
    dims = _dims(tensor, axis)
    return torch.var(_floating(tensor), dims, correction=ddof, keepdim=keepdims)


def _extreme(function: Any) -> Builder:
    def reduce(tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(tensor, _dims(tensor, axis), keepdims)

    return reduce


def _position(function: Any) -> Builder:
    def find(tensor: Any, axis: Any = None) -> Any:
        return function(tensor.reshape(-1) if axis is None else tensor, 0 if axis is None else axis)

    return find


def _all_or_any(function: Any) -> Builder:
    def reduce(tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(tensor.bool(), _dims(tensor, axis), keepdims)

    return reduce


def _cumulative(function: Any) -> Builder:
    def accumulate(tensor: Any, axis: Any = None) -> Any:
        if tensor.dtype == torch.uint8:
            raise NotImplementedError("NumPy makes unsigned numbers of 64 bits")
        return function(tensor.reshape(-1) if axis is None else tensor, 0 if axis is None else axis)

    return accumulate


def _clip(tensor: Any, a_min: Any = None, a_max: Any = None) -> Any:
    bounds = (a_min, a_max)
    if not tensor.is_floating_point() and any(isinstance(bound, float) for bound in bounds):
        raise NotImplementedError("bounds of another type")
    return torch.clamp(tensor, a_min, a_max)


def _sorted(tensor: Any, axis: int = -1) -> Any:
    return torch.sort(tensor, axis).values


def _argsort(tensor: Any, axis: int = -1, kind: str | None = None) -> Any:
    if kind not in ("stable", "mergesort"):
        raise NotImplementedError('argsort without kind="stable"')
    return torch.argsort(tensor, dim=axis, stable=True)


def _reshape(tensor: Any, *shape: Any) -> Any:
    return torch.reshape(tensor, shape[0] if is_a(shape[0], (tuple, list)) else shape)


def _transposed(tensor: Any, *axes: Any) -> Any:
    if not axes or axes[0] is None:
        return tensor.permute(tuple(reversed(range(tensor.dim()))))
    return tensor.permute(*(axes[0] if is_a(axes[0], (tuple, list)) else axes))


def _squeezed(tensor: Any, axis: Any = None) -> Any:
    return torch.squeeze(tensor) if axis is None else torch.squeeze(tensor, axis)


def _flat(tensor: Any) -> Any:
    return tensor.reshape(-1)


def _flat_copy(tensor: Any) -> Any:
    return tensor.reshape(-1).clone()


def _flat_nonzero(tensor: Any) -> Any:
    return torch.nonzero(tensor.reshape(-1)).reshape(-1)


def _norm(tensor: Any) -> Any:
    tensor = _floating(tensor)
    return torch.sqrt(torch.sum(tensor * tensor))


_METHODS: Mapping[str, Builder] = {
    "sum": _sum,
    "mean": _mean,
    "std": _std,
    "var": _var,
    "max": _extreme(torch.amax),
    "min": _extreme(torch.amin),
    "argmax": _position(torch.argmax),
    "argmin": _position(torch.argmin),
    "any": _all_or_any(torch.any),
    "all": _all_or_any(torch.all),
    "cumsum": _cumulative(torch.cumsum),
    "cumprod": _cumulative(torch.cumprod),
    "clip": _clip,
    "reshape": _reshape,
    "transpose": _transposed,
    "squeeze": _squeezed,
    "ravel": _flat,
    "flatten": _flat_copy,
    "copy": torch.clone,
    "argsort": _argsort,
}
"""Methods of arrays, as functions of tensors; most are functions of NumPy as well."""

_SHARED = {
    getattr(_NUMPY, name): function
    for name, function in _METHODS.items()
    if name not in ("flatten", "copy")
}

_FUNCTIONS: Mapping[Any, Builder] = {
    **_SHARED,
    numpy.amax: _METHODS["max"],
    numpy.amin: _METHODS["min"],
    numpy.copy: torch.clone,
    numpy.sort: _sorted,
    numpy.expand_dims: torch.unsqueeze,
    numpy.linalg.norm: _norm,
    numpy.flatnonzero: _flat_nonzero,
    numpy.diff: torch.diff,
    numpy.tile: _TORCH.tile,
    numpy.zeros_like: torch.zeros_like,
    numpy.ones_like: torch.ones_like,
}
"""Functions of one array."""


def _concatenated(machine: Machine, parts: Any, axis: int = 0) -> Any:
    return _joined(machine, torch.cat, parts, axis)


def _stack(machine: Machine, parts: Any, axis: int = 0) -> Any:
    return _joined(machine, torch.stack, parts, axis)


def _joined(machine: Machine, function: Any, parts: Any, axis: int) -> Any:
    items = materialise(machine, parts)
    if isinstance(items, DynamicList):
        raise need_static(items, "a list of arrays")
    tensors = [_tensor(machine, part, "concatenate") for part in items]
    common = numpy.result_type(*(_NUMPY_DTYPES[tensor.dtype] for tensor in tensors))
    tensors = [_cast(machine, tensor, _TORCH_DTYPES[common]) for tensor in tensors]
    return machine.python(machine.tracer.native, function, tensors, axis)


def _where(machine: Machine, condition: Any, *choices: Any) -> Any:
    known = condition if is_traced(condition) else _tensor(machine, condition, "where")
    tensor = _cast(machine, known, torch.bool)
    if not choices:
        found = machine.python(machine.tracer.native, torch.where, tensor)
        return tuple(Array(part) for part in found)
    common = _common_kind(machine, choices)
    both = [_cast(machine, _tensor(machine, choice, "where"), common) for choice in choices]
    return machine.python(machine.tracer.native, torch.where, tensor, *both)


def _common_kind(machine: Machine, values: Sequence[Any]) -> torch.dtype:
    """Return the dtype of a choice between `values`, of which numbers adapt to arrays."""
    kinds = [_NUMPY_DTYPES[_tensor(machine, value, "where").dtype] for value in values]
    if not all(map(is_number, values)):
        kinds = [
            number_type(value) if is_number(value) and number_type(value) is not bool else kind
            for value, kind in zip(values, kinds, strict=True)
        ]
    return _TORCH_DTYPES[numpy.add.resolve_dtypes((*kinds, None))[-1]]


def _nonzero(machine: Machine, array: Any) -> Any:
    return _where(machine, array)


def _array(machine: Machine, value: Any, dtype: Any = None) -> Any:
    tensor = _tensor(machine, value.tensor if is_traced(value) else value, "array")
    copied = machine.tracer.native(torch.clone, tensor)
    return copied if dtype is None else _cast(machine, copied, _dtype(machine, dtype))


def _as_array(machine: Machine, value: Any, dtype: Any = None) -> Any:
    tensor = value if is_traced(value) else _tensor(machine, value, "asarray")
    return tensor if dtype is None else _cast(machine, tensor, _dtype(machine, dtype))


def _dot(machine: Machine, left: Any, right: Any) -> Any:
    tensors = [_tensor(machine, side, "matmul") for side in (left, right)]
    if not all(tensor.dim() in (1, 2) for tensor in tensors):
        raise NotImplementedError("a product of arrays of other ranks")
    common = numpy.result_type(*(_NUMPY_DTYPES[tensor.dtype] for tensor in tensors))
    converted = [_cast(machine, tensor, _TORCH_DTYPES[common]) for tensor in tensors]
    return machine.python(machine.tracer.native, torch.matmul, *converted)


def _unique(machine: Machine, array: Any) -> Any:
    tensor = _tensor(machine, array, "unique")
    return machine.python(machine.tracer.native, _distinct, tensor)


def _distinct(tensor: Any) -> Any:
    if not tensor.is_floating_point():
        return _TORCH.unique(tensor)
    is_odd = tensor.isnan()  # to NumPy all of these are one number, the last
    ordered = tensor[~is_odd].sort().values
    before = torch.cat([ordered.new_full((1,), torch.nan), ordered])[:-1]
    return torch.cat([ordered[ordered != before], tensor[is_odd][:1]])


_WITH_MACHINE: Mapping[Any, Builder] = {
    numpy.concatenate: _concatenated,
    numpy.stack: _stack,
    numpy.where: _where,
    numpy.nonzero: _nonzero,
    numpy.array: _array,
    numpy.asarray: _as_array,
    numpy.ascontiguousarray: _as_array,
    numpy.dot: _dot,
    _NUMPY.matmul: _dot,
    numpy.unique: _unique,
}
"""Functions of several arrays, or with results that are no arrays."""


def call_numpy(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    """Deliver the result of a function of NumPy, the first of `args`, for the others."""
    function, *args = args
    values = [*args, *kwargs.values()]
    if not any(map(_is_data, values)):
        result = run_native(machine, function, args, kwargs)
        return deliver(
            state, whole_array(constant_tensor(machine, result)) if function in _BUFFERS else result
        )
    name = getattr(function, "__name__", str(function))
    if is_a(function, type) and issubclass(function, numpy.generic):
        tensor = _tensor(machine, args[0], name)
        return deliver(state, Array(_cast(machine, tensor, _dtype(machine, function))))
    if function in _UFUNCS and not kwargs:
        return deliver(state, _apply(machine, function, args))
    own = _WITH_MACHINE.get(function)
    if own is not None:
        made = _checked(machine, name, own, [machine, *args], kwargs)
        return deliver(state, whole_array(made) if is_traced(made) else made)
    if function in _FUNCTIONS:
        tensor = _tensor(machine, args[0], name)
        made = _reduced(machine, name, _FUNCTIONS[function], tensor, args[1:], kwargs)
        return deliver(state, whole_array(made.tensor) if name in _REARRANGING else made)
    raise refuse(machine, name)


def _is_data(value: Any) -> bool:
    if is_a(value, (list, tuple)):
        return any(map(_is_data, value))
    return isinstance(value, (Array, DynamicList)) or is_symbolic(value) or is_traced(value)


_BUFFERS = (numpy.zeros, numpy.ones, numpy.empty, numpy.full, numpy.zeros_like, numpy.ones_like)
"""Functions whose results are made to be changed: they are arrays of the program at once."""


_REARRANGING = frozenset(
    ["reshape", "squeeze", "transpose", "copy", "zeros_like", "ones_like", "swapaxes"]
)
"""Functions that make an array even of rank 0, where others make a scalar."""


def refuse_mutation(machine: Machine, value: Any) -> None:
    """Refuse to change a real array, which all paths share."""
    if isinstance(value, numpy.ndarray):
        raise refusal(
            "MC0105",
            "an array of NumPy is changed, which exists while compiling",
            machine.tracer.location(),
            help="make it by `numpy.zeros`, or use a tensor",
        )


def _reduced(
    machine: Machine, name: str, function: Builder, tensor: Any, args: Any, kwargs: Any
) -> Array:
    """Return the array that `function` makes of `tensor`; sums of ints have NumPy's dtypes."""
    wanted = dict(kwargs)
    dtype = wanted.pop("dtype", None)
    if dtype is not None:
        tensor = _cast(machine, tensor, _dtype(machine, dtype))

    def compute() -> Any:
        return machine.tracer.native(function, tensor, *args, **wanted)

    return Array(_checked(machine, name, compute, [], {}))


def _checked(machine: Machine, name: str, function: Any, args: list[Any], kwargs: Any) -> Any:
    """Call `function`; arguments that it does not have are those that only NumPy has."""
    try:
        return machine.python(function, *args, **kwargs)
    except Exception as error:
        cause = getattr(error, "error", None)
        if isinstance(cause, (TypeError, NotImplementedError)):
            raise refuse(machine, name) from None
        raise


# --- attributes and methods ---------------------------------------------------------------------


def get_array_attribute(machine: Machine, state: State, args: list[Any], kwargs: Any) -> Outcome:
    """Deliver an attribute of an array: `(array, name)`."""
    del kwargs
    array, name = args
    tensor = array.tensor
    match name:
        case "shape":
            return deliver(state, tuple(tensor.shape))
        case "ndim":
            return deliver(state, tensor.dim())
        case "size":
            return deliver(state, machine.tracer.native(torch.numel, tensor))
        case "dtype":
            return deliver(state, _NUMPY_DTYPES[tensor.dtype])
        case "T":
            turned = machine.tracer.native(_transposed, tensor)
            return deliver(state, Array(turned, array.kind))
        case _:
            return deliver(state, ArrayMethod(array, name))


def call_array_method(
    machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Deliver the result of an `ArrayMethod`, the first of `args`, for the others."""
    method: ArrayMethod = args.pop(0)
    tensor, name = method.owner.tensor, method.name
    if name == "item" and not args:
        return deliver(state, item_of(machine, tensor))
    if name == "tolist":
        return machine.builtins[_TORCH.Tensor.tolist](machine, state, [tensor], {})
    if name == "astype":
        kind = _dtype(machine, args[0])
        cast = machine.tracer.native(torch.Tensor.to, tensor, kind, copy=True)
        return deliver(state, Array(cast, method.owner.kind))
    if name == "fill":
        guard_aliases(machine, [tensor], lambda: machine.tracer.native(tensor.fill_, *args))
        return deliver(state, None)
    if name == "nonzero":
        return deliver(state, _nonzero(machine, method.owner))
    if name == "dot":
        return deliver(state, Array(_dot(machine, method.owner, *args)))
    if name not in _METHODS:
        raise refuse(machine, f"ndarray.{name}")
    made = _reduced(machine, name, _METHODS[name], tensor, args, kwargs)
    keeps_kind = name in _REARRANGING and method.owner.kind == "array"
    return deliver(state, whole_array(made.tensor) if keeps_kind or name == "squeeze" else made)


# --- items --------------------------------------------------------------------------------------


def get_array_item(machine: Machine, state: State, args: list[Any], kwargs: Any) -> Outcome:
    """Deliver an item of an array, in the same memory if the key selects and slices only."""
    del kwargs
    array, key = args
    if not isinstance(array, Array):
        return deliver(state, machine.python(operator.getitem, array, key))
    return deliver(state, item_of_array(machine, array, _plain_key(machine, key)))


def item_of_array(machine: Machine, array: Array, key: Any) -> Array:
    """Return `array[key]`; a single element is a scalar of NumPy, in memory of its own."""
    part = tensor_item(machine, array.tensor, key)
    return Array(part if part.dim() else machine.tracer.native(torch.clone, part))


def set_array_item(machine: Machine, state: State, args: list[Any], kwargs: Any) -> Outcome:
    """Execute `array[key] = value`."""
    del kwargs
    array, key, value = args
    refuse_mutation(machine, array)
    given = value if is_number(value) else _tensor(machine, value, "item assignment")
    return set_item(machine, state, array.tensor, _plain_key(machine, key), given)


def _plain_key(machine: Machine, key: Any) -> Any:
    if is_a(key, tuple):
        return tuple(_plain_key(machine, part) for part in key)
    if isinstance(key, (Array, numpy.ndarray)):
        return _tensor(machine, key, "indexing")
    return key
