"""The help of a diagnostic works: the program that follows it compiles and agrees with eager."""

import pytest

from modelc.compiler.frontend import capture
from modelc.diagnostics import DiagnosticError

from ..programs.rewrites import REWRITES, Rewrite
from .captures import capture_program
from .comparison import difference
from .configurations import CONFIGURATIONS, tolerances
from .observation import observe

each_rewrite = pytest.mark.parametrize(
    "rewrite", REWRITES, ids=lambda rewrite: rewrite.refused.name
)


@each_rewrite
def test_refused_with_place_and_help(rewrite: Rewrite):
    wanted = rewrite.refused
    with pytest.raises(DiagnosticError) as caught:
        capture(wanted.build(), wanted.args, {}, name="refused")
    helps = {
        (found.code, place.file, place.line, place.column): found.help
        for found in caught.value.diagnostics
        if (place := found.location)
    }
    place = (wanted.code, wanted.file, wanted.line, wanted.column)
    assert rewrite.words in helps.get(place, ""), caught.value


@each_rewrite
def test_following_the_help_works(rewrite: Rewrite):
    program = rewrite.program
    captured = capture_program(program).captured
    run = CONFIGURATIONS["compiled"].prepare(program, captured)
    outcomes = observe(run, program.calls)
    for ours, theirs in zip(outcomes, observe(program.build(), program.calls), strict=True):
        assert not difference(ours, theirs, tolerances(program, "compiled"))


def test_the_likely_constructs_are_covered():
    assert len(REWRITES) >= 20
