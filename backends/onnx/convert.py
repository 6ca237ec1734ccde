"""Graph functions to ONNX models: every parameter is a graph input, weights included."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir
import onnx_ir.passes.common as onnx_passes

from ...ir.core import Func, Value, map_values
from ...ir.graph import AtenOp, FuncReturn
from . import torchlib
from .emitter import Emitter


def convert(func: Func) -> bytes:
    """Return the ONNX model (ModelProto) of the graph function `func`.

    Inputs and outputs are the parameters and results in order, named p0, p1.. and r0, r1..;
    numbers are tensors of rank 0. Raises `Unsupported` if an op has no form in ONNX.
    """
    emitter = Emitter()
    values = {
        param: emitter.parameter(f"p{index}", param.type) for index, param in enumerate(func.params)
    }
    inputs = list(values.values())
    outputs: list[onnx_ir.Value] = []
    for op in func.ops:
        if isinstance(op, FuncReturn):
            outputs = _name_outputs(emitter, [values[value] for value in op.values], inputs)
        else:
            assert isinstance(op, AtenOp), f"{op.name} in a graph function"
            _emit(emitter, op, values)
    return _serialize(emitter, inputs, outputs)


def _emit(emitter: Emitter, op: AtenOp, values: dict[Value, onnx_ir.Value]) -> None:
    arguments = map_values(op.arguments, values.__getitem__)
    keywords = {name: map_values(argument, values.__getitem__) for name, argument in op.keywords}
    types = [result.type for result in op.results]
    emitted = emitter.emit(op.operator, arguments, keywords, types)
    values.update(zip(op.results, emitted, strict=True))


def _name_outputs(
    emitter: Emitter, returned: Sequence[onnx_ir.Value], inputs: Sequence[onnx_ir.Value]
) -> list[onnx_ir.Value]:
    """Give each output a value of its own, as ONNX wants it."""
    outputs: list[onnx_ir.Value] = []
    for index, value in enumerate(returned):
        if value in inputs or value in outputs:
            value = emitter.finish(emitter.node("Identity", value), emitter.types[value])
        value.name = f"r{index}"
        outputs.append(value)
    return outputs


def _serialize(
    emitter: Emitter, inputs: Sequence[onnx_ir.Value], outputs: Sequence[onnx_ir.Value]
) -> bytes:
    functions = emitter.recorder.local_functions
    domains = {node.domain: 1 for node in emitter.recorder.nodes} | {
        node.domain: 1 for function in functions for node in function
    }
    graph = onnx_ir.Graph(
        inputs,
        outputs,
        nodes=emitter.recorder.nodes,
        opset_imports=domains | {"": torchlib.OPSET},
        name="subnet",
    )
    model = onnx_ir.Model(graph, ir_version=torchlib.IR_VERSION, functions=functions)
    onnx_passes.RemoveUnusedNodesPass()(model)
    proto = onnx_ir.serde.serialize_model(model)
    return proto.SerializeToString(deterministic=True)
