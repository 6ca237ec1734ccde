"""Mistakes of users: each gives a code, a place, a help, and leaves nothing half-written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODEL = """\
import torch


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x, scale=1.0):
        if x.sum() > 0:
            x = self.linear(x).cumsum(1)
        return x * scale


def build():
    torch.manual_seed(0)
    return Gate().eval()


def inputs():
    return [(torch.ones(2, 4),), (-torch.ones(2, 4),)]


def wrong_dtype():
    return [(torch.ones(2, 4, dtype=torch.float64),)]


def wrong_rank():
    return [(torch.ones(2, 4, 1),)]


def missing():
    return [{"scale": 1.0}]
"""

Modelc = Callable[..., Any]


@pytest.fixture
def model(workplace: Path) -> Path:
    """Write a program with one data-dependent branch."""
    path = workplace / "model.py"
    path.write_text(MODEL)
    return path


@pytest.fixture
def artifact(modelc: Modelc, model: Path) -> Path:
    """Compile it."""
    path = model.with_suffix(".modelc")
    finished = modelc("compile", model, "-o", path)
    assert finished.status == 0, finished.stderr
    return path


def codes(text: str) -> list[str]:
    """Return the diagnostic codes in a text."""
    return re.findall(r"error\[(MC\d{4})\]", text)


def test_refuses_an_unsupported_construct(modelc: Modelc, workplace: Path) -> None:
    model = workplace / "model.py"
    model.write_text(MODEL.replace("        return x * scale", "        async def inner(): ..."))
    finished = modelc("compile", model, "-o", workplace / "out.modelc")
    assert finished.status == 1
    assert "model.py:12:9: error[MC0101]" in finished.stderr
    assert "   12 |         async def inner(): ...\n      |         ^^^^^" in finished.stderr
    assert "help: " in finished.stderr
    assert sorted(path.name for path in workplace.iterdir() if path.is_file()) == ["model.py"]


@pytest.mark.parametrize(
    ("inputs", "expected", "given"),
    [
        ("wrong_dtype", "f32", "f64"),
        ("wrong_rank", "[2, 4]", "[2, 4, 1]"),
        ("missing", "x", "x"),
    ],
)
def test_refuses_inputs_that_do_not_fit(
    modelc: Modelc, artifact: Path, inputs: str, expected: str, given: str
) -> None:
    finished = modelc("run", artifact, "--inputs", f"model.py:{inputs}")
    assert finished.status == 1
    line = MODEL[: MODEL.index(f"def {inputs}")].count("\n") + 1
    assert f"model.py:{line}:1: error[MC0501]" in finished.stderr
    assert f"{line} | def {inputs}():\n      | ^^^" in finished.stderr
    assert "inputs of call 0" in finished.stderr
    assert expected in finished.stderr and given in finished.stderr
    assert "help: " in finished.stderr


def test_names_passes_that_may_be_meant(modelc: Modelc, workplace: Path) -> None:
    (workplace / "a.mc").write_text("module @m {level = captured} {\n}\n")
    finished = modelc("opt", "a.mc", "-p", "cse,canonicalise")
    assert finished.status == 1 and finished.stdout == ""
    assert "<pipeline>:1:5: error[MC0301]" in finished.stderr
    assert "    1 | cse,canonicalise\n      |     ^^^^^^^^^^^^\n" in finished.stderr
    assert "canonicalize" in finished.stderr


def test_names_targets_that_may_be_meant(modelc: Modelc, model: Path) -> None:
    finished = modelc("compile", model, "--target", "cpuu", "-o", "out.modelc")
    assert finished.status == 1
    assert "<target>:1:1: error[MC0001]" in finished.stderr
    assert "    1 | cpuu\n      | ^^^^\n" in finished.stderr
    assert "did you mean cpu" in finished.stderr
    assert not Path("out.modelc").exists()


def test_points_at_the_mistake_in_an_ir_file(modelc: Modelc, workplace: Path) -> None:
    (workplace / "broken.mc").write_text(
        "module @m {level = captured} {\n  host fun @main() {}\n}\n"
    )
    finished = modelc("opt", "broken.mc", "-o", "out.mc")
    assert finished.status == 1
    assert "broken.mc:2:8: error[MC0201]" in finished.stderr
    assert "    2 |   host fun @main() {}\n      |        ^" in finished.stderr
    assert not Path("out.mc").exists()


def test_refuses_a_truncated_artifact(modelc: Modelc, artifact: Path) -> None:
    data = artifact.read_bytes()
    artifact.write_bytes(data[: len(data) // 2])
    finished = modelc("run", artifact, "--inputs", "model.py")
    assert finished.status == 1
    assert codes(finished.stderr) == ["MC0502"]
    assert artifact.name in finished.stderr and "help: " in finished.stderr


def test_refuses_an_artifact_of_another_schema(modelc: Modelc, model: Path) -> None:
    folder = model.with_suffix(".modelc")
    assert modelc("compile", model, "-o", folder, "--directory").status == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["schema"] = 999
    (folder / "manifest.json").write_text(json.dumps(manifest))
    finished = modelc("run", folder, "--inputs", "model.py")
    assert finished.status == 1
    assert codes(finished.stderr) == ["MC0503"]
    assert "999" in finished.stderr and "help: " in finished.stderr


def test_refuses_a_program_that_needs_data(modelc: Modelc, workplace: Path) -> None:
    model = workplace / "model.py"
    model.write_text(MODEL.replace("return x * scale", 'return getattr(x, f"{int(x[0, 0])}")'))
    finished = modelc("compile", model, "-o", "out.modelc")
    assert finished.status == 1
    assert "model.py:12:27: error[MC0102]" in finished.stderr
    assert "help: " in finished.stderr
    assert not Path("out.modelc").exists()


def test_reports_a_file_that_does_not_load(modelc: Modelc, workplace: Path) -> None:
    (workplace / "model.py").write_text("import torch\n\nlayer = torch.nn.Linear(4)\n")
    finished = modelc("compile", "model.py")
    assert finished.status == 1
    assert "model.py:3:9: error[MC0002]" in finished.stderr
    assert "3 | layer = torch.nn.Linear(4)\n      |         ^^^^^^" in finished.stderr


def test_reports_missing_example_inputs(modelc: Modelc, workplace: Path) -> None:
    (workplace / "model.py").write_text(MODEL.replace("def inputs", "def examples"))
    finished = modelc("compile", "model.py")
    assert finished.status == 1
    assert "error[MC0003]: model.py has no example inputs named 'inputs'" in finished.stderr
    assert "help: define `def inputs() -> list[tuple]`, or name others with" in finished.stderr
    assert modelc("compile", "model.py", "--inputs", "examples").status == 0


def test_reports_all_reasons_at_once(modelc: Modelc, workplace: Path) -> None:
    model = workplace / "model.py"
    body = "        async def inner(): ...\n        raise"
    model.write_text(MODEL.replace("        return x * scale", body))
    finished = modelc("examine", model)
    assert finished.status == 1
    assert "model.py:12:9: error[MC0101]" in finished.stderr
    assert re.search(r"model\.py:13:\d+: error\[MC0101\]", finished.stderr)


@pytest.mark.parametrize(
    ("path", "advice"),
    [("missing/a.mc", "make the directory missing first"), ("folder", "give another name")],
)
def test_says_where_it_cannot_write(
    modelc: Modelc, workplace: Path, path: str, advice: str
) -> None:
    (workplace / "a.mc").write_text("module @m {level = captured} {\n}\n")
    (workplace / "folder").mkdir()
    finished = modelc("opt", "a.mc", "-o", path)
    assert finished.status == 1
    assert codes(finished.stderr) == ["MC0505"]
    assert f"cannot write {path}: " in finished.stderr and advice in finished.stderr


INPUTS = {
    "number": "number = 5",
    "table": "table = {'x': 1}",
    "text": "def text(): return 'x'",
    "array": "array = torch.ones(2, 2, 4)",
    "nothing": "nothing = []",
}


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ("number", "is an int, not a list of inputs"),
        ("table", "is a dict, not a list of inputs"),
        ("text", "is a str, not a list of inputs"),
        ("array", "is a Tensor, not a list of inputs"),
        ("nothing", "is empty"),
    ],
)
def test_points_at_inputs_that_are_no_list(
    modelc: Modelc, model: Path, inputs: str, problem: str
) -> None:
    model.write_text(MODEL + "\n\n" + "\n".join(INPUTS.values()) + "\n")
    line = MODEL.count("\n") + 3 + list(INPUTS).index(inputs)
    finished = modelc("compile", "model.py", "--inputs", inputs)
    assert finished.status == 1
    assert f"model.py:{line}:1: error[MC0003]: '{inputs}' of model.py {problem}" in finished.stderr
    assert "help: let it be a list, or a function that returns one" in finished.stderr


def test_points_at_what_raises_in_the_inputs(modelc: Modelc, model: Path) -> None:
    model.write_text(MODEL + "\n\ndef broken():\n    return [1 / 0]\n")
    finished = modelc("compile", "model.py", "--inputs", "broken")
    line = MODEL.count("\n") + 4
    assert f"model.py:{line}:13: error[MC0002]: broken() of model.py raises" in finished.stderr


def test_names_inputs_and_programs_that_may_be_meant(modelc: Modelc, model: Path) -> None:
    for words, code, meant in (
        (["model.py", "--inputs", "wrong_rang"], "MC0003", "wrong_rank"),
        (["model.py:Gatte"], "MC0002", "Gate"),
    ):
        finished = modelc("compile", *words)
        assert finished.status == 1 and codes(finished.stderr) == [code]
        assert f"help: did you mean {meant}" in finished.stderr


def test_refuses_what_is_no_program(modelc: Modelc, model: Path) -> None:
    model.write_text(MODEL + "\n\nwidth = 4\n")
    finished = modelc("compile", "model.py:width")
    line = MODEL.count("\n") + 3
    assert f"model.py:{line}:1: error[MC0002]: width of model.py is a int" in finished.stderr
    assert "help: define `def build()`" in finished.stderr


def test_names_stages_that_may_be_meant(modelc: Modelc, artifact: Path) -> None:
    finished = modelc("inspect", artifact, "--ir", "outline")
    assert finished.status == 1 and codes(finished.stderr) == ["MC0006"]
    assert "did you mean outlined?" in finished.stderr


def test_says_how_to_get_what_is_not_there(modelc: Modelc, artifact: Path) -> None:
    Path("empty").mkdir()
    for words, code, message, advice in (
        (["opt", artifact], "MC0002", f"cannot read {artifact}: it is no text", "modelc inspect"),
        (["opt", "no.mc"], "MC0002", "cannot read no.mc: No such file", "--dump-ir"),
        (["inspect", "no.modelc"], "MC0506", "no artifact at no.modelc", "modelc compile"),
        (["inspect", "empty"], "MC0506", "no artifact in empty", "modelc compile"),
    ):
        finished = modelc(*words)
        assert finished.status == 1
        assert f"error[{code}]: " in finished.stderr and message in finished.stderr
        assert advice in finished.stderr.partition("help: ")[2]


def test_says_how_to_name_the_program_to_compare_with(modelc: Modelc, artifact: Path) -> None:
    Path("other.py").write_text("def inputs(): return [(1,)]\n")
    finished = modelc("run", artifact, "--inputs", "other.py", "--compare")
    assert finished.status == 1
    assert "error[MC0002]: other.py has no 'build'" in finished.stderr
    assert "help: name the program with --program [FILE.py:]NAME" in finished.stderr


def test_points_at_the_first_wrong_type_in_an_ir_file(modelc: Modelc, workplace: Path) -> None:
    assert (workplace / "model.py").write_text(MODEL)
    assert modelc("compile", "model.py", "--dump-ir", "ir").status == 0
    (dump,) = Path("ir").glob("00-*.mc")
    lines = dump.read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if "aten.sum.default" in line)
    lines[number] = lines[number].replace("tensor<[], f32>", "tensor<[2], f32>")
    Path("wrong.mc").write_text("\n".join(lines) + "\n")
    finished = modelc("opt", "wrong.mc")
    assert finished.status == 1
    column = lines[number].index("aten.sum") + 1
    assert finished.stderr.startswith(f"wrong.mc:{number + 1}:{column}: error[MC0203]")
    assert "has a result of type tensor<[2], f32>, not tensor<[], f32>" in finished.stderr


DESCENT = """
import random

def descend(x, depth=12):
    if depth == 0:
        return x * random.random()
    return descend(x, depth - 1)

def inputs():
    return [(1.0,)]
"""


def test_counts_calls_from_one_place(modelc: Modelc, workplace: Path) -> None:
    (workplace / "model.py").write_text(DESCENT)
    finished = modelc("compile", "model.py:descend")
    assert finished.status == 1
    assert "model.py:6:20: error[MC0105]" in finished.stderr
    assert finished.stderr.count("note: in the call of `descend`") == 1
    assert "model.py:7:12: note: in the call of `descend`, 12 times\n" in finished.stderr


def test_names_tables_that_may_be_meant(modelc: Modelc) -> None:
    finished = modelc("list", "pass")
    assert finished.status == 1
    assert "<table>:1:1: error[MC0007]: there is no table 'pass'" in finished.stderr
    assert "    1 | pass\n      | ^^^^\n  help: did you mean passes?" in finished.stderr
