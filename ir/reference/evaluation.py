"""What each op computes, from runtime values to runtime values."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import torch

from ...diagnostics import fill
from ..core import Argument, Op
from ..graph.literals import dtype_from_torch, flatten, to_torch, torch_dtypes
from ..graph.ops import AtenOp
from ..host import arith, lists, program, texts
from ..types import ListType, ScalarKind, ScalarType, TensorType, Type

Read: TypeAlias = Callable[[Argument], Any]
"""Replaces the values inside an argument by what they hold."""

Evaluate: TypeAlias = Callable[[Any, Read], Sequence[Any]]
"""Computes the results of one op."""

PYTHON_TYPES: Mapping[ScalarKind, type] = {
    ScalarKind.I64: int,
    ScalarKind.F64: float,
    ScalarKind.I1: bool,
    ScalarKind.STR: str,
}


class WrongType(Exception):
    """An op computed something that is not of the type that the module declares."""


def conforms(value: Any, value_type: Type) -> bool:
    """Tell whether `value` has `value_type`, whatever its symbolic dims are."""
    if isinstance(value_type, ListType):
        return isinstance(value, list)
    if isinstance(value_type, ScalarType):
        return type(value) is PYTHON_TYPES[value_type.kind]
    return isinstance(value, torch.Tensor) and _tensor_conforms(value, value_type)


def _tensor_conforms(value: torch.Tensor, value_type: TensorType) -> bool:
    return (
        value.dtype == torch_dtypes()[value_type.dtype]
        and value.dim() == value_type.rank
        and all(
            not isinstance(dim, int) or dim == size
            for dim, size in zip(value_type.shape, value.shape, strict=True)
        )
    )


def describe(value: Any) -> str:
    """Return the type of a runtime value in the words of the IR."""
    if isinstance(value, torch.Tensor):
        return str(TensorType(tuple(value.shape), dtype_from_torch(value.dtype)))
    return "none" if value is None else type(value).__name__


def evaluate(op: Op, read: Read) -> list[Any]:
    """Return the results of `op`; WrongType if one is not what the module declares."""
    values = list(EVALUATE[type(op)](op, read))
    if len(values) != len(op.results):
        raise WrongType(f"{op.loc}: {op.name} has {len(values)} results, not {len(op.results)}")
    for value, result in zip(values, op.results, strict=True):
        if not conforms(value, result.type):
            raise WrongType(f"{op.loc}: {op.name} gives {describe(value)}, not {result.type}")
    return values


def _aten(op: AtenOp, read: Read) -> Sequence[Any]:
    arguments = to_torch(read(op.arguments))
    keywords = {name: to_torch(read(argument)) for name, argument in op.keywords}
    return flatten(op.operator(*arguments, **keywords))


def _binary(function: Callable[[Any, Any], Any]) -> Evaluate:
    def apply(op: arith.Binary, read: Read) -> Sequence[Any]:
        return [function(read(op.left), read(op.right))]

    return apply


def _divide(left: float, right: float) -> float:
    return left / right


def _divide_down(left: float, right: float) -> float:
    return left // right


def _power(left: Any, right: Any) -> Any:
    return left**right


def _compare(op: arith.Compare, read: Read) -> Sequence[Any]:
    return [getattr(operator, op.predicate.value)(read(op.left), read(op.right))]


def _both(left: bool, right: bool) -> bool:
    return left and right


def _either(left: bool, right: bool) -> bool:
    return left or right


def _math(op: arith.MathCall, read: Read) -> Sequence[Any]:
    builtin = {"abs": abs, "round": round}.get(op.function)
    return [(builtin or getattr(math, op.function))(*read(op.values))]


def _select(op: arith.Select, read: Read) -> Sequence[Any]:
    return [read(op.on_true) if read(op.condition) else read(op.on_false)]


def _set(op: lists.Set, read: Read) -> Sequence[Any]:
    changed = list(read(op.source))
    changed[read(op.index)] = read(op.item)
    return [changed]


def _order(op: lists.Order, read: Read) -> Sequence[Any]:
    keys = read(op.keys)
    return [sorted(range(len(keys)), key=keys.__getitem__, reverse=op.reverse)]


def _take(op: lists.Take, read: Read) -> Sequence[Any]:
    source = read(op.source)
    return [[source[index] for index in read(op.indices)]]


def _to_tensor(op: lists.ToTensor, read: Read) -> Sequence[Any]:
    declared = cast(TensorType, op.out.type)
    return [torch.tensor(read(op.source), dtype=torch_dtypes()[declared.dtype])]


def _call_method(op: texts.CallMethod, read: Read) -> Sequence[Any]:
    return [getattr(read(op.text), op.method)(*read(op.values))]


def _find(op: texts.Find, read: Read) -> Sequence[Any]:
    value = read(op.value)
    return [op.items.index(value) if value in op.items else -1]


def _assert(op: program.Assert, read: Read) -> Sequence[Any]:
    if not read(op.condition):
        raise RuntimeError(op.message)
    return []


def _print(op: program.Print, read: Read) -> Sequence[Any]:
    stream = sys.stderr if op.to_errors else sys.stdout
    text = fill(op.text, read(op.values))
    print(text, end=op.end, file=stream, flush=op.flush)
    return []


EVALUATE: Mapping[type[Op], Evaluate] = {
    AtenOp: _aten,
    arith.Constant: lambda op, read: [op.value],
    arith.Add: _binary(operator.add),
    arith.Sub: _binary(operator.sub),
    arith.Mul: _binary(operator.mul),
    arith.TrueDiv: _binary(_divide),
    arith.FloorDiv: _binary(_divide_down),
    arith.Mod: _binary(operator.mod),
    arith.Pow: _binary(_power),
    arith.Min: _binary(min),
    arith.Max: _binary(max),
    arith.Compare: _compare,
    arith.And: _binary(_both),
    arith.Or: _binary(_either),
    arith.Not: lambda op, read: [not read(op.value)],
    arith.Neg: lambda op, read: [-read(op.value)],
    arith.Cast: lambda op, read: [PYTHON_TYPES[op.kind](read(op.value))],
    arith.MathCall: _math,
    arith.Select: _select,
    lists.Make: lambda op, read: [list(read(op.items))],
    lists.Append: lambda op, read: [[*read(op.source), read(op.item)]],
    lists.Get: lambda op, read: [read(op.source)[read(op.index)]],
    lists.Set: _set,
    lists.Extend: lambda op, read: [[*read(op.source), *read(op.other)]],
    lists.Slice: lambda op, read: [read(op.source)[read(op.start) : read(op.stop)]],
    lists.Reverse: lambda op, read: [read(op.source)[::-1]],
    lists.Take: _take,
    lists.Order: _order,
    lists.OfTensor: lambda op, read: [read(op.source).tolist()],
    lists.Len: lambda op, read: [len(read(op.source))],
    lists.Stack: lambda op, read: [torch.stack(read(op.source), op.dim)],
    lists.Concatenate: lambda op, read: [torch.cat(read(op.source), op.dim)],
    lists.ToTensor: _to_tensor,
    texts.Format: lambda op, read: [fill(op.template, read(op.values))],
    texts.CallMethod: _call_method,
    texts.Slice: lambda op, read: [read(op.source)[read(op.start) : read(op.stop)]],
    texts.Characters: lambda op, read: [list(read(op.source))],
    texts.Get: lambda op, read: [op.items[read(op.index)]],
    texts.Find: _find,
    program.Item: lambda op, read: [read(op.source).item()],
    program.Size: lambda op, read: [read(op.source).size(op.dim)],
    program.Assert: _assert,
    program.Print: _print,
}
"""How every op computes that is neither a terminator nor bound to the module."""
