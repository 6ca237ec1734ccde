"""Every program in every configuration does what it does in eager PyTorch."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..programs import PROGRAMS, Program
from ..programs.refused import REFUSED
from .captures import CapturedProgram
from .comparison import difference
from .configurations import CONFIGURATIONS, OTHER_KERNELS, tolerances
from .expected_failures import EVERYWHERE, EXPECTED_FAILURES, expected_failure
from .observation import Outcome, observe

Capture = Callable[[Program], CapturedProgram]


def cases() -> Iterator[Any]:
    """Yield every program with every configuration; those that are known to fail must fail."""
    for program in PROGRAMS:
        for name in CONFIGURATIONS:
            reason = expected_failure(program.name, name)
            mark = pytest.mark.xfail(reason=reason, strict=True)
            marks = [mark] if reason else []
            yield pytest.param(program, name, id=f"{program.name}-{name}", marks=marks)


def differences(program: Program, actual: list[Outcome], configuration: str) -> str:
    """Return a line for each call in which `actual` differs from eager."""
    expected = observe(program.build(), program.calls)
    messages = not program.raises_like_torch
    found = [
        difference(ours, theirs, tolerances(program, configuration), messages=messages)
        for ours, theirs in zip(actual, expected, strict=True)
    ]
    return "\n".join(f"call {number}: {text}" for number, text in enumerate(found) if text)


@pytest.mark.parametrize(("program", "configuration"), list(cases()))
def test_agrees_with_eager(program: Program, configuration: str, capture_once: Capture):
    captured = capture_once(program).captured
    run = CONFIGURATIONS[configuration].prepare(program, captured)
    assert not differences(program, observe(run, program.calls), configuration)


def test_expected_failures_name_programs_and_configurations():
    names = {program.name for program in PROGRAMS}
    refused = {f"refused.{program.name}" for program in REFUSED}
    assert {name for name, _ in EXPECTED_FAILURES} <= names | refused | {"samples.tree_lstm"}
    assert set(OTHER_KERNELS) <= names
    assert {place for _, place in EXPECTED_FAILURES} <= {*CONFIGURATIONS, EVERYWHERE, "alone"}


def test_programs_have_names_of_their_own():
    names = [program.name for program in PROGRAMS]
    assert len(names) >= 70
    assert len(set(names)) == len(names)
