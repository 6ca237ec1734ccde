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

_RARE = "no perturbed input of this random network gets there"
_NEVER = "two conditions exclude each other"

UNCOVERED: Mapping[str, tuple[int, str]] = {
    "branches.Switch": (1, "the largest of three is never out of range"),
    "loops.EarlyExit": (1, _RARE),
    "lists.GreedyDecoder": (2, _RARE),
    "lists.appended_by_a_function": (1, _NEVER),
    "generators.Exits": (2, _RARE),
    "filters.filtered_by_a_lambda": (17, _NEVER),
    "filters.membership_and_equality": (4, _RARE),
    "filters.popped_to_the_end": (3, _NEVER),
    "filters.positions_of_values": (2, _NEVER),
    "filters.popped_by_data": (2, _RARE),
    "filters.layers_chosen_by_a_list": (1, _NEVER),
    "filters.BatchShrinksByComprehension": (5, _RARE),
    "algorithms.BeamSearch": (16, _RARE),
    "algorithms.BeamSearchOverTensors": (9, _RARE),
    "algorithms.greedy_suppression": (1, _NEVER),
    "algorithms.adaptive_steps": (2, _RARE),
    "algorithms.Pondering": (11, _RARE),
    "layers.Convolutional": (1, _RARE),
    "layers.MixtureOfExperts": (2, _RARE),
    "layers.Halting": (2, _RARE),
    "layers.Patience": (2, _RARE),
    "scalars.not_a_number_is_not_less": (1, _NEVER),
    "sizes.shrinks_in_a_loop": (2, "the values halve too fast for four rounds"),
    "sizes.BatchShrinks": (2, _RARE),
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
