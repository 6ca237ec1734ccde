"""The reference pages are what the code would write today."""

from pathlib import Path

import pytest

from modelc.compiler.reference import PAGES, write_pages

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str):
    assert (REFERENCE / name).read_text() == PAGES[name](), f"{name} is stale: run `make docs`"


def test_no_page_is_orphaned():
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_pages_are_written_where_asked(tmp_path: Path):
    write_pages(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(PAGES)


def test_a_bar_in_a_cell_does_not_end_it():
    # The table of codes has no bar yet; a page that loses a column would be noticed by nobody.
    rows = [line for line in PAGES["diagnostics.md"]().splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {3}
