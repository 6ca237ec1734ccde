"""What `backends/onnx/torchlib.py` and `decompose.py` assume of torch and onnxscript."""

from __future__ import annotations

import onnx_ir
import pytest
import torch

from modelc.backends.onnx import torchlib
from modelc.ir.graph import overload


def test_library_maps_operators_by_qualified_name():
    table = torchlib.mappings()
    assert len(table) > 400
    assert {"aten::add.Tensor", "aten::relu", "aten::native_layer_norm"} <= table.keys()
    assert overload("aten.add.Tensor").name() == "aten::add.Tensor"
    assert overload("aten.relu.default").name() == "aten::relu"


def test_recorder_collects_nodes_and_types_of_values_in_between():
    recorder = torchlib.Recorder()
    x = torchlib.new_value("x", onnx_ir.DataType.DOUBLE, [2])
    silu = torchlib.mappings()["aten::silu"]
    result = recorder.record(lambda: silu(x))
    assert [node.op_type for node in recorder.nodes] == ["Sigmoid", "Mul"]
    assert result.dtype == onnx_ir.DataType.DOUBLE


@pytest.mark.parametrize("dtype", [onnx_ir.DataType.DOUBLE, onnx_ir.DataType.FLOAT16])
def test_recorder_makes_constants_of_the_type_of_their_neighbours(dtype: onnx_ir.DataType):
    recorder = torchlib.Recorder()
    x = torchlib.new_value("x", dtype, [2])
    recorder.record(lambda: torchlib.mappings()["aten::silu"](x))
    sigmoid = recorder.nodes[0].outputs[0]
    recorder.record(lambda: torchlib.opset().Mul(sigmoid, 0.1))
    constants = [node for node in recorder.nodes if node.op_type == "Constant"]
    assert constants
    assert {node.outputs[0].dtype for node in constants} == {dtype}


def test_recorder_keeps_all_digits_of_a_number_that_is_cast():
    recorder = torchlib.Recorder()
    like = torchlib.new_value("x", onnx_ir.DataType.DOUBLE, [])
    value = recorder.record(lambda: torchlib.opset().CastLike(0.1, like))
    tensor = value.producer().attributes["value"].as_tensor()
    assert tensor.numpy() == 0.1


def test_recorder_knows_the_functions_that_nodes_call():
    recorder = torchlib.Recorder()
    x = torchlib.new_value("x", onnx_ir.DataType.FLOAT, [2])
    mapped = torchlib.mappings()["aten::isfinite"]
    assert torchlib.is_script(mapped)
    recorder.record(lambda: mapped(x))
    (function,) = recorder.local_functions
    assert recorder.nodes[-1].op_identifier() == function.identifier()


def test_split_is_recognised_as_a_sequence():
    recorder = torchlib.Recorder()
    x = torchlib.new_value("x", onnx_ir.DataType.FLOAT, [4])
    parts = recorder.record(lambda: torchlib.mappings()["aten::split.Tensor"](x, 2, 0))
    assert torchlib.is_sequence(parts)
    assert not torchlib.is_sequence(x)


@pytest.mark.parametrize(
    ("target", "arguments", "keywords", "expected"),
    [
        ("aten.add.Tensor", ("f32", "i64"), {}, {0: torch.float32, 1: torch.float32}),
        ("aten.div.Tensor", ("i64", 2), {}, {0: torch.float32, 1: torch.float32}),
        (
            "aten.div.Tensor_mode",
            ("i64", 2),
            {"rounding_mode": "floor"},
            {0: torch.int64, 1: torch.int64},
        ),
        ("aten.sum.default", ("i1",), {}, {0: torch.int64}),
        ("aten.view.default", ("f32", [2]), {}, {}),
    ],
)
def test_arguments_take_part_in_the_types_that_torch_promotes_to(
    target: str,
    arguments: tuple[object, ...],
    keywords: dict[str, object],
    expected: dict[int, torch.dtype],
):
    dtypes = {"f32": torch.float32, "i64": torch.int64, "i1": torch.bool}
    given = [
        torch.empty([1], dtype=dtypes[argument], device="meta")
        if isinstance(argument, str)
        else argument
        for argument in arguments
    ]
    by_position, by_name = torchlib.promoted_dtypes(overload(target), given, keywords)
    assert dict(by_position) == expected
    assert not by_name


def test_opset_is_the_one_that_the_library_is_written_for():
    from torch.onnx._internal.exporter import _constants

    assert torchlib.OPSET == _constants.TORCHLIB_OPSET
    assert torchlib.IR_VERSION == _constants.ONNX_IR_VERSION
