"""The engine `onnxruntime`: constants, sharing, numbers, errors, and what a call costs."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
from onnx import TensorProto, helper

from modelc.diagnostics import DiagnosticError
from modelc.runtime.engines import onnxruntime as module
from modelc.runtime.engines.onnxruntime import OnnxRuntimeEngine

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def model(
    nodes: Sequence[Any], inputs: Mapping[str, tuple[int, Sequence[Any]]], outputs: Sequence[str]
) -> bytes:
    values = [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()]
    results = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
    graph = helper.make_graph(nodes, "graph", values, results)
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def product(size: int) -> bytes:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    return model(nodes, {"x": (FLOAT, ["n", size]), "w": (FLOAT, [size, size])}, ["y"])


def rows(size: int) -> bytes:
    nodes = [helper.make_node("Gather", ["w", "i"], ["y"])]
    return model(nodes, {"w": (FLOAT, [size, size]), "i": (INT64, ["n"])}, ["y"])


def ones(*shape: int) -> numpy.ndarray:
    return numpy.ones(shape, numpy.float32)


@pytest.fixture
def engine() -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine(1)


def test_constants_take_their_places_among_the_parameters(engine: OnnxRuntimeEngine):
    nodes = [
        helper.make_node("Sub", ["a", "b"], ["d"]),
        helper.make_node("Mul", ["d", "c"], ["e"]),
    ]
    vector = (FLOAT, [2])
    payload = model(nodes, {"a": vector, "b": vector, "c": vector}, ["d", "e"])
    a, b, c = numpy.arange(6, dtype=numpy.float32).reshape(3, 2)
    for constants in ({}, {0: a}, {1: b}, {0: a, 2: c}, {0: a, 1: b, 2: c}):
        left = [value for position, value in enumerate((a, b, c)) if position not in constants]
        difference, scaled = engine.prepare(payload, constants)(left)
        numpy.testing.assert_array_equal(difference, a - b)
        numpy.testing.assert_array_equal(scaled, (a - b) * c)


@pytest.mark.parametrize(
    "weight",
    [
        numpy.arange(9, dtype=numpy.float32).reshape(3, 3).T,
        numpy.arange(18, dtype=numpy.float32).reshape(3, 6)[:, ::2],
        numpy.frombuffer(b"\0" + bytes(36), numpy.float32, 9, offset=1).reshape(3, 3),
    ],
    ids=["transposed", "strided", "unaligned"],
)
def test_weights_may_lie_in_memory_as_they_like(engine: OnnxRuntimeEngine, weight: numpy.ndarray):
    x = numpy.random.default_rng(0).random((2, 3), numpy.float32)
    (y,) = engine.prepare(product(3), {1: weight})([x])
    numpy.testing.assert_allclose(y, x @ weight, rtol=1e-6)


def test_unused_and_empty_constants_do_no_harm(engine: OnnxRuntimeEngine):
    nodes = [helper.make_node("Concat", ["x", "e"], ["y"], axis=0)]
    inputs = {"x": (FLOAT, ["n"]), "e": (FLOAT, [0]), "unused": (FLOAT, [3])}
    subnet = engine.prepare(model(nodes, inputs, ["y"]), {1: ones(0), 2: ones(3)})
    numpy.testing.assert_array_equal(subnet([ones(2)])[0], [1, 1])


def test_numbers_become_tensors_of_rank_zero(engine: OnnxRuntimeEngine):
    nodes = [
        helper.make_node("Cast", ["n"], ["i"], to=FLOAT),
        helper.make_node("Cast", ["f"], ["d"], to=FLOAT),
        helper.make_node("Where", ["b", "i", "d"], ["y"]),
    ]
    numbers = {"n": (INT64, ()), "f": (TensorProto.DOUBLE, ()), "b": (TensorProto.BOOL, ())}
    subnet = engine.prepare(model(nodes, numbers, ["y"]), {})
    assert subnet([3, 0.5, True])[0] == 3
    assert subnet([3, 0.5, False])[0] == 0.5


def test_weights_changed_in_place_are_seen_by_the_next_session(engine: OnnxRuntimeEngine):
    """A compiled decorator may compile again after its user has trained on."""
    weight = ones(4, 4)
    first = engine.prepare(product(4), {1: weight})
    weight *= 2
    second = engine.prepare(product(4), {1: weight})
    assert first([ones(1, 4)])[0][0, 0] == 4
    assert second([ones(1, 4)])[0][0, 0] == 8


def test_weights_are_not_taken_for_others_at_the_same_address(engine: OnnxRuntimeEngine):
    """Memory is often given out again: a freed weight must not be found in its place."""
    for value in range(20):
        weight = numpy.full((4, 4), value, numpy.float32)
        (y,) = engine.prepare(product(4), {1: weight})([ones(1, 4)])
        assert (y == 4 * value).all()
        del weight


def test_results_do_not_change_with_the_next_call(engine: OnnxRuntimeEngine):
    subnet = engine.prepare(product(4), {1: ones(4, 4)})
    (first,) = subnet([ones(1, 4)])
    subnet([7 * ones(1, 4)])
    assert (first == 4).all()


def private_megabytes() -> float:
    text = Path("/proc/self/smaps_rollup").read_text()
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if "Anonymous" in line)


@pytest.fixture
def mapped_weight(tmp_path: Path) -> numpy.ndarray:
    """16 MiB in a file, as weights of an artifact are."""
    path = tmp_path / "weights"
    ones(2048, 2048).tofile(path)
    return numpy.memmap(path, numpy.float32, "r", shape=(2048, 2048))


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells the memory")
@pytest.mark.parametrize(("payload", "copies"), [(rows, 0), (product, 1)])
def test_sessions_share_large_weights(
    engine: OnnxRuntimeEngine,
    mapped_weight: numpy.ndarray,
    payload: Callable[[int], bytes],
    copies: int,
):
    indices = numpy.array([1, 2])
    position = 0 if payload is rows else 1
    engine.prepare(payload(4), {position: ones(4, 4)})  # what the library takes once
    before = private_megabytes()
    loaded: list[Any] = []
    for _ in range(6):
        subnet = engine.prepare(payload(2048), {position: mapped_weight})
        argument = indices if payload is rows else ones(1, 2048)
        assert subnet([argument])[0].shape[-1] == 2048
        loaded.append(subnet)
    size = mapped_weight.nbytes / 2**20
    assert private_megabytes() - before < (copies + 0.7) * size


def test_weight_is_bound_again_when_its_first_session_is_gone(
    engine: OnnxRuntimeEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "SHARED_BYTES", 1)
    weight = ones(4, 4)
    first: Any = engine.prepare(product(4), {1: weight})
    second: Any = engine.prepare(product(4), {1: weight})
    assert not first.__globals__["fed"]
    assert second.__globals__["fed"]
    del first, second
    gc.collect()
    third: Any = engine.prepare(product(4), {1: weight})
    assert not third.__globals__["fed"]


def test_damaged_payload_is_a_diagnostic(engine: OnnxRuntimeEngine):
    for payload in (b"", b"nonsense", product(4)[:-9]):
        with pytest.raises(DiagnosticError, match="MC0502"):
            engine.prepare(payload, {})


def test_constant_of_another_type_than_the_model_wants_is_a_diagnostic(engine: OnnxRuntimeEngine):
    with pytest.raises(DiagnosticError, match="MC0502"):
        engine.prepare(product(4), {1: numpy.ones((4, 4), numpy.float64)})


@pytest.mark.parametrize("threads", [1, 2, None])
def test_every_number_of_threads_computes_the_same(threads: int | None):
    x = numpy.random.default_rng(0).random((64, 64), numpy.float32)
    (y,) = OnnxRuntimeEngine(threads).prepare(product(64), {1: x})([x])
    numpy.testing.assert_allclose(y, x @ x, rtol=1e-5)


def test_process_may_have_one_thread_pool_for_all_sessions():
    program = """
