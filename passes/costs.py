"""What tensor ops cost in a session of ONNX Runtime on one core, roughly, and which never raise."""

from __future__ import annotations

from ..ir import DType, ScalarType, TensorType, Type, Value
from ..ir.graph import AtenOp
from .aliasing import is_view

CALL = 3000
"""Nanoseconds that a call of a session takes beyond its ops."""

_OP = 300
_PER_ELEMENT = 0.5
_PER_PRODUCT = 0.1  # a multiplication and an addition, in registers
_PER_WEIGHT = 0.4  # read from the caches
_PRODUCTS = ("aten.addmm.default", "aten.bmm.default", "aten.linear.default", "aten.mm.default")
_SAFE = (
    *_PRODUCTS,
    "aten._softmax.default",
    "aten._log_softmax.default",
    "aten.mean.default",
    "aten.mean.dim",
    "aten.native_layer_norm.default",
    "aten.sum.default",
    "aten.sum.dim_IntList",
)


def nanoseconds(op: AtenOp) -> float | None:
    """Return what `op` costs; None if that is unknown, varies, or the op may raise."""
    import torch  # heavy: only programs with ATen ops need it

    if not op.is_pure or not all(_is_float(value.type) for value in op.results):
        return None
    if not all(_elements(value) is not None for value in (*op.operands, *op.results)):
        return None
    if is_view(op):
        return None if _reads_numbers(op) else _OP
    if op.target not in _SAFE and torch.Tag.pointwise not in op.operator.tags:
        return None
    elements = sum(_elements(value) or 0 for value in op.results)
    return _OP + _work(op, elements)


def _reads_numbers(op: AtenOp) -> bool:
    """Whether numbers of the host say what is seen: an index may be out of range."""
    return any(isinstance(value.type, ScalarType) for value in op.operands)


def _work(op: AtenOp, elements: int) -> float:
    if op.target not in _PRODUCTS:
        read = max((_elements(value) or 0 for value in op.operands), default=0)
        return _PER_ELEMENT * max(elements, read)
    kinds = [value.type for value in op.operands if isinstance(value.type, TensorType)]
    left, right = kinds[:2] if op.target == "aten.linear.default" else kinds[-2:]
    inner = int(left.shape[-1])
    return max(_PER_PRODUCT * elements * inner, _PER_WEIGHT * (right.elements or 0))


def _elements(value: Value) -> int | None:
    return value.type.elements if isinstance(value.type, TensorType) else 1


def _is_float(value_type: Type) -> bool:
    """Whether the numbers are bools or floats: ints may be divided by zero."""
    if not isinstance(value_type, TensorType):
        return False
    return value_type.dtype.is_floating or value_type.dtype is DType.I1
