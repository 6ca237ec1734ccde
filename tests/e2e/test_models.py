"""Every published model does what it does in eager PyTorch, on inputs that take all its paths."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from typing import Any

import pytest

from modelc.ir.reference import Interpreter, all_edges

from ..programs import Program
from .captures import CapturedProgram, capture_program
from .comparison import difference
from .models import (
    DIRECTORY,
    EXPECTED_FAILURES,
    MODEL_CONFIGURATIONS,
    UNCOVERED,
    expected_failure,
    models,
)
from .observation import Outcome, observe

MODELS = {model.name: model for model in models()}


@functools.cache
def captured_model(name: str) -> CapturedProgram | Exception:
    """Capture a model once; an error is the same for every test."""
    try:
        return capture_program(MODELS[name])
    except Exception as error:
        return error


@functools.cache
def expected(name: str) -> list[Outcome]:
    """Return what eager does."""
    return observe(MODELS[name].build(), MODELS[name].calls)


def cases() -> Iterator[Any]:
    """Yield every model with every configuration; those that are known to fail must fail."""
    for model in MODELS.values():
        for name in MODEL_CONFIGURATIONS:
            reason = expected_failure(model.name, name)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(model, name, id=f"{model.name}-{name}", marks=marks)


@pytest.mark.parametrize(("model", "configuration"), list(cases()))
def test_agrees_with_eager(model: Program, configuration: str):
    found = captured_model(model.name)
    if isinstance(found, Exception):
        raise found
    way = MODEL_CONFIGURATIONS[configuration]
    actual = observe(way.prepare(model, found.captured), model.calls)
    pairs = zip(actual, expected(model.name), strict=True)
    texts = [difference(ours, theirs, way.tolerances) for ours, theirs in pairs]
    assert not [f"call {number}: {text}" for number, text in enumerate(texts) if text]


COMPILING = [name for name in MODELS if not expected_failure(name, "captured")]


@pytest.mark.parametrize("name", COMPILING)
def test_inputs_take_every_edge(name: str):
    found = captured_model(name)
    assert not isinstance(found, Exception), found
    module = found.captured.module
    interpreter = Interpreter(module, found.captured.weights)
    observe(interpreter.run, MODELS[name].calls)
    missing = all_edges(module.host_funcs) - interpreter.edges
    count, _ = UNCOVERED.get(name, (0, ""))
    assert len(missing) == count, sorted(missing)


@pytest.mark.parametrize("name", MODELS)
def test_capture_leaves_the_model_alone(name: str):
    found = captured_model(name)
    assert isinstance(found, Exception) or found.after == found.before


def test_tables_name_models_and_reasons():
    assert {name for name, _ in EXPECTED_FAILURES} | set(UNCOVERED) <= set(MODELS)
    assert {place for _, place in EXPECTED_FAILURES} <= set(MODEL_CONFIGURATIONS)
    assert all(EXPECTED_FAILURES.values())
    assert all(count > 0 and reason for count, reason in UNCOVERED.values())


def test_every_model_names_its_paper():
    for path in DIRECTORY.glob("*.py"):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert '"' in text and any(character.isdigit() for character in text), path