import numpy, onnxruntime
from modelc.runtime.engines import load_engine
onnxruntime.set_global_thread_pool_sizes(2, 1)
subnet = load_engine("onnxruntime").prepare({payload!r}, {{}})
print(subnet([numpy.ones((1, 4), "f4"), numpy.ones((4, 4), "f4")])[0].sum())
"""
    command = [sys.executable, "-c", program.format(payload=product(4))]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("16.0")


def test_other_sessions_of_the_process_are_left_alone(engine: OnnxRuntimeEngine):
    engine.prepare(product(4), {})
    OnnxRuntimeEngine(2).prepare(product(4), {})
    module.ort.InferenceSession(product(4), providers=["CPUExecutionProvider"])


def seconds_per_call(function: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(100):
            function()
        best = min(best, (time.perf_counter() - start) / 100)
    return best


def test_call_is_not_slower_than_the_public_way(engine: OnnxRuntimeEngine):
    nodes = [helper.make_node("Add", ["a", "b"], ["c"])]
    payload = model(nodes, {"a": (FLOAT, [8]), "b": (FLOAT, [8])}, ["c"])
    subnet = engine.prepare(payload, {})
    session = module.ort.InferenceSession(payload, providers=["CPUExecutionProvider"])
    a, b = ones(8), ones(8)
    ours = seconds_per_call(lambda: subnet([a, b]))
    public = seconds_per_call(lambda: session.run(["c"], {"a": a, "b": b}))
    assert ours < 1.2 * public
