"""Locations print as places and know their callers."""

import pytest

from modelc.diagnostics import UNKNOWN, Location

OUTER = Location("model.py", 30, 5, 20, function="forward")
MIDDLE = Location("model.py", 20, 9, 12, function="stage", caller=OUTER)
INNER = Location("model.py", 10, 1, 4, function="gate", module_path="stages.0", caller=MIDDLE)


@pytest.mark.parametrize(
    ("location", "text"),
    [(INNER, "model.py:10:1"), (OUTER, "model.py:30:5"), (UNKNOWN, "<unknown>:0:1")],
)
def test_location_prints_file_line_and_column(location: Location, text: str):
    assert str(location) == text


def test_chain_runs_from_the_innermost_place_outwards():
    assert list(INNER.chain()) == [INNER, MIDDLE, OUTER]


def test_chain_of_a_place_without_caller_is_the_place():
    assert list(OUTER.chain()) == [OUTER]


def test_locations_are_values():
    assert Location("a.py", 1) == Location("a.py", 1)
    assert len({Location("a.py", 1), Location("a.py", 1), Location("a.py", 2)}) == 2
