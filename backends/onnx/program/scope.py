"""One graph of the model while it is made, nested in the graph around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy
import onnx_ir

from ....ir.core import Op, Symbol, Value
from ....ir.graph import AtenOp
from ....ir.host import LoadWeight, arith
from ....ir.types import I1, I64, DType, ListType, ScalarKind, TensorType, Type
from .. import torchlib
from ..element_types import element_type, onnx_dtype, onnx_shape
from ..emitter import Emitter

_SCALARS = {ScalarKind.I64: DType.I64, ScalarKind.F64: DType.F64, ScalarKind.I1: DType.I1}

_SMALL = 64
"""Up to this many elements, what stands for an unused value has the shape of the value."""


@dataclass
class Shared:
    """What all graphs of one model have in common."""

    weight: Callable[[Symbol, Type], onnx_ir.Value]
    types: dict[onnx_ir.Value, Type] = field(default_factory=lambda: {})
    constants: set[Value] = field(default_factory=lambda: set())
    """Values that are computed of weights alone, in the outermost graph."""


class Scope:
    """Append nodes to one graph; values of the graphs around it are in sight."""

    def __init__(self, shared: Shared, parent: Scope | None = None) -> None:
        self.shared = shared
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.root: Scope = parent.root if parent else self
        self.emitter = Emitter(types=shared.types, is_standard=True)
        if parent is not None:  # one set of functions for the whole model
            self.emitter.recorder.share_functions(parent.emitter.recorder)
            self.emitter.dims = parent.emitter.dims
        self.inputs: list[onnx_ir.Value] = []
        self.values: dict[Value, onnx_ir.Value] = {}

    @property
    def nodes(self) -> list[onnx_ir.Node]:
        """The nodes so far."""
        return self.emitter.recorder.nodes

    def child(self) -> Scope:
        """Return an empty graph inside of this one."""
        return Scope(self.shared, self)

    def add_input(self, kind: Type, name: str | None = None) -> onnx_ir.Value:
        """Append an input of the graph."""
        value = self.declare(torchlib.new_value(name, None, None), kind)
        self.inputs.append(value)
        return value

    def bind(self, values: Sequence[Value], to: Sequence[onnx_ir.Value | None]) -> None:
        """Let `values` of the IR be the values `to` of the graph from here on."""
        for value, bound in zip(values, to, strict=True):
            assert bound is not None, "a value is used that no path gives"
            self.values[value] = bound

    def lookup(self, value: Value) -> onnx_ir.Value:
        """Return the value of the graph, or of one around it, that stands for `value`."""
        scope: Scope | None = self
        while scope is not None:
            if value in scope.values:
                return scope.values[value]
            scope = scope.parent
        assert is_rematerialised(value), f"no value for a result of {value.owner}"
        op = value.owner
        if isinstance(op, LoadWeight):
            weight = self.shared.weight(op.symbol, value.type)
            self.shared.types[weight] = value.type
            return weight
        assert isinstance(op, arith.Constant)
        self.values[value] = self.number(op.value, value.type)
        return self.values[value]

    def place_of(self, op: Op) -> Scope:
        """Return the graph in which to compute `op`: the outermost, if weights are all it reads."""
        if not isinstance(op, AtenOp) or not op.operands or not op.is_pure:
            return self
        for value in op.operands:
            if not isinstance(value.owner, LoadWeight) and value not in self.shared.constants:
                return self
        self.shared.constants.update(op.results)
        return self.root

    def declare(self, value: onnx_ir.Value, kind: Type) -> onnx_ir.Value:
        """Give `value` the type `kind`."""
        if isinstance(kind, ListType):
            value.type = onnx_ir.SequenceType(onnx_ir.TensorType(element_type(kind.element)))
        else:
            value.dtype = element_type(kind)
            value.shape = onnx_ir.Shape(onnx_shape(kind))
        self.shared.types[value] = kind
        return value

    def node(
        self, op_type: str, *inputs: onnx_ir.Value, kind: Type, **attributes: Any
    ) -> onnx_ir.Value:
        """Append a node with one result of type `kind`."""
        return self.declare(self.emitter.node(op_type, *inputs, **attributes), kind)

    def number(self, value: bool | int | float, kind: Type) -> onnx_ir.Value:
        """Return a constant of rank 0."""
        dtype = _SCALARS[cast(Any, kind).kind]
        return self.declare(self.emitter.constant(value, dtype), kind)

    def integer(self, value: int) -> onnx_ir.Value:
        """Return a constant i64 of rank 0."""
        return self.number(value, I64)

    def cast(self, value: onnx_ir.Value, kind: Type) -> onnx_ir.Value:
        """Return the number `value` as a number of type `kind`."""
        if self.shared.types[value] == kind:
            return value
        return self.node("Cast", value, kind=kind, to=int(element_type(kind)))

    def inverse(self, condition: onnx_ir.Value) -> onnx_ir.Value:
        """Return whether `condition` does not hold."""
        return self.node("Not", condition, kind=I1)

    def failing_if(self, condition: onnx_ir.Value) -> onnx_ir.Value:
        """Return 0; the session fails if `condition` holds: no element 1 can be gathered of one."""
        zeros = self.emitter.integers([0])
        return self.node("Gather", zeros, self.cast(condition, I64), kind=I64)

    def unused(self, kind: Type) -> onnx_ir.Value:
        """Return some value of type `kind`, for a place that nobody reads on this path."""
        if isinstance(kind, ListType):
            return self.node("SequenceEmpty", kind=kind, dtype=int(element_type(kind.element)))
        if not isinstance(kind, TensorType):
            return self.number({ScalarKind.I1: False, ScalarKind.F64: 0.0}.get(kind.kind, 0), kind)
        shape = [dim if isinstance(dim, int) else 0 for dim in kind.shape]
        if numpy.prod(shape, dtype=int) > _SMALL:
            shape[0] = 0
        elements = numpy.zeros(shape, onnx_dtype(kind.dtype).numpy())
        value = self.emitter.tensor(onnx_ir.tensor(elements))
        self.shared.types[value] = kind
        return value

    def own_values(self) -> set[onnx_ir.Value]:
        """Return the inputs of the graph and the results of its nodes."""
        return {*self.inputs, *(output for node in self.nodes for output in node.outputs)}

    def graph(self, outputs: Sequence[onnx_ir.Value], name: str) -> onnx_ir.Graph:
        """Return the finished graph; each output gets a value of its own, as ONNX wants it."""
        own = self.own_values() - set(self.inputs)
        returned: list[onnx_ir.Value] = []
        for value in outputs:
            if value not in own or value in returned:
                value = self.node("Identity", value, kind=self.shared.types[value])
            returned.append(value)
        return onnx_ir.Graph(
            self.inputs, returned, nodes=self.nodes, name=name, opset_imports=opset_imports(self)
        )


def opset_imports(scope: Scope) -> dict[str, int]:
    """Return the operator sets that the nodes of a graph are of."""
    return {node.domain: 1 for node in scope.nodes} | {"": torchlib.OPSET}


def is_rematerialised(value: Value) -> bool:
    """Whether `value` is made where it is needed, and never passed: a constant or a weight."""
    return isinstance(value.owner, arith.Constant | LoadWeight)
