"""A network with n gates compiles to O(n) blocks in O(n^1.5) time."""

import math
import statistics
import time

import pytest

from modelc.compiler.frontend import capture

from ..programs import instantiate
from ..programs.branches import GatedNetwork
from ..programs.case import normal

SIZES = (4, 8, 16, 32)
INPUT = normal(0, 1, 6)


def gated(blocks: int) -> GatedNetwork:
    return instantiate(lambda: GatedNetwork(blocks))


def blocks_of(gates: int) -> int:
    """Return how many blocks the capture of a network with `gates` gates has."""
    (func,) = capture(gated(gates), (INPUT,), {}, name="gated").module.host_funcs
    return len(func.body.blocks)


def seconds(gates: int) -> float:
    """Return the median time of three captures."""
    model, durations = gated(gates), list[float]()
    for _ in range(3):
        start = time.process_time()
        capture(model, (INPUT,), {}, name="gated")
        durations.append(time.process_time() - start)
    return statistics.median(durations)


def test_blocks_grow_linearly():
    counts = [blocks_of(gates) for gates in SIZES]
    per_gate = [
        (b - a) / (n - m) for a, b, m, n in zip(counts, counts[1:], SIZES, SIZES[1:], strict=False)
    ]
    assert len(set(per_gate)) == 1
    assert per_gate[0] <= 3


def test_time_grows_almost_linearly():
    """The exponent between the two larger sizes, which start-up costs blur least."""
    capture(gated(4), (INPUT,), {}, name="gated")  # fill torch's caches
    exponent = math.log(seconds(32) / seconds(8)) / math.log(32 / 8)
    assert exponent <= 1.5


@pytest.mark.parametrize("gates", SIZES)
def test_every_gate_is_one_decision(gates: int):
    (func,) = capture(gated(gates), (INPUT,), {}, name="gated").module.host_funcs
    assert sum(op.name == "cf.cond_br" for op in func.ops) == gates
