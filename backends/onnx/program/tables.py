"""Tables of constant numbers: one is chosen by an index, or found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import onnx_ir

from ....ir.core import Op
from ....ir.host import texts
from ....ir.types import F64, I1, I64, DType, Type
from .scope import Scope

Values: TypeAlias = Sequence[onnx_ir.Value]
Emit: TypeAlias = Callable[[Scope, Op, Values], onnx_ir.Value]

_DTYPES: Mapping[Type, DType] = {I64: DType.I64, F64: DType.F64, I1: DType.I1}


def _get(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, texts.Get)
    kind = op.out.type
    items = scope.emitter.constant(list(op.items), _DTYPES[kind])
    return scope.node("Gather", items, operands[0], kind=kind)


def _find(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = the first place where it is equal: the greatest of zeros and ones."""
    assert isinstance(op, texts.Find)
    same = scope.emitter.node("Equal", scope.emitter.integers(op.items), operands[0])
    numbers = scope.emitter.node("Cast", same, to=int(onnx_ir.DataType.INT64))
    place = scope.node("ArgMax", numbers, kind=I64, axis=0, keepdims=0)
    is_there = scope.cast(scope.node("ReduceMax", numbers, kind=I64, keepdims=0), I1)
    return scope.node("Where", is_there, place, scope.integer(-1), kind=I64)


TABLES: Mapping[type[Op], Emit] = {texts.Find: _find, texts.Get: _get}
