"""Mappings of our own, where torchlib has none, or one that is wrong or slow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import onnx_ir

from ...ir.graph import overload
from ...ir.types import DType, TensorType
from .call import Call, OwnMapping, normal_dim
from .element_types import Unsupported
from .neural_mappings import NEURAL_MAPPINGS
from .shape_mappings import SHAPE_MAPPINGS

if TYPE_CHECKING:
    from .emitter import Emitter


def identity(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self, of integers, which are whole numbers already."""
    if call.tensor("self").dtype.is_floating:
        raise Unsupported("only integers stay as they are")
    return [emitter.node("Identity", call["self"])]


def where(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = condition ? self : other, of booleans: ONNX Runtime has no kernel for these."""
    if call.dtypes != {DType.I1}:
        raise Unsupported("only booleans need a form of their own")
    return [_choose(emitter, call["condition"], call["self"], call["other"])]


def masked_fill(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = mask ? value : self, of booleans."""
    if call.dtypes != {DType.I1}:
        raise Unsupported("only booleans need a form of their own")
    value = call["value"]
    filled = value if isinstance(value, onnx_ir.Value) else emitter.constant(bool(value), DType.I1)
    return [_choose(emitter, call["mask"], filled, call["self"])]


def _choose(
    emitter: Emitter, condition: onnx_ir.Value, chosen: onnx_ir.Value, other: onnx_ir.Value
) -> onnx_ir.Value:
    inverse = emitter.node("Not", condition)
    return emitter.node(
        "Or", emitter.node("And", condition, chosen), emitter.node("And", inverse, other)
    )


def add(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self or other, of booleans."""
    if call.dtypes != {DType.I1} or len(call.values) != 2 or call["alpha"] != 1:
        raise Unsupported("only booleans need a form of their own")
    return [emitter.node("Or", call["self"], call["other"])]


def masked_select(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = the elements of `self` where `mask` holds, both broadcast, in row-major order."""
    elements, mask = (
        emitter.node("Reshape", emitter.node("Expand", call[one], shape), emitter.integers([-1]))
        for one, shape in (
            ("self", emitter.node("Shape", call["mask"])),
            ("mask", emitter.node("Shape", call["self"])),
        )
    )
    return [emitter.node("Compress", elements, mask, axis=0)]


def sort(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """As `aten.sort`: ONNX Runtime always keeps the order of equal elements."""
    arguments = (call["self"], call["dim"], call["descending"])
    return emitter.emit(overload("aten.sort.default"), arguments, {}, call.results)


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
    dims = _reduced(call)
    if not source.rank:
        raise Unsupported("a scalar is its own mean")
    extents = [source.shape[dim] for dim in dims]
    if all(isinstance(extent, int) and extent > 0 for extent in extents):
        raise Unsupported("only sets that may be empty need a form of their own")
    if not source.dtype.is_floating or call["dtype"] not in (None, source.dtype):
        raise Unsupported("the operand takes part in another type")
    axes, keep = emitter.integers(dims), int(bool(call["keepdim"]))
    total = emitter.node("ReduceSum", call["self"], axes, keepdims=keep)
    return [emitter.node("Div", total, _count(emitter, call, dims))]


def _reduced(call: Call) -> list[int]:
    rank = call.tensor("self").rank
    return sorted({normal_dim(dim, rank) for dim in call["dim"] or range(rank)})


def _count(emitter: Emitter, call: Call, dims: Sequence[int]) -> onnx_ir.Value:
    """Return the number of elements of a reduction over `dims`, in the type of `self`."""
    extents = emitter.node("Gather", emitter.node("Shape", call["self"]), emitter.integers(dims))
    count = emitter.node("ReduceProd", extents, keepdims=0)
    return emitter.cast(count, call.tensor("self").dtype)


def _degrees_of_freedom(emitter: Emitter, call: Call, dims: Sequence[int]) -> onnx_ir.Value:
    """Return max(0, n - correction) for the n elements of a reduction over `dims`."""
    source = call.tensor("self")
    correction = 1 if call["correction"] is None else call["correction"]
    sizes = [source.shape[dim] for dim in dims]
    if all(isinstance(size, int) for size in sizes):
        return emitter.constant(max(0.0, math.prod(sizes) - correction), source.dtype)
    subtracted = emitter.constant(float(correction), source.dtype)
    left = emitter.node("Sub", _count(emitter, call, dims), subtracted)
    return emitter.node("Max", left, emitter.constant(0.0, source.dtype))


def index(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """As `aten.index` with each mask replaced by the positions of its True elements."""
    indices = _positions(emitter, call)
    return emitter.emit(call.operator, (call["self"], indices), {}, call.results)


def index_put(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """As `aten.index_put` with each mask replaced by the positions of its True elements."""
    if _fills_mask(call):
        return [_fill_mask(emitter, call)]
    arguments = (call["self"], _positions(emitter, call), call["values"], call["accumulate"])
    return emitter.emit(call.operator, arguments, {}, call.results)


def _fills_mask(call: Call) -> bool:
    masks: tuple[Any, ...] = call["indices"]
    single = isinstance(masks[0], onnx_ir.Value) and all(mask is None for mask in masks[1:])
    return single and not call["accumulate"] and call.tensor("values").rank == 0


def _fill_mask(emitter: Emitter, call: Call) -> onnx_ir.Value:
    mask = call["indices"][0]
    kind = cast(TensorType, call.types[mask])
    if kind.dtype is not DType.I1:
        raise Unsupported("positions are not a mask")
    trailing = list(range(kind.rank, call.tensor("self").rank))
    if trailing:
        mask = emitter.node("Unsqueeze", mask, emitter.integers(trailing))
    if call.tensor("self").dtype is DType.I1:
        return _choose(emitter, mask, call["values"], call["self"])
    return emitter.node("Where", mask, call["values"], call["self"])


def _positions(emitter: Emitter, call: Call) -> tuple[onnx_ir.Value | None, ...]:
    kinds = [call.types.get(item) for item in call["indices"]]
    if not any(isinstance(kind, TensorType) and kind.dtype is DType.I1 for kind in kinds):
        raise Unsupported("there is no mask")
    positions: list[onnx_ir.Value | None] = []
    for item, kind in zip(call["indices"], kinds, strict=True):
        if isinstance(kind, TensorType) and kind.dtype is DType.I1:
            positions += _true_positions(emitter, item, kind)
        else:
            positions.append(item)
    return tuple(positions)


def _true_positions(emitter: Emitter, mask: onnx_ir.Value, kind: TensorType) -> list[onnx_ir.Value]:
    rows = emitter.node("NonZero", mask)
    count = emitter.new_dim()
    selected = [
        emitter.node("Gather", rows, emitter.constant(axis, DType.I64)) for axis in range(kind.rank)
    ]
    return [emitter.finish(value, TensorType((count,), DType.I64)) for value in selected]


MAPPINGS: Mapping[str, OwnMapping] = {
    **SHAPE_MAPPINGS,
    **NEURAL_MAPPINGS,
    "aten::add.Tensor": add,
    "aten::ceil": identity,
    "aten::floor": identity,
    "aten::index.Tensor": index,
    "aten::index_put": index_put,
    "aten::masked_fill.Scalar": masked_fill,
    "aten::masked_fill.Tensor": masked_fill,
    "aten::masked_select": masked_select,
    "aten::mean.dim": mean,
    "aten::round": identity,
    "aten::sort.stable": sort,
    "aten::std.correction": variance,
    "aten::std_mean.correction": variance,
    "aten::trunc": identity,
    "aten::var.correction": variance,
    "aten::var_mean.correction": variance,
    "aten::where.self": where,
}
