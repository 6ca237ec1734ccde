"""What each command does when all is well."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .test_mistakes import MODEL

Modelc = Callable[..., Any]


@pytest.fixture
def artifact(modelc: Modelc, workplace: Path) -> Path:
    """Compile a program with one data-dependent branch, and keep its dumps."""
    (workplace / "model.py").write_text(MODEL)
    finished = modelc("compile", "model.py", "-o", "model.modelc", "--dump-ir", "dumps")
    assert finished.status == 0, finished.stderr
    assert "wrote model.modelc" in finished.stdout
    return workplace / "model.modelc"


def test_run_compares_with_eager_and_covers_edges(modelc: Modelc, artifact: Path) -> None:
    finished = modelc("run", artifact, "--inputs", "model.py", "--compare")
    assert finished.status == 0, finished.stderr
    assert "2 of 2 calls agree with eager" in finished.stdout
    taken, total = finished.stdout.partition("edge coverage: ")[2].split("\n")[0].split(" of ")
    assert taken == total != "0"


def test_run_names_edges_that_no_input_took(modelc: Modelc, artifact: Path) -> None:
    Path("model.py").write_text(MODEL.replace(", (-torch.ones(2, 4),)", ""))
    finished = modelc("run", artifact, "--inputs", "model.py")
    assert finished.status == 0
    assert "call 0: torch.float32[2, 4]" in finished.stdout
    assert finished.stdout.count("not taken: ") >= 1


def test_run_fails_if_answers_differ(modelc: Modelc, artifact: Path) -> None:
    Path("model.py").write_text(MODEL.replace("return x * scale", "return x * scale + 1"))
    finished = modelc("run", artifact, "--inputs", "model.py", "--compare")
    assert finished.status == 1
    assert "0 of 2 calls agree" in finished.stdout and "DIFFERS" in finished.stdout


DOUBLE = "\n\ndef double(x):\n    return x * 2 if x.sum() > 0 else x\n"


def test_run_compares_with_the_program_that_was_compiled(modelc: Modelc, workplace: Path) -> None:
    (workplace / "model.py").write_text(MODEL + DOUBLE)
    assert modelc("compile", "model.py:double", "-o", "double.modelc").status == 0
    finished = modelc("run", "double.modelc", "--inputs", "model.py:inputs", "--compare")
    assert finished.status == 0, finished.stderr
    assert "2 of 2 calls agree with eager" in finished.stdout


def test_run_compares_with_the_program_that_is_named(modelc: Modelc, artifact: Path) -> None:
    Path("model.py").write_text(MODEL + DOUBLE)
    Path("other.py").write_text(MODEL)
    for program, agreeing in (("double", 1), ("build", 2), ("other.py", 2)):
        finished = modelc("run", artifact, "--inputs", "model.py", "--program", program)
        assert f"{agreeing} of 2 calls agree with eager" in finished.stdout, finished.stderr


def test_inspect_shows_what_is_inside(modelc: Modelc, artifact: Path) -> None:
    shown = modelc("inspect", artifact).stdout
    assert "program model" in shown and "input x: tensor<[2, 4], f32>" in shown
    assert "1 data-dependent choice\n" in shown
    assert "  input scale: 1.0 (frozen)\n  output tensor<[2, 4], f32>\n" in shown
    assert re.search(r"^sub-network @\S+ for onnxruntime, .*, 1 set of weights$", shown, re.M)
    assert "weights: 2 tensors, 80 bytes" in shown
    assert modelc("inspect", artifact, "--host").stdout.count("def ") >= 1
    assert "flowchart TD" in modelc("inspect", artifact, "--mermaid").stdout
    captured = modelc("inspect", artifact, "--ir", "captured").stdout
    assert "aten.addmm.default" in captured or "aten.linear.default" in captured
    assert modelc("inspect", artifact, "--ir", "outline").status == 1


def test_opt_runs_passes_on_every_dump(modelc: Modelc, artifact: Path) -> None:
    dumps = sorted(Path("dumps").glob("*.mc"))
    assert len(dumps) >= 5
    for dump in dumps:
        unchanged = modelc("opt", dump)
        assert unchanged.status == 0 and unchanged.stdout == dump.read_text()
        optimised = modelc("opt", dump, "-p", "canonicalize,fold,cse,dce")
        assert optimised.status == 0, optimised.stderr


def test_opt_finds_the_weights_beside_a_dump(modelc: Modelc, artifact: Path) -> None:
    assert Path("dumps/weights.safetensors").is_file()


def test_dumps_of_two_runs_are_byte_equal(modelc: Modelc, artifact: Path) -> None:
    assert modelc("compile", "model.py", "-o", "again.modelc", "--dump-ir", "again").status == 0
    first = {path.name: path.read_bytes() for path in Path("dumps").iterdir()}
    assert first == {path.name: path.read_bytes() for path in Path("again").iterdir()}


def test_examine_says_which_engine_runs_what(modelc: Modelc, artifact: Path) -> None:
    Path("model.modelc").unlink()
    finished = modelc("examine", "model.py")
    assert finished.status == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[0].startswith("partition: ") and "go to onnxruntime: the lowest bid" in lines[0]
    assert sum("goes to" in line or "go to" in line for line in lines) == 1
    assert re.fullmatch(
        r"compiles: \d+ sub-networks, \d+ for numpy and \d+ for onnxruntime", lines[-1]
    )
    assert not Path("model.modelc").exists()


SPECTRUM = """

