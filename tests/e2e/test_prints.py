"""Compiled programs print what eager prints, in the same order."""

from collections.abc import Callable

import pytest

from ..programs import PROGRAMS, Program
from .captures import CapturedProgram
from .configurations import CONFIGURATIONS
from .observation import observe

Capture = Callable[[Program], CapturedProgram]
PRINTS = [name for name in CONFIGURATIONS if name != "onnx"]
"""No operator of ONNX prints: `explain` says that prints are dropped."""

PRINTING = [program for program in PROGRAMS if program.name.startswith("prints.")]


@pytest.mark.parametrize("configuration", PRINTS)
@pytest.mark.parametrize("program", PRINTING, ids=lambda program: program.name)
def test_prints_what_eager_prints(
    program: Program,
    configuration: str,
    capture_once: Capture,
    capsys: pytest.CaptureFixture[str],
):
    captured = capture_once(program).captured
    run = CONFIGURATIONS[configuration].prepare(program, captured)
    capsys.readouterr()
    observe(run, program.calls)
    ours = capsys.readouterr()
    observe(program.build(), program.calls)
    assert ours == capsys.readouterr()
