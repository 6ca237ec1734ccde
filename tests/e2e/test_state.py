"""State between calls: what cells hold, and that capturing changes nothing."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from modelc.ir.reference import Interpreter

from ..programs import PROGRAMS, Call, Program
from .captures import CapturedProgram
from .comparison import EXACT, difference
from .expected_failures import expected_failure
from .observation import Outcome, observe

Capture = Callable[[Program], CapturedProgram]

CAPTURED = [program for program in PROGRAMS if not expected_failure(program.name, "captured")]
STATEFUL = [program for program in CAPTURED if program.name.startswith("state.")]

each_stateful = pytest.mark.parametrize("program", STATEFUL, ids=lambda program: program.name)


def attribute(root: Any, path: str) -> Any:
    """Return what `path` names below `root`."""
    for name, item in re.findall(r"([^.\[]+)|\[('[^']*'|\d+)\]", path):
        found = getattr(root, name, None) if name else _item(root, ast.literal_eval(item))
        root = found
    return root


def _item(container: Any, key: Any) -> Any:
    """Return an item, None if there is none."""
    try:
        return container[key]
    except (LookupError, TypeError):
        return None


def value(found: Any) -> Outcome:
    """Return the outcome of a call that returns `found`."""
    return Outcome(found, None, Call(()))


def alone() -> Iterator[Any]:
    """Yield the programs, marked where it is known that the capture leaves something behind."""
    for program in CAPTURED:
        reason = expected_failure(program.name, "alone")
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        yield pytest.param(program, id=program.name, marks=marks)


@each_stateful
def test_cells_hold_what_eager_keeps(program: Program, capture_once: Capture):
    captured = capture_once(program).captured
    interpreter, eager = Interpreter(captured.module, captured.weights), program.build()
    assert captured.module.cells
    for call in program.calls:
        observe(eager, [call])
        observe(interpreter.run, [call])
        named = {s: cell for s, cell in captured.module.cells.items() if cell.path}
        for symbol, cell in named.items():
            ours, theirs = interpreter.cells[symbol], attribute(eager, cell.path)
            assert not difference(value(ours), value(theirs), EXACT), cell.path


@each_stateful
def test_reset_starts_again(program: Program, capture_once: Capture):
    captured = capture_once(program).captured
    interpreter = Interpreter(captured.module, captured.weights)
    first = observe(interpreter.run, program.calls)
    interpreter.reset()
    for again, before in zip(observe(interpreter.run, program.calls), first, strict=True):
        assert not difference(again, before, EXACT)


@pytest.mark.parametrize("program", list(alone()))
def test_capture_leaves_the_program_alone(program: Program, capture_once: Capture):
    """H17: no wrapper, no fake tensor, no changed state or setting stays behind."""
    made = capture_once(program)
    assert made.after == made.before
