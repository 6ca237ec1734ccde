"""Mappings of our own for parts of neural networks, in the form that ONNX Runtime is fast with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy
import onnx_ir

from ...ir.types import DType, TensorType
from . import torchlib
from .call import Call, OwnMapping
from .element_types import Unsupported, onnx_dtype

if TYPE_CHECKING:
    from .emitter import Emitter


def gelu(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self * P(X <= self) for normal X, or its approximation by tanh, as one kernel."""
    if call.tensor("self").dtype is not DType.F32:
        raise Unsupported("the kernel is for f32")
    kernel = {"none": "Gelu", "tanh": "FastGelu"}[call["approximate"]]
    return emitter.nodes(kernel, call["self"], count=1, domain=torchlib.RUNTIME_DOMAIN)


def attention(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = softmax(scale * query @ key^T + mask) @ value; the second result is not computed."""
    query = call.tensor("query")
    width = query.shape[-1]
    if not isinstance(width, int) or call["dropout_p"] != 0:
        raise Unsupported("attention with dropout, or of a width that depends on data")
    scale = 1 / math.sqrt(width) if call["scale"] is None else call["scale"]
    scaled = emitter.node("Mul", call["query"], emitter.constant(float(scale), query.dtype))
    order = [*range(query.rank - 2), query.rank - 1, query.rank - 2]
    scores = emitter.node("MatMul", scaled, emitter.node("Transpose", call["key"], perm=order))
    if (mask := _additive_mask(emitter, call)) is not None:
        scores = emitter.node("Add", scores, mask)
    weights = emitter.node("Softmax", scores, axis=-1)
    return [emitter.node("MatMul", weights, call["value"]), torchlib.new_value(None, None, None)]


def _additive_mask(emitter: Emitter, call: Call) -> onnx_ir.Value | None:
    """Return what to add to the scores: 0, or minus infinity where nothing may be seen."""
    dtype = call.tensor("query").dtype
    if call["is_causal"]:
        length, seen = call.tensor("query").shape[-2], call.tensor("key").shape[-2]
        if not isinstance(length, int) or not isinstance(seen, int):
            raise Unsupported("a causal mask of a size that depends on data")
        hidden = numpy.triu(numpy.full((length, seen), -math.inf), 1)
        elements = hidden.astype(onnx_dtype(dtype).numpy())
        return emitter.tensor(onnx_ir.tensor(elements))
    mask = call["attn_mask"]
    if mask is None:
        return None
    kind = call.types[mask]
    if isinstance(kind, TensorType) and kind.dtype is DType.I1:
        shown, hidden = emitter.constant(0.0, dtype), emitter.constant(-math.inf, dtype)
        return emitter.node("Where", mask, shown, hidden)
    return mask


def matrix_vector(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self @ vec."""
    return [_times_column(emitter, call["self"], call["vec"])]


def add_matrix_vector(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = beta * self + alpha * (mat @ vec), where a `beta` of 0 ignores even NaN."""
    product = _scaled(emitter, call, "alpha", _times_column(emitter, call["mat"], call["vec"]))
    if call["beta"] == 0:
        return [product]
    return [emitter.node("Add", _scaled(emitter, call, "beta", call["self"]), product)]


def _times_column(emitter: Emitter, matrix: onnx_ir.Value, vector: onnx_ir.Value) -> onnx_ir.Value:
    """Return the product with the vector as a matrix of one column.

    ONNX Runtime multiplies wrongly what it fuses from a transposed matrix and a vector.
    """
    column = emitter.node("Unsqueeze", vector, emitter.integers([1]))
    product = emitter.node("MatMul", matrix, column)
    return emitter.node("Squeeze", product, emitter.integers([1]))


def _scaled(emitter: Emitter, call: Call, name: str, value: onnx_ir.Value) -> onnx_ir.Value:
    factor = call[name]
    if factor == 1:
        return value
    dtype = call.tensor("vec").dtype
    number = float(factor) if dtype.is_floating else int(factor)
    return emitter.node("Mul", value, emitter.constant(number, dtype))


NEURAL_MAPPINGS: Mapping[str, OwnMapping] = {
    "aten::_scaled_dot_product_flash_attention_for_cpu": attention,
    "aten::addmv": add_matrix_vector,
    "aten::gelu": gelu,
    "aten::mv": matrix_vector,
}
