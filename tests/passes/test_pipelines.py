"""Pipelines as text, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from modelc.diagnostics import Diagnostic, DiagnosticError
from modelc.passes import (
    DEFAULT_PIPELINE,
    LOWERING_PIPELINE,
    PASSES,
    load_pass,
    parse_pipeline,
    print_pipeline,
)
from modelc.passes.if_convert import IfConvert


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cse",
        "canonicalize,cse,if-convert{max-ops=8}",
        "if-convert{max-ops=3},fold{max-elements=16 rewrites-per-op=2},dce",
        "fold{rewrites-per-op=2 max-elements=16}",
        DEFAULT_PIPELINE,
        LOWERING_PIPELINE,
        ",".join(PASSES),
    ],
)
def test_text_is_kept(text: str):
    assert print_pipeline(parse_pipeline(text)) == text


def test_spaces_do_not_matter():
    text = " cse , if-convert { max-ops=3 } "
    assert print_pipeline(parse_pipeline(text)) == "cse,if-convert{max-ops=3}"


def test_options_that_differ_from_defaults_are_printed():
    assert str(IfConvert(max_ops=2)) == "if-convert{max-ops=2}"
    assert str(IfConvert()) == "if-convert"
    assert parse_pipeline("if-convert{max-ops=2}") == [IfConvert(max_ops=2)]


@pytest.mark.parametrize("name", PASSES)
def test_pass_documents_itself(name: str):
    cls = load_pass(name)
    lines = (cls.__doc__ or "").splitlines()
    assert cls.name == name
    assert lines[0].endswith(".")
    assert any(line.strip().startswith("Before:") for line in lines)
    assert any(line.strip().startswith("After:") for line in lines)


def mistakes(text: str) -> list[tuple[str, int, str, str]]:
    """Return code, column, message and help of everything said about the pipeline `text`."""
    with pytest.raises(DiagnosticError) as caught:
        parse_pipeline(text)
    return [_facts(diagnostic) for diagnostic in caught.value.diagnostics]


def _facts(diagnostic: Diagnostic) -> tuple[str, int, str, str]:
    place = diagnostic.location
    assert place is not None
    assert place.line == 1
    return diagnostic.code, place.column, diagnostic.message, diagnostic.help


def test_unknown_pass_names_near_ones():
    found = ("MC0301", 5, "there is no pass named 'canonicalise'", "did you mean canonicalize?")
    assert mistakes("cse,canonicalise") == [found]


def test_all_mistakes_are_named():
    assert [(code, column) for code, column, _, _ in mistakes("foo,cse{x=1},dce,bar")] == [
        ("MC0301", 1),
        ("MC0302", 5),
        ("MC0301", 18),
    ]


@pytest.mark.parametrize(
    ("text", "column", "message", "help"),
    [
        (
            "if-convert{max-op=1}",
            1,
            "pass if-convert has no option 'max-op'",
            "did you mean max-ops?",
        ),
        ("cse{max-ops=1}", 1, "pass cse has no option 'max-ops'", "it has no options"),
        (
            "if-convert{max-ops}",
            1,
            "option 'max-ops' of if-convert needs one value",
            "write if-convert{max-ops=value}",
        ),
        (
            "if-convert{max-ops=1 max-ops=2}",
            1,
            "option 'max-ops' of if-convert needs one value",
            "write if-convert{max-ops=value}",
        ),
        (
            "dce,if-convert{max-ops=many}",
            5,
            "if-convert: invalid literal for int() with base 10: 'many'",
            "if-convert has max-ops (int), max-nanoseconds (int)",
        ),
        (
            "cse,,dce",
            5,
            "cannot read the pipeline from ',dce' on",
            "write passes as name or name{option=value}, separated by commas",
        ),
        (
            "cse{",
            1,
            "cannot read the pipeline from 'cse{' on",
            "write passes as name or name{option=value}, separated by commas",
        ),
    ],
)
def test_malformed_options(text: str, column: int, message: str, help: str):
    assert mistakes(text) == [("MC0302", column, message, help)]
