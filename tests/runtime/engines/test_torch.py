"""The engine `torch`: memory is shared with numpy, never written to, and freed early."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy
import pytest
import torch

from modelc.diagnostics import DiagnosticError
from modelc.runtime.engines.torch import TorchEngine


def payload(nodes: list[tuple[Any, ...]], parameters: list[str], results: list[int]) -> bytes:
    """Return a payload; each node is a target, arguments and, if it has any, keywords."""
    described: list[dict[str, Any]] = [
        {"target": target, "arguments": arguments, "keywords": dict(*keywords), "results": 1}
        for target, arguments, *keywords in nodes
    ]
    program: dict[str, Any] = {"parameters": parameters, "nodes": described, "results": results}
    return json.dumps(program).encode()


def value(register: int) -> dict[str, int]:
    return {"value": register}


@pytest.fixture
def engine() -> TorchEngine:
    return TorchEngine()


def test_nodes_read_parameters_constants_and_results(engine: TorchEngine):
    nodes = [
        ("aten.mul.Tensor", [value(0), value(1)]),
        ("aten.add.Tensor", [value(3), value(2)], {"alpha": 2}),
    ]
    program = payload(nodes, ["f32", "number", "f32"], [4, 3])
    x, y = numpy.array([1, 2], numpy.float32), numpy.array([5, 6], numpy.float32)
    total, scaled = engine.prepare(program, {2: y})([x, 3])
    numpy.testing.assert_array_equal(total, [13, 18])
    numpy.testing.assert_array_equal(scaled, [3, 6])


def test_keyword_named_value_is_no_register(engine: TorchEngine):
    nodes = [("aten.addcmul.default", [value(0)] * 3, {"value": 0.5})]
    (result,) = engine.prepare(payload(nodes, ["f64"], [1]), {})([numpy.array([2.0])])
    assert result == 4.0


def test_literals_of_all_kinds_arrive(engine: TorchEngine):
    infinite = {"dtype": {"dtype": "f64"}, "device": {"device": "cpu"}}
    nodes = [
        (
            "aten.full.default",
            [[2], {"float": "-inf"}],
            {**infinite, "layout": {"layout": "strided"}},
        ),
        (
            "aten.clone.default",
            [value(0)],
            {"memory_format": {"memory_format": "contiguous_format"}},
        ),
        ("aten.clamp.default", [value(1), None, True]),
    ]
    first, second = engine.prepare(payload(nodes, [], [0, 2]), {})([])
    assert first.dtype == numpy.float64
    assert (first == -numpy.inf).all()
    numpy.testing.assert_array_equal(first, second)


def test_results_of_several_tensors_go_to_consecutive_registers(engine: TorchEngine):
    target = "aten.split.Tensor"
    split: dict[str, Any] = {
        "target": target,
        "arguments": [value(0), 2],
        "keywords": {},
        "results": 2,
    }
    program: dict[str, Any] = {"parameters": ["i64"], "nodes": [split], "results": [2, 1]}
    second, first = engine.prepare(json.dumps(program).encode(), {})([numpy.arange(3)])
    assert list(first) == [0, 1]
    assert list(second) == [2]


@pytest.mark.parametrize(
    "array",
    [
        numpy.arange(6.0).reshape(2, 3).T,
        numpy.arange(6.0)[::-1],
        numpy.arange(12.0)[::2],
        numpy.array(3.0),
        numpy.zeros((0, 3)),
        numpy.float64(2.0),
    ],
    ids=["transposed", "reversed", "strided", "scalar", "empty", "number"],
)
def test_arguments_may_lie_in_memory_as_they_like(engine: TorchEngine, array: numpy.ndarray):
    subnet = engine.prepare(payload([("aten.neg.default", [value(0)])], ["f64"], [1]), {})
    (result,) = subnet([array])
    numpy.testing.assert_array_equal(result, -array)
    assert result.flags.c_contiguous


def test_read_only_memory_is_taken_without_a_warning(engine: TorchEngine):
    weight = numpy.arange(3.0)
    weight.flags.writeable = False
    program = payload([("aten.add.Tensor", [value(0), value(1)])], ["f64", "f64"], [2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (result,) = engine.prepare(program, {1: weight})([weight])
    numpy.testing.assert_array_equal(result, [0, 2, 4])


@pytest.mark.parametrize("target", ["aten.view.default", "aten.expand.default"])
def test_results_never_share_the_memory_of_arguments_and_weights(engine: TorchEngine, target: str):
    program = payload([(target, [value(0), [3]]), (target, [value(1), [3]])], ["f64"] * 2, [2, 3])
    x, weight = numpy.ones(3), numpy.ones(3)
    for result in engine.prepare(program, {1: weight})([x]):
        result[:] = 5
    assert (x == 1).all()
    assert (weight == 1).all()


def test_arguments_are_not_copied(engine: TorchEngine):
    seen: list[int] = []
    program = payload([("aten.neg.default", [value(0)])], ["f64"], [1])
    subnet: Any = engine.prepare(program, {})
    node = subnet._nodes[0]
    original = node._operator

    def spy(tensor: torch.Tensor) -> torch.Tensor:
        seen.append(tensor.data_ptr())
        return original(tensor)

    node._operator = spy
    x = numpy.ones(5)
    subnet([x])
    assert seen == [x.ctypes.data]


def test_bfloat16_passes_as_the_bits_of_unsigned_integers(engine: TorchEngine):
    program = payload([("aten.add.Tensor", [value(0), value(1)])], ["bf16", "bf16"], [2])
    x = torch.tensor([1.0, -2.5], dtype=torch.bfloat16)
    bits = x.view(torch.uint16).numpy()
    (result,) = engine.prepare(program, {1: bits})([bits])
    assert result.dtype == numpy.uint16
    assert torch.equal(torch.tensor(result).view(torch.bfloat16), x + x)


def test_half_precision_and_complex_pass_as_numpy_has_them(engine: TorchEngine):
    for kind, dtype in (("f16", numpy.float16), ("c64", numpy.complex64)):
        program = payload([("aten.mul.Tensor", [value(0), value(0)])], [kind], [1])
        (result,) = engine.prepare(program, {})([numpy.array([1.5, 2], dtype)])
        assert result.dtype == dtype
        numpy.testing.assert_array_equal(result, numpy.array([2.25, 4], dtype))


def test_conjugated_result_is_resolved(engine: TorchEngine):
    program = payload([("aten._conj.default", [value(0)])], ["c128"], [1])
    (result,) = engine.prepare(program, {})([numpy.array([1 + 2j])])
    assert result[0] == 1 - 2j


def test_registers_are_freed_after_their_last_reader(engine: TorchEngine):
    nodes = [("aten.neg.default", [value(register)]) for register in range(3)]
    subnet: Any = engine.prepare(payload(nodes, ["f32"], [3, 1]), {})
    assert [node._freed for node in subnet._nodes] == [[0], [], [2]]


def test_no_gradient_is_recorded(engine: TorchEngine):
    with torch.enable_grad():
        program = payload([("aten.relu.default", [value(0)])], ["f32"], [1])
        (result,) = engine.prepare(program, {})([numpy.ones(2, numpy.float32)])
    assert (result == 1).all()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"[]",
        b"{}",
        payload([("aten.no_such.default", [])], [], []),
        payload([("aten.relu_.default", [value(0)])], ["f32"], [0]),
        payload([("aten.full.default", [[1], {"what": 1}])], [], [0]),
        payload([], ["f99"], []).replace(b"nodes", b"knots"),
    ],
)
def test_damaged_payload_is_a_diagnostic(engine: TorchEngine, damaged: bytes):
    with pytest.raises(DiagnosticError, match="MC0502"):
        engine.prepare(damaged, {})
