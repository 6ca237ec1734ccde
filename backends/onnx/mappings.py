"""Mappings of our own, where torchlib has none, or one that is wrong or slow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import onnx_ir

from ...ir.graph import overload
from ...ir.types import DType, TensorType
from .call import Call, OwnMapping
from .element_types import Unsupported
from .neural_mappings import NEURAL_MAPPINGS
from .recurrent_mappings import RECURRENT_MAPPINGS
from .reduction_mappings import REDUCTION_MAPPINGS
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


def clamp(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = max(self, min), or min(self, max): ONNX's Clip would bound infinity on both sides."""
    dtype = cast(TensorType, call.results[0]).dtype
    lowest, largest = (call[name] if call.has(name) else None for name in ("min", "max"))
    if not dtype.is_floating or (lowest is None) == (largest is None):
        raise Unsupported("only one bound of floating point numbers needs a form of its own")
    bound: Any = largest if lowest is None else lowest
    if isinstance(bound, onnx_ir.Value):
        bound = emitter.cast(bound, dtype)
    else:
        bound = emitter.constant(float(bound), dtype)
    return [
        emitter.node("Min" if lowest is None else "Max", emitter.cast(call["self"], dtype), bound)
    ]


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
    **RECURRENT_MAPPINGS,
    **REDUCTION_MAPPINGS,
    "aten::add.Tensor": add,
    "aten::ceil": identity,
    "aten::clamp": clamp,
    "aten::clamp_max": clamp,
    "aten::clamp_min": clamp,
    "aten::floor": identity,
    "aten::index.Tensor": index,
    "aten::index_put": index_put,
    "aten::masked_fill.Scalar": masked_fill,
    "aten::masked_fill.Tensor": masked_fill,
    "aten::masked_select": masked_select,
    "aten::round": identity,
    "aten::sort.stable": sort,
    "aten::trunc": identity,
    "aten::where.self": where,
}
