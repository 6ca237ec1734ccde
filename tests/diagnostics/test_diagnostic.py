"""What a user reads: message, place, source line, caret, notes, help."""

import pickle
from pathlib import Path

import pytest

from modelc.diagnostics import CODES, Diagnostic, DiagnosticError, Location, Note, suggest

SOURCE = "def forward(self, x):\n    if x.sum() > 0:\n\treturn x\n"


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.py"
    path.write_text(SOURCE)
    return str(path)


def test_message_alone_is_one_line():
    assert Diagnostic("MC0001", "unknown target `gpu`").render() == (
        "error[MC0001]: unknown target `gpu`"
    )


def test_caret_is_under_the_span(model: str):
    location = Location(model, 2, 8, 15)
    text = Diagnostic("MC0102", "data is needed", location, label="a tensor").render()
    assert text.splitlines() == [
        f"{model}:2:8: error[MC0102]: data is needed",
        "    2 |     if x.sum() > 0:",
        "      |        ^^^^^^^ a tensor",
    ]


def test_caret_of_an_empty_span_is_one_wide(model: str):
    assert Diagnostic("MC0102", "here", Location(model, 1, 5, 5)).render().endswith("|     ^")


def test_caret_keeps_the_tabs_of_the_line(model: str):
    excerpt = Diagnostic("MC0102", "here", Location(model, 3, 2, 8)).render().splitlines()[1:]
    assert excerpt == ["    3 | \treturn x", "      | \t^^^^^^"]


@pytest.mark.parametrize("line", [0, 99])
def test_a_line_that_the_file_lacks_has_no_excerpt(model: str, line: int):
    text = Diagnostic("MC0102", "here", Location(model, line)).render()
    assert text == f"{model}:{line}:1: error[MC0102]: here"


def test_a_missing_file_has_no_excerpt():
    text = Diagnostic("MC0102", "here", Location("/nowhere/model.py", 3, 4)).render()
    assert text == "/nowhere/model.py:3:4: error[MC0102]: here"


def test_notes_have_their_own_places(model: str):
    notes = (Note("assigned here", Location(model, 1, 1, 4)), Note("and never again"))
    assert Diagnostic("MC0107", "`y` may be undefined", notes=notes).render().splitlines() == [
        "error[MC0107]: `y` may be undefined",
        f"{model}:1:1: note: assigned here",
        "    1 | def forward(self, x):",
        "      | ^^^",
        "  note: and never again",
    ]


def test_help_is_the_last_line(model: str):
    diagnostic = Diagnostic(
        "MC0001", "unknown target", Location(model, 1), notes=(Note("a note"),), help="try `cpu`"
    )
    assert diagnostic.render().splitlines()[-2:] == ["  note: a note", "  help: try `cpu`"]


def test_an_unknown_code_is_rejected():
    with pytest.raises(AssertionError, match="MC9999"):
        Diagnostic("MC9999", "no such code")


def test_an_error_carries_and_prints_all_diagnostics():
    first, second = (Diagnostic(code, CODES[code]) for code in ("MC0001", "MC0301"))
    error = DiagnosticError(first, second)
    assert error.diagnostics == (first, second)
    assert str(error) == f"{first.render()}\n\n{second.render()}"


def test_an_error_survives_the_way_between_processes():
    error = DiagnosticError(Diagnostic("MC0301", "unknown pass", Location("model.py", 1)))
    again = pickle.loads(pickle.dumps(error))
    assert again.diagnostics == error.diagnostics
    assert str(again) == str(error)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cnanonicalize", "did you mean canonicalize?"),
        ("cs", "did you mean cse?"),
        ("vectorize-all", "known are: canonicalize, cse, dce"),
    ],
)
def test_a_near_name_is_suggested(name: str, text: str):
    assert suggest(name, ["dce", "cse", "canonicalize"]) == text


def test_what_all_names_begin_with_makes_none_alike():
    assert suggest("%nope", ["%compare", "%x"]) == "known are: %compare, %x"
    assert suggest("%compar", ["%compare", "%x"]) == "did you mean %compare?"


def test_long_lists_of_names_are_cut():
    text = suggest("unlike", [f"v{number:02}" for number in range(30)])
    assert text.startswith("known are: v00, ") and text.endswith("v23 and 6 more")


def test_a_place_outside_of_files_shows_its_own_text():
    place = Location("<pipeline>", 1, 5, 8)
    text = Diagnostic("MC0301", "unknown", place, excerpt="cse,foo").render()
    assert text.splitlines()[1:] == ["    1 | cse,foo", "      |     ^^^"]
