"""The samples, compiled: equal to eager on sixteen inputs that take every edge."""

import functools
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import onnx
import pytest
import torch

import modelc
from modelc.compiler.frontend import Captured, capture
from modelc.ir.reference import Interpreter, all_edges
from modelc.ir.text import parse_module, print_module

from ..programs import Call
from .comparison import difference
from .expected_failures import expected_failure
from .observation import observe
from .plain_onnx import PlainSession

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.py") if path.stem != "report")
TOLERANCES = {torch.float32: (1e-4, 1e-5)}

UNCOVERED: Mapping[str, tuple[int, str]] = {}
"""Sample -> how many edges of its capture none of its inputs takes, and why."""

each_sample = pytest.mark.parametrize("name", NAMES)


@functools.cache
def sample(name: str) -> ModuleType:
    """Return the module of `samples/NAME.py`."""
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def calls(name: str) -> tuple[Call, ...]:
    return tuple(Call(args) for args in sample(name).inputs(16))


@functools.cache
def captured_sample(name: str) -> Captured:
    return capture(sample(name).build(), calls(name)[0].args, {}, name=name)


def differences(name: str, run: Any) -> list[str]:
    """Return how `run` differs from eager on the inputs of the sample."""
    expected = observe(sample(name).build(), calls(name))
    actual = observe(run, calls(name))
    found = [difference(a, e, TOLERANCES) for a, e in zip(actual, expected, strict=True)]
    return [text for text in found if text]


@each_sample
def test_dump_runs_and_every_edge_is_taken(name: str):
    captured = captured_sample(name)
    interpreter = Interpreter(parse_module(print_module(captured.module)), captured.weights)
    assert not differences(name, interpreter.run)
    missing = all_edges(captured.module.host_funcs) - interpreter.edges
    count, _ = UNCOVERED.get(name, (0, ""))
    assert len(missing) == count, sorted(missing)


@each_sample
def test_print_of_parse_is_the_identity(name: str):
    text = print_module(captured_sample(name).module)
    assert print_module(parse_module(text)) == text


@each_sample
def test_two_captures_print_the_same(name: str):
    again = capture(sample(name).build(), calls(name)[0].args, {}, name=name)
    assert print_module(again.module) == print_module(captured_sample(name).module)


def compiled_samples() -> Iterator[Any]:
    """Yield the samples; those that are known to fail must fail."""
    for name in NAMES:
        reason = expected_failure(f"samples.{name}", "compiled")
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        yield pytest.param(name, id=name, marks=marks)


@pytest.mark.parametrize("name", list(compiled_samples()))
def test_compiled_agrees_with_eager(name: str, tmp_path: Path):
    compiled: Any = modelc.compile(sample(name).build(), example_inputs=calls(name)[0].args)
    assert not differences(name, compiled)
    path = compiled.save(tmp_path / f"{name}.modelc")
    loaded = modelc.load(path, coverage=True)
    assert not differences(name, loaded)
    missing = set(loaded.edges) - set(loaded.taken_edges)
    count, _ = UNCOVERED.get(name, (0, ""))
    assert len(missing) <= count, sorted(missing)


ONE_FILE = ("early_exit", "tree_lstm", "two_branch")
"""The samples that every run of the tests writes as ONNX files; `--every-sample` takes all."""


@each_sample
def test_one_onnx_file_agrees_with_eager(name: str, tmp_path: Path, request: pytest.FixtureRequest):
    options: Any = request.config.option
    if name not in ONE_FILE and not options.every_sample:
        pytest.skip("takes long: `make nightly` does it")
    path = tmp_path / f"{name}.onnx"
    compiled: Any = modelc.compile(sample(name).build(), calls(name)[0].args, target="onnx")
    compiled.save(path)
    checker: Any = onnx.checker  # untyped in part
    checker.check_model(str(path), full_check=True)
    assert not differences(name, PlainSession(path, sample(name).build()))
