"""Mappings of our own for ops that move elements: with constant shapes where they are constant."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import onnx_ir

from ...ir.graph import overload
from ...ir.types import TensorType
from .call import Call, OwnMapping, normal_dim
from .element_types import Unsupported

if TYPE_CHECKING:
    from .emitter import Emitter


def reshape(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = the elements of `self`, in row-major order, in another shape."""
    result = cast(TensorType, call.results[0])
    asked = call["shape" if call.name == "aten::reshape" else "size"]
    shape = emitter.vector(result.shape if result.is_static else asked)
    return [emitter.node("Reshape", call["self"], shape, allowzero=1)]


def expand(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = `self` repeated along dims of one element; -1 leaves a dim as it is."""
    result = cast(TensorType, call.results[0])
    if result.shape == call.tensor("self").shape:
        return [emitter.node("Identity", call["self"])]
    asked = tuple(1 if isinstance(size, int) and size == -1 else size for size in call["size"])
    shape = emitter.vector(result.shape if result.is_static else asked)
    return [emitter.node("Expand", call["self"], shape)]


def slice_dim(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self[start:end:step] along `dim`."""
    dim = normal_dim(call["dim"], call.tensor("self").rank)
    start = 0 if call["start"] is None else call["start"]
    end = sys.maxsize if call["end"] is None else call["end"]
    bounds = [emitter.vector((bound,)) for bound in (start, end)]
    rest = (emitter.integers([dim]), emitter.vector((call["step"],)))
    return [emitter.node("Slice", call["self"], *bounds, *rest)]


def split(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out_i = the i-th of consecutive slices of `self` along `dim`."""
    dim = normal_dim(call["dim"], call.tensor("self").rank)
    sizes = [cast(TensorType, kind).shape[dim] for kind in call.results]
    if not all(isinstance(size, int) for size in sizes):
        raise Unsupported("the sizes of the parts depend on data")
    return emitter.nodes("Split", call["self"], emitter.integers(sizes), axis=dim, count=len(sizes))


def unbind(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out_i = self.select(dim, i)."""
    dim = normal_dim(call["dim"], call.tensor("self").rank)
    select = overload("aten.select.int")
    return [
        emitter.emit(select, (call["self"], dim, index), {}, [kind])[0]
        for index, kind in enumerate(call.results)
    ]


def squeeze(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
    """out = self without those of the dims `dim` that have one element."""
    source = call.tensor("self")
    dims = call["dim"]
    chosen = {normal_dim(dim, source.rank) for dim in ((dims,) if isinstance(dims, int) else dims)}
    count = source.rank - cast(TensorType, call.results[0]).rank
    if len(chosen) > count:
        chosen = {dim for dim in chosen if dim < source.rank and source.shape[dim] == 1}
    if len(chosen) != count:
        raise Unsupported("it depends on data which dims have one element")
    removed = sorted(chosen)
    if not removed:
        return [emitter.node("Identity", call["self"])]
    return [emitter.node("Squeeze", call["self"], emitter.integers(removed))]


SHAPE_MAPPINGS: Mapping[str, OwnMapping] = {
    "aten::_unsafe_view": reshape,
    "aten::expand": expand,
    "aten::reshape": reshape,
    "aten::slice.Tensor": slice_dim,
    "aten::split.Tensor": split,
    "aten::split_with_sizes": split,
    "aten::squeeze.dim": squeeze,
    "aten::squeeze.dims": squeeze,
    "aten::unbind.int": unbind,
    "aten::unsafe_split.Tensor": split,
    "aten::view": reshape,
}
