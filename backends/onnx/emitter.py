"""One ATen operation to ONNX nodes: our own mapping, torchlib's, or those of its parts."""

from __future__ import annotations

import functools
import itertools
import operator as python_operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy
import onnx_ir
import sympy
import torch
import torch.fx

from ...ir.graph import dtype_from_torch, from_torch
from ...ir.graph.literals import Device, Layout, MemoryFormat, torch_dtypes
from ...ir.types import DType, ScalarKind, ScalarType, TensorType, Type, symbol
from . import torchlib
from .call import Call
from .decompose import NUMBER_OPERATIONS, Parts, decompose, is_functional
from .element_types import Unsupported, element_type, onnx_dtype, onnx_shape
from .gaps import gap_of, refusal_of
from .mappings import MAPPINGS

_FLOATS = frozenset({DType.F64, DType.F32, DType.F16})


@dataclass
class Emitter:
    """Append the nodes of one model; operands and results are ONNX values.

    The type of each value that an ATen op reads or makes is known by `types`. If `is_standard`, no
    operators are used but ONNX's own.
    """

    recorder: torchlib.Recorder = field(default_factory=torchlib.Recorder)
    types: dict[onnx_ir.Value, Type] = field(default_factory=lambda: {})
    is_standard: bool = False
    dims: Iterator[int] = field(default_factory=itertools.count)

    def parameter(self, name: str, value_type: Type) -> onnx_ir.Value:
        """Return the graph input `name`."""
        value = torchlib.new_value(name, element_type(value_type), onnx_shape(value_type))
        self.types[value] = value_type
        return value

    def emit(
        self,
        operator: Any,
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        results: Sequence[Type],
    ) -> list[onnx_ir.Value]:
        """Append the nodes of `operator`; return one value per type in `results`."""
        call = Call(operator, arguments, keywords, results, self.types)
        if (refusal := refusal_of(call)) is not None:
            raise Unsupported(refusal)
        built = self._build(call)
        return [self.finish(value, kind) for value, kind in zip(built, results, strict=True)]

    def node(self, op_type: str, *inputs: onnx_ir.Value, **attributes: Any) -> onnx_ir.Value:
        """Append a node of ONNX's own that has one result."""
        return self.nodes(op_type, *inputs, count=1, **attributes)[0]

    def nodes(
        self, op_type: str, *inputs: onnx_ir.Value, count: int, domain: str = "", **attributes: Any
    ) -> list[onnx_ir.Value]:
        """Append a node that has `count` results, of ONNX's own or of another domain."""
        if domain and self.is_standard:
            raise Unsupported(f"{op_type} of {domain} is no operator of ONNX's own")
        outputs = [torchlib.new_value(None, None, None) for _ in range(count)]
        converted = onnx_ir.convenience.convert_attributes(attributes)
        self.recorder.nodes.append(
            onnx_ir.Node(domain, op_type, inputs, converted, outputs=outputs)
        )
        return outputs

    def constant(self, value: Any, dtype: DType) -> onnx_ir.Value:
        """Return a constant of rank 0, or of rank 1 if `value` is a list."""
        return self.tensor(onnx_ir.tensor(value, onnx_dtype(dtype)))

    def tensor(self, elements: onnx_ir.TensorProtocol) -> onnx_ir.Value:
        """Return a constant with the given elements."""
        result = self.node("Constant", value=elements)
        result.dtype, result.shape = elements.dtype, onnx_ir.Shape(elements.shape.numpy())
        return result

    def integers(self, values: Sequence[Any]) -> onnx_ir.Value:
        """Return a constant vector of i64, as ONNX takes shapes and axes."""
        return self.constant(list(values), DType.I64)

    def vector(self, sizes: Sequence[Any]) -> onnx_ir.Value:
        """Return a vector of sizes, each an int or the ONNX value of one."""
        if all(isinstance(size, int) for size in sizes):
            return self.integers(sizes)
        one = self.integers([1])
        parts = [
            self.node("Reshape", size, one)
            if isinstance(size, onnx_ir.Value)
            else self.integers([size])
            for size in sizes
        ]
        return self.node("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]

    def cast(self, value: onnx_ir.Value, dtype: DType) -> onnx_ir.Value:
        """Return `value` with elements of type `dtype`."""
        to = onnx_dtype(dtype)
        if value.dtype == to:
            return value
        result = self.node("Cast", value, to=int(to))
        result.dtype, result.shape = to, value.shape
        return result

    def new_dim(self) -> sympy.Symbol:
        """Return a dim that no other value of the model has."""
        return symbol(f"inner{next(self.dims)}")

    def finish(self, value: onnx_ir.Value, value_type: Type) -> onnx_ir.Value:
        """Return `value` as a value of type `value_type`."""
        expected = element_type(value_type)
        if isinstance(value_type, TensorType) and value_type.is_static and 0 in value_type.shape:
            value = self._empty(value_type)
        elif value.dtype is not None and value.dtype != expected:
            if _is_narrower(value.dtype, expected):
                raise Unsupported(f"its mapping computes with {value.dtype.name} only")
            value = self.node("Cast", value, to=int(expected))
        value.dtype = expected
        value.shape = onnx_ir.Shape(onnx_shape(value_type))
        self.types[value] = value_type
        return value

    def _empty(self, kind: TensorType) -> onnx_ir.Value:
        """Return a constant without elements: mappings do not always keep its shape."""
        elements = numpy.empty(cast("tuple[int, ...]", kind.shape), onnx_dtype(kind.dtype).numpy())
        return self.tensor(onnx_ir.tensor(elements))

    def _build(self, call: Call) -> Sequence[onnx_ir.Value]:
        """Try the ways to build a call in turn; what the last one says is the reason."""
        refusals: list[str] = []
        for way in (self._map_ourselves, self._map_by_torchlib, self._map_parts):
            try:
                return way(call)
            except Unsupported as refusal:
                refusals.append(str(refusal))
        raise Unsupported("; ".join(dict.fromkeys(reason for reason in refusals if reason)))

    def _map_ourselves(self, call: Call) -> Sequence[onnx_ir.Value]:
        own = MAPPINGS.get(call.name)
        if own is None:
            raise Unsupported("")
        return own(self, call)

    def _map_by_torchlib(self, call: Call) -> Sequence[onnx_ir.Value]:
        mapped = torchlib.mappings().get(call.name)
        if mapped is None:
            raise Unsupported("torchlib has no mapping")
        if (gap := gap_of(call)) is not None:
            raise Unsupported(gap)
        if DType.F64 in call.dtypes and torchlib.is_script(mapped):
            raise Unsupported("the constants of its mapping are of 32 bits")
        given, named = self._promote(call)
        before = len(self.recorder.nodes)
        try:
            built = self.recorder.record(lambda: mapped(*given, **named))
        except Exception as error:  # whatever a mapping fails with, it is one more that misses
            raise Unsupported(f"torchlib cannot map it: {_innermost(error)}") from error
        if call.dtypes & _FLOATS == {DType.F64} and any(map(_rounds, self.recorder.nodes[before:])):
            raise Unsupported("its mapping computes with 32 bits")
        return self._as_list(built, len(call.results))

    def _as_list(self, built: Any, count: int) -> Sequence[onnx_ir.Value]:
        if not isinstance(built, onnx_ir.Value):
            return cast("Sequence[onnx_ir.Value]", built)[:count]
        if count == 1 and not torchlib.is_sequence(built):
            return [built]
        return [
            self.node("SequenceAt", built, self.constant(position, DType.I64))
            for position in range(count)
        ]

    def _map_parts(self, call: Call) -> Sequence[onnx_ir.Value]:
        parts = decompose(call, self.new_dim())
        built = PartsEmitter(self, call, parts).emit()
        for value, result in zip(built, call.results, strict=True):
            if value.dtype != element_type(result):
                raise Unsupported(f"torch's decomposition gives {value.dtype}")
        return built

    def _promote(self, call: Call) -> tuple[list[Any], dict[str, Any]]:
        by_position, by_name = torchlib.promoted_dtypes(
            call.operator,
            [self._stand_in(argument) for argument in call.arguments],
            {name: self._stand_in(argument) for name, argument in call.keywords.items()},
        )
        return (
            [self._convert(a, by_position.get(index)) for index, a in enumerate(call.arguments)],
            {name: self._convert(a, by_name.get(name)) for name, a in call.keywords.items()},
        )

    def _stand_in(self, argument: Any) -> Any:
        if isinstance(argument, tuple):
            return [self._stand_in(item) for item in cast("tuple[Any, ...]", argument)]
        if isinstance(argument, onnx_ir.Value):
            return _stand_in(self.types[argument])
        return torch_dtypes()[argument] if isinstance(argument, DType) else argument

    def _convert(self, argument: Any, dtype: torch.dtype | None) -> Any:
        """Return what a mapping function takes for `argument`, which takes part in `dtype`."""
        if isinstance(argument, tuple):
            return [self._convert(item, dtype) for item in cast("tuple[Any, ...]", argument)]
        if isinstance(argument, DType):
            return int(onnx_dtype(argument))
        if isinstance(argument, Device | Layout | MemoryFormat):
            return str(argument)
        if dtype is None:
            return argument
        wanted = dtype_from_torch(dtype)
        if isinstance(argument, onnx_ir.Value):
            return self.cast(argument, wanted)
        return float(argument) if isinstance(argument, int) and wanted.is_floating else argument


@dataclass
class PartsEmitter:
    """Walk over the parts of a decomposed call."""

    emitter: Emitter
    whole: Call
    parts: Parts
    values: dict[torch.fx.Node, Any] = field(default_factory=lambda: {})

    def emit(self) -> list[onnx_ir.Value]:
        """Append the nodes of all parts; return the results of the whole."""
        inputs = iter(self.whole.values)
        for node in self.parts.graph.nodes:
            if node.op == "placeholder":
                self.values[node] = next(inputs)
            elif node.op == "call_function":
                self.values[node] = self._emit_call(node)
            elif node.op == "output":
                return list(self._argument(node.args[0]))
            else:
                raise Unsupported("torch's decomposition holds a constant")
        raise AssertionError("a graph of torch.fx ends in an output")

    def _emit_call(self, node: torch.fx.Node) -> Any:
        arguments = tuple(self._argument(argument) for argument in node.args)
        keywords = {name: self._argument(argument) for name, argument in node.kwargs.items()}
        if node.target is python_operator.getitem:
            return arguments[0][arguments[1]]
        if node.target in NUMBER_OPERATIONS:
            operands = [self._number(argument) for argument in arguments]
            value = self.emitter.node(NUMBER_OPERATIONS[node.target], *operands)
            return self.emitter.finish(value, self.parts.type_of(node.meta["val"]))
        return self._emit_operator(node, arguments, keywords)

    def _emit_operator(
        self, node: torch.fx.Node, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        operator = cast(Any, node.target)
        if not is_functional(operator):
            raise Unsupported(f"torch's decomposition calls {operator}")
        if operator is self.whole.operator and arguments == tuple(self.whole.arguments):
            raise Unsupported("torch has no decomposition")
        meta: Any = node.meta.get("val")
        if meta is None:
            raise Unsupported(f"torch's decomposition calls {operator}")
        several = isinstance(meta, list | tuple)
        items: list[Any] = list(cast("list[Any]", meta)) if several else [meta]
        types = [self.parts.type_of(item) for item in items]
        try:
            built = self.emitter.emit(operator, arguments, keywords, types)
        except Unsupported as refusal:
            raise Unsupported(f"its part {operator}: {refusal}") from refusal
        return built if several else built[0]

    def _number(self, argument: Any) -> onnx_ir.Value:
        if isinstance(argument, onnx_ir.Value):
            return argument
        return self.emitter.constant(argument, DType.I64)

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, torch.fx.Node):
            return self.values[argument]
        if isinstance(argument, list | tuple):
            return tuple(self._argument(item) for item in cast("list[Any]", argument))
        return from_torch(argument)


def _is_narrower(given: onnx_ir.DataType, wanted: onnx_ir.DataType) -> bool:
    """Whether elements of type `given` may lack digits that elements of type `wanted` have."""
    if given == onnx_ir.DataType.BOOL:
        return False
    same_kind = given.is_floating_point() == wanted.is_floating_point()
    return same_kind and given.itemsize < wanted.itemsize


def _rounds(node: onnx_ir.Node) -> bool:
    """Whether `node`, which should compute with 64 bits, uses numbers of 32 bits."""
    if node.op_type != "Constant":
        if any(output.dtype == onnx_ir.DataType.FLOAT for output in node.outputs):
            return True
    for attribute in node.attributes.values():
        if attribute.type == onnx_ir.AttributeType.FLOAT:
            if float(numpy.float32(attribute.as_float())) != attribute.as_float():
                return True
        elif attribute.type == onnx_ir.AttributeType.TENSOR:
            elements = attribute.as_tensor()
            if elements.dtype == onnx_ir.DataType.FLOAT and _has_many_digits(elements.numpy()):
                return True
    return False


def _has_many_digits(elements: numpy.ndarray[Any, Any]) -> bool:
    """Whether an element is no multiple of 1/1024, as if rounded from more digits."""
    scaled = elements[numpy.isfinite(elements)] * 1024
    return bool((scaled != numpy.round(scaled)).any())


def _stand_in(value_type: Type) -> Any:
    if isinstance(value_type, ScalarType):
        return {ScalarKind.I64: 1, ScalarKind.F64: 1.0, ScalarKind.I1: True}[value_type.kind]
    assert isinstance(value_type, TensorType)
    return _meta_tensor(value_type.rank, value_type.dtype)


@functools.cache
def _meta_tensor(rank: int, dtype: DType) -> torch.Tensor:
    return torch.empty([1] * rank, dtype=torch_dtypes()[dtype], device="meta")


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".splitlines()[0]
