"""Tensors that are the same in every call: what the program computes of constants only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import torch

from ...ir import TensorType, Value, map_values
from ...ir.graph import AtenOp
from ...ir.host import LoadWeight
from ...ir.reference.evaluation import WrongType, evaluate
from .torch_internals import Fake, eager

if TYPE_CHECKING:
    from .tensors import Tensors

_MAX_ELEMENTS = 4096
_MAX_OPS = 100


def constant_item(tensors: Tensors, source: Fake) -> Any:
    """Return `source.item()` as a Python number if it is known while compiling, else None."""
    value = tensors.value_of_fake(source)
    if not isinstance(value.owner, AtenOp):
        return None
    order = _in_order(value)
    if order is None:
        return None
    known: dict[Value, Any] = {}
    with eager(), torch.no_grad():
        for op in order:
            results = _results(tensors, op, known)
            if results is None:
                return None
            known.update(zip(op.results, results, strict=True))
        return known[value].item()


def _results(
    tensors: Tensors, op: AtenOp | LoadWeight, known: Mapping[Value, Any]
) -> Sequence[Any] | None:
    if isinstance(op, LoadWeight):
        data = tensors.constant_of(op)
        return None if data is None else [data]
    try:
        return evaluate(op, lambda argument: map_values(argument, known.__getitem__))
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError, WrongType):
        return None


def _in_order(value: Value) -> list[AtenOp | LoadWeight] | None:
    """Return the ops that compute `value`, operands first; None if not all are constants."""
    order: dict[AtenOp | LoadWeight, None] = {}
    pending = [value.owner]
    while pending:
        op = pending[-1]
        if not _is_constant(op) or len(pending) > _MAX_OPS:
            return None
        missing = [operand.owner for operand in op.operands if operand.owner not in order]
        pending.extend(missing)
        if not missing:
            order[op] = None
            pending.pop()
    return list(order)


def _is_constant(op: object) -> TypeGuard[AtenOp | LoadWeight]:
    if isinstance(op, LoadWeight):
        return _is_small(op.out)
    return isinstance(op, AtenOp) and op.is_pure and all(map(_is_small, op.results))


def _is_small(value: Value) -> bool:
    kind = value.type
    count = kind.elements if isinstance(kind, TensorType) else None
    return count is not None and count <= _MAX_ELEMENTS
