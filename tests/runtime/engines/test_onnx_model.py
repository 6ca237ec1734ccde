"""Models are rewritten as the onnx package would do it."""

from __future__ import annotations

import numpy
import onnx
import pytest
from onnx import TensorProto, helper

from modelc.runtime.engines.onnx_model import (
    ELEMENT_TYPES,
    Initializer,
    consumers,
    input_names,
    with_initializers,
)


def model_bytes() -> bytes:
    branch = helper.make_graph(
        [helper.make_node("Relu", ["w"], ["y"])],
        "branch",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [300])],
    )
    nodes = [
        helper.make_node("Add", ["x", "b"], ["sum"]),
        helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 300]),
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [300]),
        helper.make_tensor_value_info("b", TensorProto.FLOAT, [300]),
        helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        helper.make_tensor_value_info("unused", TensorProto.FLOAT, [1]),
    ]
    outputs = [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["n", 300])]
    graph = helper.make_graph(nodes, "graph", inputs, outputs)
    return helper.make_model(graph, ir_version=10).SerializeToString()


def test_names_of_inputs_are_read_in_order():
    assert input_names(model_bytes()) == ["x", "w", "b", "c", "unused"]


def test_readers_are_found_in_nested_graphs_too():
    assert consumers(model_bytes(), ["w", "b", "unused"]) == {
        "w": {"Relu"},
        "b": {"Add"},
        "unused": set(),
    }


def test_inputs_become_external_initializers():
    added = [Initializer("w", (300,), "float32"), Initializer("b", (300,), "float32")]
    model = onnx.load_from_string(with_initializers(model_bytes(), added, {"w", "b", "unused"}))
    assert [value.name for value in model.graph.input] == ["x", "c"]
    first, second = model.graph.initializer
    assert (first.name, second.name) == ("w", "b")
    assert list(first.dims) == [300]
    assert first.data_type == TensorProto.FLOAT
    assert first.data_location == TensorProto.EXTERNAL
    original = onnx.load_from_string(model_bytes())
    assert model.graph.node == original.graph.node
    assert model.opset_import == original.opset_import


def test_nothing_to_add_leaves_the_model_as_it_is():
    rewritten = onnx.load_from_string(with_initializers(model_bytes(), [], set()))
    assert rewritten == onnx.load_from_string(model_bytes())


@pytest.mark.parametrize("name", ELEMENT_TYPES)
def test_element_types_are_those_of_onnx(name: str):
    assert ELEMENT_TYPES[name] == helper.np_dtype_to_tensor_dtype(numpy.dtype(name))


@pytest.mark.parametrize("damaged", [b"", b"\xff" * 20, model_bytes()[:-7], b"\x0b\x01"])
def test_damaged_model_is_a_value_error(damaged: bytes):
    with pytest.raises(ValueError):
        input_names(damaged)
