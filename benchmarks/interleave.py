"""Time several programs on the same inputs, in turn: drift of the machine hits all alike."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Program = Callable[..., Any]
Inputs = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Spread:
    """Median, 10th and 90th percentile of a sample of numbers."""

    median: float
    p10: float
    p90: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        deciles = statistics.quantiles(values, n=10, method="inclusive")
        return Spread(statistics.median(values), deciles[0], deciles[8])


def seconds(program: Program, args: tuple[Any, ...]) -> float:
    start = time.perf_counter()
    program(*args)
    return time.perf_counter() - start


def interleave(programs: dict[str, Program], inputs: Inputs, rounds: int) -> dict[str, list[float]]:
    """Return the median time in seconds of each program for each input.

    In each round every program runs on every input; who begins changes from call to call.
    """
    names = list(programs)
    times: dict[str, list[list[float]]] = {name: [[] for _ in inputs] for name in names}
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for index, args in enumerate(inputs):
                first = (turn + index) % len(names)
                for name in names[first:] + names[:first]:
                    times[name][index].append(seconds(programs[name], args))
    finally:
        gc.enable()
    return {name: [statistics.median(runs) for runs in times[name]] for name in names}


def speedup(reference: Sequence[float], times: Sequence[float]) -> Spread:
    """Return the spread over the inputs of reference time / time; more than 1 is faster."""
    return Spread.of([base / own for base, own in zip(reference, times, strict=True)])
