"""Lists whose length depends on data, as sequences of ONNX.

Numbers in a list are tensors of rank 0. What ONNX has no operator for is a loop of insertions; ONNX
Runtime shares the elements, so that an insertion costs a few bytes per element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import onnx_ir

from ....ir.core import Op
from ....ir.host import lists
from ....ir.types import I1, I64, DType, ListType, TensorType, Type, symbol
from ..element_types import element_type
from .outcome import select
from .scope import Scope

Values: TypeAlias = Sequence[onnx_ir.Value]
Emit: TypeAlias = Callable[[Scope, Op, Values], onnx_ir.Value]


def _make(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = [*items]."""
    kind = op.results[0].type
    return scope.node("SequenceConstruct", *operands, kind=kind) if operands else scope.unused(kind)


def _append(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.node("SequenceInsert", *operands, kind=op.results[0].type)


def _get(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.node("SequenceAt", *operands, kind=op.results[0].type)


def _set(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    source, index, item = operands
    kind = op.results[0].type
    length = scope.node("SequenceLength", source, kind=I64)
    place = _from_start(scope, index, length)
    shorter = scope.node("SequenceErase", source, place, kind=kind)
    return scope.node("SequenceInsert", shorter, item, place, kind=kind)


def _len(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.node("SequenceLength", *operands, kind=I64)


def _stack(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, lists.Stack)
    return scope.node("ConcatFromSequence", *operands, kind=op.out.type, axis=op.dim, new_axis=1)


def _concatenate(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, lists.Concatenate)
    return scope.node("ConcatFromSequence", *operands, kind=op.out.type, axis=op.dim)


def _to_tensor(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = torch.tensor(source), of numbers."""
    kind = op.results[0].type
    assert isinstance(kind, TensorType)
    return _joined(scope, operands[0], kind)


def _joined(scope: Scope, source: onnx_ir.Value, kind: TensorType) -> onnx_ir.Value:
    """Return the numbers of a list as a tensor; a list without elements gets one first."""
    held = scope.shared.types[source]
    assert isinstance(held, ListType)
    longer = scope.node("SequenceInsert", source, scope.unused(held.element), kind=held)
    joined = scope.emitter.node("ConcatFromSequence", longer, axis=0, new_axis=1)
    elements = scope.emitter.node("Slice", joined, *[scope.emitter.integers([e]) for e in (0, -1)])
    elements.dtype = element_type(held.element)
    if elements.dtype == element_type(kind):
        return scope.declare(elements, kind)
    return scope.node("Cast", elements, kind=kind, to=int(element_type(kind)))


def _of_tensor(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = source.tolist(), of a tensor with one dim."""
    return _split(scope, operands[0], op.results[0].type)


def _split(scope: Scope, source: onnx_ir.Value, kind: Type) -> onnx_ir.Value:
    """Return the elements of a vector as a list of type `kind`."""
    assert isinstance(kind, ListType)
    count = _extent(scope, source)

    def element(body: Scope, number: onnx_ir.Value) -> onnx_ir.Value:
        found = body.emitter.node("Gather", source, number)
        return body.node("Cast", found, kind=kind.element, to=int(element_type(kind.element)))

    return _extended(scope, scope.unused(kind), kind, count, element)


def _extent(scope: Scope, source: onnx_ir.Value) -> onnx_ir.Value:
    shape = scope.emitter.node("Shape", source, start=0, end=1)
    return scope.node("Reshape", shape, scope.emitter.integers([]), kind=I64)


def _extended(
    scope: Scope,
    start: onnx_ir.Value,
    kind: Type,
    count: onnx_ir.Value,
    element: Callable[[Scope, onnx_ir.Value], onnx_ir.Value],
) -> onnx_ir.Value:
    """Return the list `start` with `count` further elements, made from their number."""
    body = scope.child()
    number, running = body.add_input(I64), body.add_input(I1)
    held = body.add_input(kind)
    longer = body.node("SequenceInsert", held, element(body, number), kind=kind)
    graph = body.graph([running, longer], "elements")
    attribute = onnx_ir.AttrGraph("body", graph)
    always = scope.number(True, I1)
    (result,) = scope.emitter.nodes("Loop", count, always, start, count=1, body=attribute)
    return scope.declare(result, kind)


def _at(scope: Scope, source: onnx_ir.Value, number: onnx_ir.Value) -> onnx_ir.Value:
    kind = scope.shared.types[source]
    assert isinstance(kind, ListType)
    return scope.node("SequenceAt", source, number, kind=kind.element)


def _extend(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    source, other = operands
    count = scope.node("SequenceLength", other, kind=I64)
    kind = op.results[0].type
    return _extended(scope, source, kind, count, lambda body, number: _at(body, other, number))


def _slice(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    source, *bounds = operands
    kind = op.results[0].type
    length = scope.node("SequenceLength", source, kind=I64)
    zero = scope.integer(0)
    start, stop = (
        scope.node(
            "Max",
            scope.node("Min", _from_start(scope, bound, length), length, kind=I64),
            zero,
            kind=I64,
        )
        for bound in bounds
    )
    count = scope.node("Max", scope.node("Sub", stop, start, kind=I64), zero, kind=I64)

    def element(body: Scope, number: onnx_ir.Value) -> onnx_ir.Value:
        return _at(body, source, body.node("Add", start, number, kind=I64))

    return _extended(scope, scope.unused(kind), kind, count, element)


def _from_start(scope: Scope, index: onnx_ir.Value, length: onnx_ir.Value) -> onnx_ir.Value:
    """Return `index`, which counts from the end if it is negative, counted from the start."""
    negative = scope.node("Less", index, scope.integer(0), kind=I1)
    moved = scope.node("Add", index, length, kind=I64)
    return select(scope, negative, moved, index, I64)


def _reverse(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    (source,), kind = operands, op.results[0].type
    count = scope.node("SequenceLength", source, kind=I64)

    def element(body: Scope, number: onnx_ir.Value) -> onnx_ir.Value:
        back = body.node("Sub", body.integer(-1), number, kind=I64)
        return _at(body, source, back)

    return _extended(scope, scope.unused(kind), kind, count, element)


def _take(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    source, indices = operands
    kind = op.results[0].type
    count = scope.node("SequenceLength", indices, kind=I64)

    def element(body: Scope, number: onnx_ir.Value) -> onnx_ir.Value:
        return _at(body, source, _at(body, indices, number))

    return _extended(scope, scope.unused(kind), kind, count, element)


def _order(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    """out = the places of the keys in order: of equal elements, TopK gives the first one first."""
    assert isinstance(op, lists.Order)
    (keys,) = operands
    held = scope.shared.types[keys]
    assert isinstance(held, ListType)
    dtype = DType.F64 if element_type(held.element) == onnx_ir.DataType.DOUBLE else DType.I64
    elements = _joined(scope, keys, TensorType((symbol("keys"),), dtype))
    count = scope.emitter.node("Shape", elements)
    _, places = scope.emitter.nodes("TopK", elements, count, count=2, largest=int(op.reverse))
    return _split(scope, places, op.out.type)


LISTS: Mapping[type[Op], Emit] = {
    lists.Append: _append,
    lists.Concatenate: _concatenate,
    lists.Extend: _extend,
    lists.Get: _get,
    lists.Len: _len,
    lists.Make: _make,
    lists.OfTensor: _of_tensor,
    lists.Order: _order,
    lists.Reverse: _reverse,
    lists.Set: _set,
    lists.Slice: _slice,
    lists.Stack: _stack,
    lists.Take: _take,
    lists.ToTensor: _to_tensor,
}
"""How each op on lists is computed."""
