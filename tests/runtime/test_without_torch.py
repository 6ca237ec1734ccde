"""Artifacts load and run where only numpy, safetensors and an engine are installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .programs import WEIGHTS, artifact_of, early_exit

ROOT = Path(__file__).parents[2]

PROGRAM = """
import importlib.abc, json, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, {root!r})
import numpy
from modelc.runtime import Artifact, Model
from tests.runtime.programs import numpy_engine

model = Model(Artifact.load({path!r}), engine=numpy_engine)
output, confidence = model(numpy.ones((2, 3), numpy.float32))
print(json.dumps([output.tolist(), confidence, sorted(sys.modules)]))
"""
ABSENT = {"torch", "sympy", "lark", "typer", "rich", "onnx", "onnxscript", "onnxruntime"}


@pytest.mark.parametrize("directory", [True, False])
def test_an_artifact_runs_without_torch_and_compiler(tmp_path: Path, directory: bool):
    path = tmp_path / "net.modelc"
    artifact_of(early_exit(), WEIGHTS).save(path, directory=directory)
    text = PROGRAM.format(absent=repr(ABSENT), root=str(ROOT), path=str(path))
    command = [sys.executable, "-W", "error", "-c", text]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    output, confidence, modules = json.loads(result.stdout)
    assert (output, confidence) == ([[1.0, 2.0, 3.0]] * 2, 2.0)
    assert not ABSENT & {module.partition(".")[0] for module in modules}
    assert not [name for name in modules if name.startswith(("modelc.ir", "modelc.compiler"))]
