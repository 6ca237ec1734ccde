"""Mappings of our own for reductions: right for sets without elements, and for all types."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import onnx_ir

from ...ir.graph import overload
from ...ir.types import DType, TensorType
from .call import Call, OwnMapping, normal_dim
from .element_types import Unsupported

if TYPE_CHECKING:
    from .emitter import Emitter


def extreme(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = the largest, or the smallest, of the elements along `dim`."""
    source = call.tensor("self")
    if not source.rank:
        return [emitter.node("Identity", call["self"])]
    if source.dtype is DType.I1:
        raise Unsupported("ONNX does not order booleans")
    reduction = {"aten::amax": "ReduceMax", "aten::amin": "ReduceMin"}[call.name]
    axes, keep = emitter.integers(_reduced(call)), int(bool(call["keepdim"]))
    return [emitter.node(reduction, call["self"], axes, keepdims=keep)]


def truth(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = whether any, or all, elements are true: by their number."""
    source = call.tensor("self")
    holds = emitter.cast(call["self"], DType.I1)
    if not source.rank:
        return [holds]
    is_all = call.name.startswith("aten::all")
    counted = emitter.node("Not", holds) if is_all else holds
    whole = call.name in ("aten::all", "aten::any")
    axes = emitter.integers(range(source.rank) if whole else _reduced(call))
    keep = int(not whole and bool(call["keepdim"]))
    ones = emitter.node("Cast", counted, to=int(onnx_ir.DataType.INT64))
    count = emitter.node("ReduceSum", ones, axes, keepdims=keep)
    zero = emitter.constant(0, DType.I64)
    result = emitter.node("Equal" if is_all else "Greater", count, zero)
    result.dtype = onnx_ir.DataType.BOOL  # of bytes, torch makes it a byte again
    return [result]


def variance(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = sum((self - mean)^2) / max(0, n - correction), its square root, the mean."""
    source = call.tensor("self")
    dims = _reduced(call)
    if not source.dtype.is_floating or not source.rank:
        raise Unsupported("only tensors of floating point numbers have a variance")
    axes, keep = emitter.integers(dims), int(bool(call["keepdim"]))
    average = emitter.node("ReduceMean", call["self"], axes, keepdims=1)
    deviation = emitter.node("Sub", call["self"], average)
    total = emitter.node("ReduceSumSquare", deviation, axes, keepdims=keep)
    spread = emitter.node("Div", total, _degrees_of_freedom(emitter, call, dims))
    if call.name.startswith("aten::std"):
        spread = emitter.node("Sqrt", spread)
    if len(call.results) == 1:
        return [spread]
    means = emitter.emit(
        overload("aten.mean.dim"), (call["self"], tuple(dims), bool(keep)), {}, call.results[1:]
    )
    return [spread, *means]


def mean(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = sum(self) / n, NaN if n is 0, which ONNX Runtime takes for a mean of 0."""
    source = call.tensor("self")
    dtype = cast(TensorType, call.results[0]).dtype
    elements = emitter.cast(call["self"], dtype)
    if not source.rank:
        return [emitter.node("Identity", elements)]
    dims = _reduced(call)
    axes, keep = emitter.integers(dims), int(bool(call["keepdim"]))
    extents = [source.shape[dim] for dim in dims]
    if all(isinstance(extent, int) and extent > 0 for extent in extents):
        return [emitter.node("ReduceMean", elements, axes, keepdims=keep)]
    total = emitter.node("ReduceSum", elements, axes, keepdims=keep)
    return [emitter.node("Div", total, _count(emitter, call, dims, dtype))]


def _reduced(call: Call) -> list[int]:
    rank = call.tensor("self").rank
    dims = call["dim"]
    given = (dims,) if isinstance(dims, int) else dims
    return sorted({normal_dim(dim, rank) for dim in given or range(rank)})


def _count(emitter: Emitter, call: Call, dims: Sequence[int], dtype: DType) -> onnx_ir.Value:
    """Return the number of elements of a reduction over `dims`, as a number of type `dtype`."""
    extents = emitter.node("Gather", emitter.node("Shape", call["self"]), emitter.integers(dims))
    count = emitter.node("ReduceProd", extents, keepdims=0)
    return emitter.cast(count, dtype)


def _degrees_of_freedom(emitter: Emitter, call: Call, dims: Sequence[int]) -> onnx_ir.Value:
    """Return max(0, n - correction) for the n elements of a reduction over `dims`."""
    source = call.tensor("self")
    correction = 1 if call["correction"] is None else call["correction"]
    sizes = [source.shape[dim] for dim in dims]
    if all(isinstance(size, int) for size in sizes):
        return emitter.constant(max(0.0, math.prod(sizes) - correction), source.dtype)
    subtracted = emitter.constant(float(correction), source.dtype)
    left = emitter.node("Sub", _count(emitter, call, dims, source.dtype), subtracted)
    return emitter.node("Max", left, emitter.constant(0.0, source.dtype))


REDUCTION_MAPPINGS: Mapping[str, OwnMapping] = {
    "aten::all": truth,
    "aten::all.dim": truth,
    "aten::all.dims": truth,
    "aten::amax": extreme,
    "aten::amin": extreme,
    "aten::any": truth,
    "aten::any.dim": truth,
    "aten::any.dims": truth,
    "aten::mean.dim": mean,
    "aten::std.correction": variance,
    "aten::std_mean.correction": variance,
    "aten::var.correction": variance,
    "aten::var_mean.correction": variance,
}
