"""The programs that the tests of the IR share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelc.ir import Module, parse_module

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(params=sorted(path.stem for path in PROGRAMS.glob("*.mc")))
def program_text(request: pytest.FixtureRequest) -> str:
    """The text of each program in turn."""
    return (PROGRAMS / f"{request.param}.mc").read_text()


@pytest.fixture
def read_program() -> Callable[[str], str]:
    """A function from the name of a program to its text."""
    return lambda name: (PROGRAMS / f"{name}.mc").read_text()


@pytest.fixture
def load() -> Callable[[str], Module]:
    """A function from the name of a program to the module."""
    return lambda name: parse_module((PROGRAMS / f"{name}.mc").read_text(), f"{name}.mc")
