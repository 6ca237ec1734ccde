"""The benchmark of the host's overhead: it repeats every run of a session, and nothing else."""

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("overhead")


def test_times_the_whole_and_its_sessions(bench: ModuleType):
    timing = bench.measure(3, rounds=2, threads=1)
    assert 2 <= timing.runs <= 7
    assert timing.engine > 0


def test_fits_a_line_through_the_overheads(bench: ModuleType):
    timings = [bench.Timing(runs, 20.0 + 5 * runs, 10.0 + 3 * runs) for runs in (1, 2, 5)]
    lines = bench.table(timings).splitlines()
    assert lines[2] == "| 1 | 25.0 | 13.0 | 12.0 |"
    assert lines[-1] == "10.0 us per call and 2.00 us per sub-network"
