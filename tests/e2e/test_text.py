"""The text form: reproducible, and the same after parsing."""

from collections.abc import Callable

import pytest

from modelc.ir.text import parse_module, print_module
from modelc.ir.verifier import check

from ..programs import PROGRAMS, Program
from .captures import CapturedProgram, capture_program
from .configurations import WHOLE_PIPELINE, passed
from .expected_failures import expected_failure

Capture = Callable[[Program], CapturedProgram]

CAPTURED = [program for program in PROGRAMS if not expected_failure(program.name, "captured")]
CAPTURED_TWICE = CAPTURED[::4]

each_program = pytest.mark.parametrize("program", CAPTURED, ids=lambda program: program.name)


@each_program
def test_print_of_parse_is_the_identity(program: Program, capture_once: Capture):
    text = print_module(capture_once(program).captured.module)
    parsed = parse_module(text)
    check(parsed)
    assert print_module(parsed) == text


@each_program
def test_print_of_parse_is_the_identity_when_outlined(program: Program, capture_once: Capture):
    text = print_module(passed(capture_once(program).captured, WHOLE_PIPELINE).module)
    assert print_module(parse_module(text)) == text


@pytest.mark.parametrize("program", CAPTURED_TWICE, ids=lambda program: program.name)
def test_two_captures_print_the_same(program: Program, capture_once: Capture):
    """Names, order and digests depend on the program only, not on addresses or earlier work."""
    again = capture_program(program).captured
    assert print_module(again.module) == print_module(capture_once(program).captured.module)
