"""Capture each program once for all tests."""

import functools
from collections.abc import Callable, Iterator

import pytest
import torch

from ..programs import PROGRAMS, Program
from .captures import CapturedProgram, capture_program

_BY_NAME = {program.name: program for program in PROGRAMS}


@functools.cache
def _captured(name: str) -> CapturedProgram | Exception:
    try:
        return capture_program(_BY_NAME[name])
    except Exception as error:  # the same for every test of the program
        return error


def _capture_once(program: Program) -> CapturedProgram:
    found = _captured(program.name)
    if isinstance(found, Exception):
        raise found
    return found


@pytest.fixture(scope="session")
def capture_once() -> Callable[[Program], CapturedProgram]:
    """Return the function that captures a program when it is first asked for it."""
    return _capture_once


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Sums must not depend on how many cores are at hand."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
