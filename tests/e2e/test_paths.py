"""The path oracle: eager and capture agree on paths that no input takes."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ..programs import PROGRAMS, Program
from .captures import CapturedProgram
from .comparison import EXACT, difference
from .expected_failures import expected_failure
from .forced_programs import DECIDE_ON_TENSORS
from .mistaken import CALL, mistaken_capture, two_decisions
from .oracle import EndlessPath, paths, run_captured, run_eager

Capture = Callable[[Program], CapturedProgram]

MAX_PATHS = 64

CHOSEN = [
    program
    for program in PROGRAMS
    if program.name in DECIDE_ON_TENSORS and not expected_failure(program.name, "captured")
]


@pytest.mark.parametrize("program", CHOSEN, ids=lambda program: program.name)
def test_forced_paths_agree(program: Program, capture_once: Capture):
    captured, call = capture_once(program).captured, program.calls[0]
    prefixes = paths(lambda forced: run_eager(program.build(), call, forced)[1], MAX_PATHS)
    for forced in prefixes:
        expected, asked = run_eager(program.build(), call, forced)
        actual, answered = run_captured(captured, call, forced)
        assert answered.natural == asked.natural, forced
        if not isinstance(expected.error, EndlessPath):
            messages = not program.raises_like_torch
            assert not difference(actual, expected, EXACT, messages=messages), forced


def test_chosen_programs_exist():
    assert set(DECIDE_ON_TENSORS) <= {program.name for program in PROGRAMS}


def test_every_path_is_forced_once():
    results: set[float] = set()
    for forced in paths(lambda forced: run_eager(two_decisions, CALL, forced)[1], MAX_PATHS):
        outcome, decisions = run_eager(two_decisions, CALL, forced)
        assert tuple(decisions.taken[: len(forced)]) == forced
        results.add(float(torch.as_tensor(outcome.output)))
    assert results == {1.0, 11.0, 102.0, 112.0}


@pytest.mark.parametrize("forced", [(), (False,), (True, True), (False, True)])
def test_a_mistake_on_a_path_that_no_input_takes_is_found(forced: tuple[bool, ...]):
    expected, asked = run_eager(two_decisions, CALL, forced)
    actual, answered = run_captured(mistaken_capture(), CALL, forced)
    assert answered.natural == asked.natural
    assert bool(difference(actual, expected, EXACT)) == (True in forced[1:])


def test_paths_are_bounded():
    def never_ends(x: Tensor) -> Tensor:
        while x.sum() > 0:
            x = x + 1
        return x

    found = list(paths(lambda forced: run_eager(never_ends, CALL, forced)[1], MAX_PATHS))
    assert len(found) <= MAX_PATHS
    assert isinstance(run_eager(never_ends, CALL, ())[0].error, EndlessPath)
