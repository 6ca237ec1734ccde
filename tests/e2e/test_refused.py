"""Programs that cannot be compiled are refused by code, line and column."""

import pytest

from modelc.compiler.frontend import capture
from modelc.diagnostics import DiagnosticError

from ..programs.refused import REFUSED, Refused
from .expected_failures import expected_failure


def cases() -> list[object]:
    marked: list[object] = []
    for program in REFUSED:
        reason = expected_failure(f"refused.{program.name}", "captured")
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        marked.append(pytest.param(program, id=program.name, marks=marks))
    return marked


@pytest.mark.parametrize("program", cases())
def test_refused_with_code_and_place(program: Refused):
    with pytest.raises(DiagnosticError) as caught:
        capture(program.build(), program.args, {}, name="refused")
    found = [
        (d.code, d.location.file, d.location.line, d.location.column)
        for d in caught.value.diagnostics
        if d.location
    ]
    assert (program.code, program.file, program.line, program.column) in found
    assert all(d.message and d.help for d in caught.value.diagnostics)


def test_all_reasons_at_once():
    """One compilation names every mistake it can find."""
    names = {program.name: program for program in REFUSED}
    codes = {program.code for program in names.values()}
    assert codes >= {"MC0101", "MC0102", "MC0104", "MC0105", "MC0106", "MC0107", "MC0108"}
