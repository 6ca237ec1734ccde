"""Types of the IR in terms of ONNX, and the refusal of what ONNX Runtime cannot compute."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir

from ...ir.types import DType, ListType, ScalarKind, TensorType, Type

_DTYPES: Mapping[DType, onnx_ir.DataType] = {
    DType.F64: onnx_ir.DataType.DOUBLE,
    DType.F32: onnx_ir.DataType.FLOAT,
    DType.F16: onnx_ir.DataType.FLOAT16,
    DType.BF16: onnx_ir.DataType.BFLOAT16,
    DType.I64: onnx_ir.DataType.INT64,
    DType.I32: onnx_ir.DataType.INT32,
    DType.I16: onnx_ir.DataType.INT16,
    DType.I8: onnx_ir.DataType.INT8,
    DType.U8: onnx_ir.DataType.UINT8,
    DType.I1: onnx_ir.DataType.BOOL,
}

_NUMBERS: Mapping[ScalarKind, onnx_ir.DataType] = {
    ScalarKind.I64: onnx_ir.DataType.INT64,
    ScalarKind.F64: onnx_ir.DataType.DOUBLE,
    ScalarKind.I1: onnx_ir.DataType.BOOL,
}


class Unsupported(Exception):
    """Say why an op has no form in ONNX that computes what torch computes."""


def onnx_dtype(dtype: DType) -> onnx_ir.DataType:
    """Return ONNX's element type; `Unsupported` for complex numbers."""
    if dtype not in _DTYPES:
        raise Unsupported(f"ONNX Runtime computes nothing with {dtype}")
    return _DTYPES[dtype]


def element_type(value_type: Type) -> onnx_ir.DataType:
    """Return the element type of a tensor, or of a number, which ONNX takes as rank 0."""
    if isinstance(value_type, TensorType):
        return onnx_dtype(value_type.dtype)
    if isinstance(value_type, ListType):
        raise Unsupported("sub-networks take no lists")
    return _NUMBERS[value_type.kind]


def onnx_shape(value_type: Type) -> list[int | str]:
    """Return the dims; those that are not static as the text of their expression."""
    shape = value_type.shape if isinstance(value_type, TensorType) else ()
    return [dim if isinstance(dim, int) else str(dim) for dim in shape]
