"""Artifacts load and run where only numpy, safetensors and an engine are installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from modelc.compiler.requirements import PACKAGES

from .programs import WEIGHTS, artifact_of, early_exit, identity

ROOT = Path(__file__).parents[2]

WITHOUT = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""

PROGRAM = """
import json
sys.path.insert(0, {root!r})
import numpy
from modelc.runtime import Artifact, Model
from tests.runtime.programs import numpy_engine

model = Model(Artifact.load({path!r}), engine=numpy_engine)
output, confidence = model(numpy.ones((2, 3), numpy.float32))
print(json.dumps([output.tolist(), confidence, sorted(sys.modules)]))
"""
COMPILE_EXTRA = {"torch", "sympy", "lark", "onnx", "onnxscript"}
ABSENT = {"torch", "sympy", "lark", "typer", "rich", "onnx", "onnxscript", "onnxruntime"}


def run_without(absent: set[str], program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `program` where the packages `absent` are not installed."""
    text = WITHOUT.format(absent=repr(absent)) + program
    command = [sys.executable, "-W", "error", "-c", text, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("directory", [True, False])
def test_an_artifact_runs_without_torch_and_compiler(tmp_path: Path, directory: bool):
    path = tmp_path / "net.modelc"
    artifact_of(early_exit(), WEIGHTS).save(path, directory=directory)
    result = run_without(ABSENT, PROGRAM.format(root=str(ROOT), path=str(path)))
    assert result.returncode == 0, result.stderr
    output, confidence, modules = json.loads(result.stdout)
    assert (output, confidence) == ([[1.0, 2.0, 3.0]] * 2, 2.0)
    assert not ABSENT & {module.partition(".")[0] for module in modules}
    assert not [name for name in modules if name.startswith(("modelc.ir", "modelc.compiler"))]


def command_line(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command where only the runtime is installed."""
    return run_without(COMPILE_EXTRA, "from modelc.compiler.cli import main; main()", *words)


def test_the_extra_is_what_the_package_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {re.split(r"\W", one)[0] for one in project["optional-dependencies"]["compile"]}
    assert named == COMPILE_EXTRA == PACKAGES


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], "inspect"),
        (["list", "targets"], "onnxruntime"),
        (["list", "diagnostics"], "MC0101"),
        (["inspect", "net.modelc"], "program example"),
        (["run", "net.modelc", "--inputs", "calls.py"], "edge coverage: "),
    ],
)
def test_commands_that_need_no_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], expected: str
):
    monkeypatch.chdir(tmp_path)
    artifact_of(identity()).save(tmp_path / "net.modelc")
    (tmp_path / "calls.py").write_text(
        "import numpy\n\ninputs = [(numpy.ones((2, 3), 'float32'),)]\n"
    )
    finished = command_line(*words)
    assert finished.returncode == 0, finished.stderr
    assert expected in finished.stdout


@pytest.mark.parametrize("command", ["compile", "examine", "opt", "list passes", "run --compare"])
def test_commands_that_need_torch_say_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
):
    monkeypatch.chdir(tmp_path)
    artifact_of(identity()).save(tmp_path / "net.modelc")
    (tmp_path / "model.py").write_text("inputs = [(1,)]\n\ndef build():\n    return abs\n")
    (tmp_path / "a.mc").write_text("module @m {level = captured} {\n}\n")
    operands = {"opt": ["a.mc"], "run --compare": ["net.modelc", "--inputs", "model.py"]}
    words = operands.get(command, [] if command == "list passes" else ["model.py"])
    finished = command_line(*command.split(), *words)
    assert finished.returncode == 1, finished.stderr
    assert re.match(r"error\[MC0004\]: .* needs \w+, which is not installed\n", finished.stderr)
    assert finished.stderr.endswith("  help: pip install 'modelc[compile]'\n")


def test_a_file_that_imports_torch_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    artifact_of(identity()).save(tmp_path / "net.modelc")
    (tmp_path / "model.py").write_text("import numpy\nimport torch\n")
    finished = command_line("run", "net.modelc", "--inputs", "model.py")
    assert finished.returncode == 1
    assert finished.stderr.startswith("model.py:2:1: error[MC0002]")
    assert "help: pip install 'modelc[compile]'" in finished.stderr


@pytest.mark.parametrize(
    ("text", "column"),
    [("from modelc import compile", 1), ("import modelc; modelc.compile(abs, (1,))", 16)],
)
def test_the_api_says_how_to_get_torch(tmp_path: Path, text: str, column: int):
    program = tmp_path / "program.py"
    program.write_text(f"import sys\n{text}\n")
    finished = run_without(COMPILE_EXTRA, f"import runpy; runpy.run_path({str(program)!r})")
    assert finished.returncode == 1
    assert f"{program}:2:{column}: error[MC0004]" in finished.stderr
    assert "help: pip install 'modelc[compile]'" in finished.stderr
