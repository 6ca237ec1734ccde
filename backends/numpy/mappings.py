"""ATen ops as operations of NumPy: only those that give the same numbers, of every input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from ...ir import DType, TensorType, Value
from ...ir.graph import AtenOp
from .program import Operand, ProgramBuilder, Unsupported, name_of, shape_of, tensor_type

Mapped: TypeAlias = Callable[[ProgramBuilder, AtenOp], Operand | list[Operand]]
"""Appends the nodes for an op; returns the registers of its results."""


def _argument(op: AtenOp, position: int, default: Any = None) -> Any:
    return op.arguments[position] if position < len(op.arguments) else default


def _result(op: AtenOp) -> TensorType:
    return tensor_type(op.results[0])


def _numeric(op: AtenOp) -> DType:
    dtype = _result(op).dtype
    if dtype is DType.I1:
        raise Unsupported("arithmetic of bools")
    return dtype


def _floating(op: AtenOp) -> DType:
    dtype = _result(op).dtype
    if not dtype.is_floating:
        raise Unsupported("a function of floats meets ints")
    return dtype


def _arithmetic(operation: str, *, swapped: bool = False, floats_only: bool = False) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        dtype = _floating(op) if floats_only else _numeric(op)
        scales = [_argument(op, 2, 1), *(value for _, value in op.keywords)]
        if any(scale != 1 for scale in scales):
            raise Unsupported("an operand is scaled")
        operands = [builder.operand(argument, dtype) for argument in op.arguments[:2]]
        return builder.node(operation, operands[::-1] if swapped else operands, _result(op))

    return mapped


def _comparison(operation: str) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        dtype = _common(op)
        operands = [builder.operand(argument, dtype) for argument in op.arguments[:2]]
        return builder.node(operation, operands, _result(op))

    return mapped


def _common(op: AtenOp) -> DType:
    """Return the one element type of all tensors that `op` reads."""
    dtypes = {tensor_type(v).dtype for v in op.operands if isinstance(v.type, TensorType)}
    if len(dtypes) != 1:
        raise Unsupported("operands have several element types")
    return dtypes.pop()


def _bits(operation: str, *, bools_only: bool) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        dtype = _common(op)
        if dtype.is_floating or (bools_only and dtype is not DType.I1):
            raise Unsupported(f"elements are {dtype}")
        operands = [builder.operand(argument, dtype) for argument in op.arguments]
        return builder.node(operation, operands, _result(op))

    return mapped


def _logical_not(builder: ProgramBuilder, op: AtenOp) -> Operand:
    operation = "not" if _common(op) is DType.I1 else "logical_not"
    return builder.node(operation, [builder.operand(op.arguments[0], _common(op))], _result(op))


def _unary(operation: str) -> Mapped:
    return lambda builder, op: builder.node(
        operation, [builder.operand(op.arguments[0], _floating(op))], _result(op)
    )


def _of_numbers(operation: str) -> Mapped:
    return lambda builder, op: builder.node(
        operation, [builder.operand(op.arguments[0], _numeric(op))], _result(op)
    )


def _is_nan(builder: ProgramBuilder, op: AtenOp) -> Operand:
    if not _common(op).is_floating:
        raise Unsupported("ints are never nan")
    return builder.node("isnan", [builder.operand(op.arguments[0], _common(op))], _result(op))


def _clamp(builder: ProgramBuilder, op: AtenOp) -> Operand:
    low, high = _argument(op, 1), _argument(op, 2)
    return _bounded(builder, op, {"maximum": low, "minimum": high})


def _bounded(builder: ProgramBuilder, op: AtenOp, bounds: Mapping[str, Any]) -> Operand:
    dtype = _numeric(op)
    register = builder.operand(op.arguments[0], dtype)
    for operation, bound in bounds.items():
        if bound is not None:
            operands = [register, builder.operand(bound, dtype)]
            register = builder.node(operation, operands, _result(op))
    return register


def _relu(builder: ProgramBuilder, op: AtenOp) -> Operand:
    return _bounded(builder, op, {"maximum": 0})


def _sigmoid(builder: ProgramBuilder, op: AtenOp) -> Operand:
    dtype, kind = _floating(op), _result(op)
    one = builder.operand(1, dtype)
    negative = builder.node("neg", [builder.operand(op.arguments[0], dtype)], kind)
    power = builder.node("exp", [negative], kind)
    return builder.node("div", [one, builder.node("add", [power, one], kind)], kind)


def _reciprocal(builder: ProgramBuilder, op: AtenOp) -> Operand:
    dtype = _floating(op)
    operands = [builder.operand(1, dtype), builder.operand(op.arguments[0], dtype)]
    return builder.node("div", operands, _result(op))


def _square(builder: ProgramBuilder, op: AtenOp) -> Operand:
    if op.arguments[1] != 2:
        raise Unsupported("powers but squares")
    factor = builder.operand(op.arguments[0], _numeric(op))
    return builder.node("mul", [factor, factor], _result(op))


def _where(builder: ProgramBuilder, op: AtenOp) -> Operand:
    condition, *others = op.arguments
    if tensor_type(condition).dtype is not DType.I1:
        raise Unsupported("a condition is no bool")
    operands = [builder.operand(other, _result(op).dtype) for other in others]
    return builder.node("where", [builder.registers[condition], *operands], _result(op))


def _axes(op: AtenOp, given: Any) -> list[int]:
    rank = len(shape_of(op.arguments[0]))
    listed = [given] if isinstance(given, int) else (given or range(rank))
    return [axis % rank for axis in listed] if rank else []


def _reduced(
    builder: ProgramBuilder, op: AtenOp, function: str, source: Operand, axes: list[int]
) -> Operand:
    shape, result = shape_of(op.arguments[0]), _result(op)
    if not shape:
        return source
    keep = result.rank == len(shape) and result.rank > 0
    register = builder.node(f"reduce.{function}", [source], result, axes=axes, keep=keep)
    builder.sizes[-1] = math.prod(shape)
    return register


def _reduction(function: str, *, dims: bool = False) -> Mapped:
    """Return the mapping of an op that has axes as its second argument if there are `dims`."""

    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        source = builder.operand(op.arguments[0], _numeric(op))
        given = _argument(op, 1) if dims else None
        return _reduced(builder, op, function, source, _axes(op, given))

    return mapped


def _mean(*, dims: bool) -> Mapped:
    total = _reduction("add", dims=dims)

    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        axes = _axes(op, _argument(op, 1) if dims else None)
        count = math.prod(shape_of(op.arguments[0])[axis] for axis in axes)
        operands = [total(builder, op), builder.operand(count, _floating(op))]
        return builder.node("div", operands, _result(op))  # pyright: ignore[reportArgumentType]

    return mapped


def _truth(function: str, *, dims: bool) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        source, dtype = op.arguments[0], _common(op)
        register = builder.operand(source, dtype)
        if dtype is not DType.I1:
            kind = replace(tensor_type(source), dtype=DType.I1)
            register = builder.node("ne", [register, builder.operand(0, dtype)], kind)
        axes = _axes(op, _argument(op, 1) if dims else None)
        return _reduced(builder, op, function, register, axes)

    return mapped


def _position(*, largest: bool) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        return _found(builder, op, _argument(op, 1), largest, op.results[0])

    return mapped


def _found(
    builder: ProgramBuilder, op: AtenOp, axis: int | None, largest: bool, result: Value
) -> Operand:
    """Append the search for the first extreme element, which NaN is."""
    shape, kind = shape_of(op.arguments[0]), tensor_type(result)
    if not shape or tensor_type(op.arguments[0]).dtype is DType.I1:
        raise Unsupported("the position of a number")
    axis = None if axis is None else axis % len(shape)
    source = builder.registers[op.arguments[0]]
    rank = 0 if axis is None else len(shape) - 1
    flat = TensorType(tuple([0] * rank), DType.I64)
    register = builder.node("argument", [source], flat, axis=axis, largest=largest)
    builder.sizes[-1] = math.prod(shape)
    return register if kind.rank == rank else _reshaped(builder, register, kind)


def _extreme(function: str, *, largest: bool) -> Mapped:
    """Return the mapping of an op that returns values and where they are."""

    def mapped(builder: ProgramBuilder, op: AtenOp) -> list[Operand]:
        source, axis = builder.operand(op.arguments[0], _numeric(op)), op.arguments[1]
        values = _reduced(builder, op, function, source, _axes(op, axis))
        return [values, _found(builder, op, axis, largest, op.results[1])]

    return mapped


def _softmax(builder: ProgramBuilder, op: AtenOp) -> Operand:
    dtype, kind = _floating(op), _result(op)
    if kind.rank == 0 or tensor_type(op.arguments[0]).dtype is not dtype:
        raise Unsupported("another element type")
    axis = op.arguments[1] % kind.rank
    source = builder.operand(op.arguments[0], dtype)
    flat = TensorType(tuple(1 if n == axis else d for n, d in enumerate(kind.shape)), dtype)
    details: dict[str, Any] = {"axes": [axis], "keep": True}
    largest = builder.node("reduce.maximum", [source], flat, **details)
    powers = builder.node("exp", [builder.node("sub", [source, largest], kind)], kind)
    total = builder.node("reduce.add", [powers], flat, **details)
    return builder.node("div", [powers, total], kind)


def _reshaped(builder: ProgramBuilder, register: Operand, kind: TensorType) -> Operand:
    return builder.node("reshape", [register], kind, shape=list(kind.shape))


def _view(builder: ProgramBuilder, op: AtenOp) -> Operand:
    return _reshaped(builder, builder.registers[op.arguments[0]], _result(op))


def _select(builder: ProgramBuilder, op: AtenOp) -> Operand:
    source, axis, index = op.arguments
    if not isinstance(index, int):
        raise Unsupported("the index varies")
    axis %= len(shape_of(source))
    register = builder.registers[source]
    return builder.node("index", [register], _result(op), axis=axis, index=index)


def _expand(builder: ProgramBuilder, op: AtenOp) -> Operand:
    shape = list(_result(op).shape)
    return builder.node("expand", [builder.registers[op.arguments[0]]], _result(op), shape=shape)


def _same(builder: ProgramBuilder, op: AtenOp) -> Operand:
    return builder.cast(
        builder.registers[op.arguments[0]], tensor_type(op.arguments[0]), _result(op).dtype
    )


def _filled(value: Any) -> Mapped:
    return lambda builder, op: _full_of(builder, op, value)


def _full(builder: ProgramBuilder, op: AtenOp) -> Operand:
    return _full_of(builder, op, op.arguments[1])


def _scalar_tensor(builder: ProgramBuilder, op: AtenOp) -> Operand:
    return _full_of(builder, op, op.arguments[0])


def _full_of(builder: ProgramBuilder, op: AtenOp, value: Any) -> Operand:
    kind = _result(op)
    operand = builder.operand(value, kind.dtype)
    dtype = name_of(kind.dtype)
    if not kind.rank:
        return operand if "value" in operand else builder.node("cast", [operand], kind, dtype=dtype)
    return builder.node("full", [operand], kind, shape=list(kind.shape), dtype=dtype)


def _joined(operation: str) -> Mapped:
    def mapped(builder: ProgramBuilder, op: AtenOp) -> Operand:
        kind = _result(op)
        tensors = [builder.operand(tensor, kind.dtype) for tensor in op.arguments[0]]
        axis = _argument(op, 1, 0) % kind.rank
        return builder.node(operation, tensors, kind, axis=axis)

    return mapped


def _both(name: str, mapped: Mapped) -> dict[str, Mapped]:
    return {f"aten.{name}.Tensor": mapped, f"aten.{name}.Scalar": mapped}


MAPPINGS: Mapping[str, Mapped] = {
    **_both("add", _arithmetic("add")),
    **_both("sub", _arithmetic("sub")),
    **_both("rsub", _arithmetic("sub", swapped=True)),
    **_both("mul", _arithmetic("mul")),
    **_both("div", _arithmetic("div", floats_only=True)),
    **{
        key: value
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
        for key, value in _both(name, _comparison(name)).items()
    },
    "aten.neg.default": _of_numbers("neg"),
    "aten.abs.default": _of_numbers("absolute"),
    "aten.maximum.default": _arithmetic("maximum"),
    "aten.minimum.default": _arithmetic("minimum"),
    "aten.clamp.default": _clamp,
    "aten.clamp_min.default": lambda b, op: _bounded(b, op, {"maximum": op.arguments[1]}),
    "aten.clamp_max.default": lambda b, op: _bounded(b, op, {"minimum": op.arguments[1]}),
    "aten.relu.default": _relu,
    "aten.pow.Tensor_Scalar": _square,
    "aten.logical_and.default": _bits("and", bools_only=True),
    "aten.logical_or.default": _bits("or", bools_only=True),
    "aten.logical_xor.default": _bits("xor", bools_only=True),
    "aten.logical_not.default": _logical_not,
    "aten.bitwise_and.Tensor": _bits("and", bools_only=False),
    "aten.bitwise_or.Tensor": _bits("or", bools_only=False),
    "aten.bitwise_xor.Tensor": _bits("xor", bools_only=False),
    "aten.bitwise_not.default": _bits("not", bools_only=False),
    "aten.where.self": _where,
    "aten.exp.default": _unary("exp"),
    "aten.log.default": _unary("log"),
    "aten.sqrt.default": _unary("sqrt"),
    "aten.tanh.default": _unary("tanh"),
    "aten.floor.default": _unary("floor"),
    "aten.ceil.default": _unary("ceil"),
    "aten.round.default": _unary("rint"),
    "aten.sigmoid.default": _sigmoid,
    "aten.reciprocal.default": _reciprocal,
    "aten.isnan.default": _is_nan,
    "aten.sum.default": _reduction("add"),
    "aten.sum.dim_IntList": _reduction("add", dims=True),
    "aten.mean.default": _mean(dims=False),
    "aten.mean.dim": _mean(dims=True),
    "aten.prod.default": _reduction("multiply"),
    "aten.max.default": _reduction("maximum"),
    "aten.min.default": _reduction("minimum"),
    "aten.amax.default": _reduction("maximum", dims=True),
    "aten.amin.default": _reduction("minimum", dims=True),
    "aten.max.dim": _extreme("maximum", largest=True),
    "aten.min.dim": _extreme("minimum", largest=False),
    "aten.any.default": _truth("logical_or", dims=False),
    "aten.any.dim": _truth("logical_or", dims=True),
    "aten.all.default": _truth("logical_and", dims=False),
    "aten.all.dim": _truth("logical_and", dims=True),
    "aten.argmax.default": _position(largest=True),
    "aten.argmin.default": _position(largest=False),
    "aten._softmax.default": _softmax,
    "aten.view.default": _view,
    "aten._unsafe_view.default": _view,
    "aten.reshape.default": _view,
    "aten.unsqueeze.default": _view,
    "aten.squeeze.default": _view,
    "aten.squeeze.dim": _view,
    "aten.squeeze.dims": _view,
    "aten.select.int": _select,
    "aten.expand.default": _expand,
    "aten.alias.default": _same,
    "aten.clone.default": _same,
    "aten.detach.default": _same,
    "aten._to_copy.default": _same,
    "aten.full.default": _full,
    "aten.full_like.default": _full,
    "aten.scalar_tensor.default": _scalar_tensor,
    "aten.ones.default": _filled(1),
    "aten.ones_like.default": _filled(1),
    "aten.zeros.default": _filled(0),
    "aten.zeros_like.default": _filled(0),
    "aten.cat.default": _joined("concatenate"),
    "aten.stack.default": _joined("stack"),
}
