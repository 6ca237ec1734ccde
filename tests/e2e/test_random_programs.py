"""Random programs do compiled what they do in eager; a failure shrinks to a small program.

A failure prints the statements of a program: put them into `tests/programs`, as a program of its
own. `make nightly` runs twenty times as many, with another seed each time.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings

from modelc.diagnostics import DiagnosticError

from ..programs import Program
from .captures import CapturedProgram, capture_program
from .comparison import difference
from .configurations import CONFIGURATIONS
from .observation import Outcome, observe
from .random_programs import BODIES, program, source

PARTS = 4

COMPILED_SHARE = 5
"""One program in so many is compiled; all run in the reference interpreter."""

HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

WANTED = {
    *(
        ast.If,
        ast.For,
        ast.While,
        ast.Try,
        ast.Match,
        ast.With,
        ast.Break,
        ast.Continue,
        ast.Return,
    ),
    *(ast.Raise, ast.Assert, ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.GeneratorExp),
    *(ast.Nonlocal, ast.Starred, ast.Slice, ast.AugAssign, ast.Dict),
}
"""Kinds of statements and expressions that programs must have."""

RAISED_BY_PROGRAMS = (ValueError, AssertionError)
"""What the programs raise themselves; torch words the messages of its own errors."""


@pytest.mark.parametrize("part", range(PARTS))
def test_random_programs_agree_with_eager(part: int, request: pytest.FixtureRequest):
    options: Any = request.config.option
    count: int = options.random_programs // PARTS
    first: int = options.random_seed
    outcomes: Counter[str] = Counter()

    def check(body: list[str]) -> None:
        note(source(body))
        outcomes[_check(program(body), compiled=sum(outcomes.values()) % COMPILED_SHARE == 0)] += 1

    limits = settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=HEALTH
    )
    limits(seed(first * PARTS + part)(given(BODIES)(check)))()
    assert outcomes["refused"] * 2 < count, "too many programs are refused to tell anything"


def _check(random: Program, *, compiled: bool) -> str:
    """Return "refused" or "equal"; AssertionError if `random` gives another answer than eager."""
    expected = observe(random.build(), random.calls)
    try:
        made = capture_program(random)
    except DiagnosticError:
        return "refused"
    assert made.after == made.before
    for configuration in ["captured", "compiled"][: 1 + compiled]:
        _compare(random, made, expected, configuration)
    return "equal"


def _compare(
    random: Program, made: CapturedProgram, expected: list[Outcome], configuration: str
) -> None:
    way = CONFIGURATIONS[configuration]
    actual = observe(way.prepare(random, made.captured), random.calls)
    for number, (ours, theirs) in enumerate(zip(actual, expected, strict=True)):
        messages = isinstance(theirs.error, RAISED_BY_PROGRAMS)
        text = difference(ours, theirs, way.tolerances, messages=messages)
        assert not text, f"{configuration}, call {number}: {text}"


def test_what_people_write_is_drawn():
    """No kind of statement or expression gets lost among the others."""
    found: set[type[ast.AST]] = set()

    def collect(body: list[str]) -> None:
        found.update(type(node) for node in ast.walk(ast.parse(source(body))))

    limits = settings(max_examples=60, deadline=None, database=None, suppress_health_check=HEALTH)
    for number in range(8):
        if not found >= WANTED:
            limits(seed(number)(given(BODIES)(collect)))()
    assert found >= WANTED, WANTED - found
