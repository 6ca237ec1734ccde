"""Measure what a call costs beyond its engine, on networks of trivial blocks.

Each network has gates in a row: a product of 8x8, a branch on its largest element, another product.
All its runs of ONNX Runtime sessions are recorded in one call and repeated in a plain loop, with
the same arguments: that is the engine's own time. Both are timed in turn. The table shows the
medians, and the straight line through the differences: so much for each call, and each run of a
sub-network.
"""

import argparse
import functools
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import modelc
from modelc.runtime.engines import Subnet, load_engine

WIDTH = 8


class Gates(nn.Module):
    """Gates in a row; which are taken depends on the input and on all gates before."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(count))
        self.second = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(count))

    def forward(self, x: Tensor) -> Tensor:
        for first, second in zip(self.first, self.second, strict=True):
            x = first(x).softmax(-1)
            if x.max() > 0.2:
                x = second(x).flip(-1).tanh()  # a flip is not computed in vain: this stays an arm
        return x


class Recorder:
    """An engine; what runs of sessions of ONNX Runtime are given is noted in `runs`."""

    def __init__(self, name: str, threads: int, runs: list[Callable[[], Any]]) -> None:
        self.name = name
        self.engine = load_engine(name, threads)
        self.runs = runs

    def prepare(self, payload: bytes, constants: Any) -> Subnet:
        """Load a sub-network whose runs are noted."""
        subnet: Any = self.engine.prepare(payload, constants)
        if self.name != "onnxruntime":
            return subnet
        run = subnet.__globals__["run"]  # of the session, as the engine calls it

        def noted(*arguments: Any) -> Any:
            self.runs.append(functools.partial(run, *arguments))
            return run(*arguments)

        subnet.__globals__["run"] = noted
        return subnet


@dataclass(frozen=True)
class Timing:
    """Microseconds of one network: with modelc, and of its sessions alone."""

    runs: int
    whole: float
    engine: float

    @property
    def overhead(self) -> float:
        return self.whole - self.engine


def microseconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return 1e6 * (time.perf_counter() - start)


def measure(count: int, rounds: int, threads: int) -> Timing:
    """Time a network with `count` gates."""
    torch.manual_seed(count)  # pyright: ignore[reportUnknownMemberType]: untyped
    x = torch.randn(1, WIDTH)
    compiled = modelc.compile(Gates(count).eval(), (x,), threads=threads, freeze=True)
    runs: list[Callable[[], Any]] = []
    modelc.Model(compiled.model.artifact, engine=lambda name: Recorder(name, threads, runs))(x)

    def engine() -> None:
        for run in runs:
            run()

    times = [(microseconds(lambda: compiled(x)), microseconds(engine)) for _ in range(rounds)]
    whole, alone = (statistics.median(column) for column in zip(*times, strict=True))
    return Timing(len(runs), whole, alone)


def table(timings: list[Timing]) -> str:
    """Return the timings as Markdown, and the line through them."""
    lines = ["| runs of sub-networks | whole, us | engine, us | beyond, us |", "|---:" * 4 + "|"]
    for timing in timings:
        shown = (f"{value:.1f}" for value in (timing.whole, timing.engine, timing.overhead))
        lines.append(f"| {timing.runs} | {' | '.join(shown)} |")
    slope, start = statistics.linear_regression(
        [timing.runs for timing in timings], [timing.overhead for timing in timings]
    )
    return "\n".join([*lines, "", f"{start:.1f} us per call and {slope:.2f} us per sub-network"])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gates", nargs="+", type=int, default=[1, 2, 4, 8, 16, 32], metavar="N")
    parser.add_argument("--rounds", type=int, default=2000, help="calls of each network (2000)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each sub-network (1)")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    print(table([measure(count, chosen.rounds, chosen.threads) for count in chosen.gates]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
