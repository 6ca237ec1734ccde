"""Building the payload of the engine `numpy`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ...ir import DType, Func, ScalarKind, ScalarType, TensorType, Value
from ...ir.graph import FuncReturn

NAMES: Mapping[DType, str] = {
    DType.F64: "float64",
    DType.F32: "float32",
    DType.I64: "int64",
    DType.I32: "int32",
    DType.I1: "bool",
}
"""Element types that NumPy computes with as torch does."""

_BITS: Mapping[DType, int] = {DType.I64: 63, DType.I32: 31}

Operand: TypeAlias = Mapping[str, Any]
"""A register, or a number with its element type."""


class Unsupported(Exception):
    """Say why NumPy does not compute something just as torch does."""


class ProgramBuilder:
    """Collect the nodes of one graph function."""

    def __init__(self, func: Func) -> None:
        self.func = func
        self.nodes: list[dict[str, Any]] = []
        self.sizes: list[int] = []
        self.registers: dict[Value, Operand] = {
            param: {"value": number} for number, param in enumerate(func.params)
        }

    def node(
        self, operation: str, operands: Sequence[Operand], result: TensorType, **details: Any
    ) -> Operand:
        """Append a node and return its register."""
        node = {"operation": operation, "arguments": list(operands), "scalar": result.rank == 0}
        self.nodes.append(node | details)
        self.sizes.append(elements(result))
        return {"value": len(self.func.params) + len(self.nodes) - 1}

    def operand(self, argument: Any, dtype: DType) -> Operand:
        """Return a tensor, a number of the host or a literal, with elements of `dtype`."""
        if not isinstance(argument, Value):
            return literal(argument, dtype)
        register = self.registers[argument]
        if isinstance(argument.type, TensorType):
            return self.cast(register, argument.type, dtype)
        assert isinstance(argument.type, ScalarType), "sub-networks take no lists"
        if argument.type.kind is ScalarKind.F64 and not dtype.is_floating:
            raise Unsupported("a float becomes an int")
        if dtype is DType.I32 or (dtype is DType.I1 and argument.type.kind is not ScalarKind.I1):
            raise Unsupported(f"a number may be no {dtype}")
        return self.node("cast", [register], TensorType((), dtype), dtype=name_of(dtype))

    def cast(self, register: Operand, source: TensorType, dtype: DType) -> Operand:
        """Return the tensor in `register` with elements of `dtype`."""
        if source.dtype is dtype:
            return register
        narrows = (source.dtype, dtype) == (DType.I64, DType.I32)
        if narrows or (source.dtype.is_floating and dtype in _BITS):
            raise Unsupported(f"{source.dtype} becomes {dtype}")
        result = TensorType(source.shape, dtype)
        return self.node("cast", [register], result, dtype=name_of(dtype))

    def text(self) -> bytes:
        """Return the payload."""
        last = self.func.body.entry.terminator
        assert isinstance(last, FuncReturn)
        program = {
            "parameters": [_parameter(param) for param in self.func.params],
            "nodes": self.nodes,
            "results": [self._result(value) for value in last.values],
        }
        return json.dumps(program, allow_nan=False).encode()

    def _result(self, value: Value) -> Mapping[str, Any]:
        kind = tensor_type(value)
        return {**self.registers[value], "dtype": name_of(kind.dtype), "scalar": kind.rank == 0}


def literal(value: Any, dtype: DType) -> Operand:
    """Return the literal `value` as an element of `dtype`."""
    if isinstance(value, float) and not dtype.is_floating:
        raise Unsupported("a float meets ints")
    if isinstance(value, int) and not dtype.is_floating and not fits(value, dtype):
        raise Unsupported(f"{value} is no {dtype}")
    if not isinstance(value, bool | int | float):
        raise Unsupported(f"{value!r} is no number")
    is_finite = math.isfinite(value)
    return {"number": value if is_finite else str(value), "dtype": name_of(dtype)}


def fits(value: int, dtype: DType) -> bool:
    """Whether `value` is an element of `dtype`, which is no type of floats."""
    if dtype is DType.I1:
        return value in (0, 1)
    return -(1 << _BITS[dtype]) <= value < 1 << _BITS[dtype]


def name_of(dtype: DType) -> str:
    """Return NumPy's name of `dtype`."""
    if dtype not in NAMES:
        raise Unsupported(f"elements are {dtype}")
    return NAMES[dtype]


def tensor_type(value: Value) -> TensorType:
    """Return the type of a tensor whose sizes are known."""
    if not isinstance(value.type, TensorType) or not value.type.is_static:
        raise Unsupported("sizes vary")
    return value.type


def shape_of(value: Value) -> tuple[int, ...]:
    """Return the sizes of a tensor."""
    return tuple(map(int, tensor_type(value).shape))


def elements(kind: TensorType) -> int:
    """Return how many elements a tensor has, which are known to be some."""
    return kind.elements or 0


def _parameter(param: Value) -> str:
    if isinstance(param.type, ScalarType):
        return "number"
    kind = tensor_type(param)
    return f"{kind.dtype}[{', '.join(map(str, kind.shape))}]"