class Spectrum(torch.nn.Module):
    def forward(self, x):
        return torch.fft.fft(x).abs() if x.sum() > 0 else torch.fft.fft(x * 2).abs()
"""


def test_examine_says_first_what_goes_elsewhere_and_why(modelc: Modelc, workplace: Path) -> None:
    (workplace / "model.py").write_text(MODEL + SPECTRUM)
    finished = modelc("examine", "model.py:Spectrum")
    assert finished.status == 0, finished.stderr
    lines = finished.stdout.splitlines()
    line = (MODEL + SPECTRUM).count("\n")
    assert re.match(
        rf".*model\.py:{line}:\d+: partition: aten\._fft.* goes to torch: not ", lines[0]
    )
    assert "torch" in lines[-1] and lines[-1].startswith("compiles: ")


@pytest.mark.parametrize(
    ("table", "row"),
    [("passes", "cse"), ("ops", "cf.cond_br"), ("targets", "cpu"), ("diagnostics", "MC0101")],
)
def test_list_prints_tables(modelc: Modelc, table: str, row: str) -> None:
    finished = modelc("list", table)
    assert finished.status == 0
    assert any(line.split()[0] == row for line in finished.stdout.splitlines())


def test_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "modelc", "list", "diagnostics"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "MC0101" in finished.stdout


def test_shows_its_version(modelc: Modelc) -> None:
    finished = modelc("--version")
    assert finished.status == 0
    assert re.fullmatch(r"modelc \d+\.\d+\S*\n", finished.stdout)


def test_options_have_long_forms(modelc: Modelc, artifact: Path) -> None:
    dump = next(Path("dumps").glob("00-*.mc"))
    assert modelc("opt", dump, "--pipeline", "cse", "--output", "cse.mc").status == 0
    assert Path("cse.mc").read_text().startswith("module @model")
    words = ["compile", "model.py", "--pipeline", "dce", "--output", "dce.modelc"]
    assert modelc(*words).status == 0 and Path("dce.modelc").is_file()


def test_dumps_have_the_mode_of_other_files(modelc: Modelc, artifact: Path) -> None:
    assert len({path.stat().st_mode for path in Path("dumps").iterdir()}) == 1


@pytest.mark.parametrize("name", ["copy.py", "queue.py"])
def test_a_file_may_be_called_like_a_module(name: str, modelc: Modelc, workplace: Path):
    (workplace / name).write_text(MODEL)
    assert modelc("compile", name, "-o", "model.modelc").status == 0
    assert modelc("run", "model.modelc", "--inputs", name, "--compare").status == 0


REFUSES = """
import torch


def program(x):
    if x.sum() < 0:
        raise ValueError(f"the sum is {x.sum().item():.1f}")
    return x * 2


inputs = [(torch.ones(2),), (-torch.ones(2),)]
"""


@pytest.mark.parametrize("options", [("-o", "p.modelc"), ("--target", "onnx", "-o", "p.onnx")])
def test_exceptions_of_the_program_are_what_it_does(
    options: tuple[str, ...], modelc: Modelc, workplace: Path
):
    (workplace / "p.py").write_text(REFUSES)
    assert modelc("compile", "p.py:program", "--inputs", "inputs", *options).status == 0
    ran = modelc("run", options[-1], "--inputs", "p.py")
    assert ran.status == 0
    assert "call 1: raises ValueError: the sum is -2.0" in ran.stdout
    compared = modelc("run", options[-1], "--inputs", "p.py", "--program", "program", "--compare")
    assert compared.status == 0
    assert "2 of 2 calls agree" in compared.stdout
