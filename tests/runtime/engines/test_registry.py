"""Engines by name, and what a user is told if one is missing."""

from __future__ import annotations

import sys

import pytest

from modelc.diagnostics import DiagnosticError
from modelc.runtime.engines import ENGINES, load_engine, registry
from modelc.runtime.engines.processors import usable_processors


@pytest.mark.parametrize("name", ENGINES)
def test_engine_is_loaded_once_by_its_name(name: str):
    assert load_engine(name).name == name
    assert load_engine(name) is load_engine(name)
    assert load_engine(name, 1) is not load_engine(name)


def test_unknown_engine_is_a_diagnostic():
    with pytest.raises(DiagnosticError, match="MC0504.*'onnx'") as caught:
        load_engine("onnx")
    assert "onnxruntime" in caught.value.diagnostics[0].help


@pytest.mark.parametrize("name", ENGINES)
def test_engine_that_is_not_installed_is_a_diagnostic(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"modelc.runtime.engines.{name}", raising=False)
    registry.load_engine.cache_clear()
    with pytest.raises(DiagnosticError, match="MC0504") as caught:
        load_engine(name)
    assert caught.value.diagnostics[0].help == f"pip install {name}"
    registry.load_engine.cache_clear()


def test_number_of_processors_is_bounded_by_what_the_process_may_use():
    assert 1 <= usable_processors() <= 4096
