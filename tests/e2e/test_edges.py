"""Calls take every edge of every capture, or the table says why they cannot."""

from collections.abc import Callable, Mapping

import pytest

from ..programs import PROGRAMS, Program
from .captures import CapturedProgram
from .coverage import cover
from .expected_failures import expected_failure
from .mistaken import CALL, mistaken_capture, two_decisions

Capture = Callable[[Program], CapturedProgram]

MAX_PERTURBED = 60

_OPEN = "not examined yet: inputs must be chosen that take the other strings"

UNCOVERED: Mapping[str, tuple[int, str]] = {
    "crops.AttendsToOnePlace": (1, "every step is within the memory"),
    "algorithms.BeamSearchOverTensors": (
        1,
        "dead: each candidate finishes or stays, and there are candidates while there are beams",
    ),
    "texts.NameSampler": (3, _OPEN),
    "texts.TranslationDecoder": (1, _OPEN),
    "texts.comparisons_with_constants": (1, _OPEN),
    "texts.greedy_ctc": (1, _OPEN),
    "texts.letter_that_is_missing": (2, _OPEN),
    "texts.letters_of_branches": (16, _OPEN),
    "texts.list_of_words": (1, _OPEN),
    "texts.methods": (2, _OPEN),
    "texts.more_words_than_versions": (6, _OPEN),
    "texts.none_or_a_word": (1, _OPEN),
    "texts.position_of_what_is_missing": (1, _OPEN),
    "texts.positions": (3, _OPEN),
    "texts.sentence": (1, _OPEN),
    "texts.strings_of_a_batch": (5, _OPEN),
    "texts.table_of_numbers": (2, _OPEN),
    "texts.words_without_marks": (1, _OPEN),
}
"""Program -> how many of its edges no input takes, and why."""

CAPTURED = [program for program in PROGRAMS if not expected_failure(program.name, "captured")]


@pytest.mark.parametrize("program", CAPTURED, ids=lambda program: program.name)
def test_every_edge_is_taken(program: Program, capture_once: Capture):
    missing, differences = cover(program, capture_once(program).captured, MAX_PERTURBED)
    count, _ = UNCOVERED.get(program.name, (0, ""))
    assert not differences
    assert len(missing) == count, sorted(missing)


def test_uncovered_edges_are_of_programs():
    assert set(UNCOVERED) <= {program.name for program in PROGRAMS}
    assert all(count > 0 and reason for count, reason in UNCOVERED.values())


MISTAKEN = Program("two_decisions", lambda: two_decisions, (CALL,))


def test_edges_that_the_calls_do_not_take_are_named():
    missing, differences = cover(MISTAKEN, mistaken_capture(), more=0)
    assert missing == {
        ("main^bb0", "main^next"),
        ("main^next", "main^ten"),
        ("main^ten", "main^end"),
        ("main^end", "main^return"),
    }
    assert not differences


def test_perturbed_calls_find_the_mistake():
    missing, differences = cover(MISTAKEN, mistaken_capture(), more=400)
    assert not missing
    assert differences
