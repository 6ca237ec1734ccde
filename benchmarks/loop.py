"""Measure a loop of a thousand steps: time per step, and what it allocates.

Each step is a product, a tanh and a test of the sum, on vectors of several widths. All peers run
in turn. Of modelc, the addresses of all tensors that its engines return are counted: memory of one
step is used again by the next but one, so that a few addresses serve all steps.
"""

import argparse
import json
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from dynamic import by_modelc, by_script, by_torch
from hand_split import OnnxRuntime
from interleave import Program, Spread, interleave, speedup
from presentation import environment, markdown
from torch import Tensor, nn

import modelc
from modelc.runtime.engines import Subnet, load_engine

ROOT = Path(__file__).parents[1]
STEPS = 1000


class Settle(nn.Module):
    """Steps until the sum is negative, which it never is, or there were a thousand."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 0
        while bool(x.sum() > -1000.0):
            x = torch.tanh(self.layer(x)) + 0.5
            steps += 1
            if steps == 1000:
                break
        return x, steps


class Step(nn.Module):
    """One step, and the sum behind it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.tanh(self.layer(x)) + 0.5
        return x, x.sum()


def by_hand(model: Settle, x: Tensor) -> Program:
    """Return the loop as a person writes it around one session with IO binding."""
    runtime = OnnxRuntime(1)
    step = runtime.part(Step(model.layer), x)

    def run(x: Tensor) -> tuple[Tensor, int]:
        steps, going, state = 0, float(x.sum()) > -1000.0, runtime.feed(x)
        while going:
            state, total = step(state)
            steps += 1
            going = runtime.item(total) > -1000.0 and steps < STEPS
        return runtime.read(state), steps

    return run


class Watching:
    """An engine; the addresses of all results are noted in `addresses`."""

    def __init__(self, name: str, addresses: list[int]) -> None:
        self.name = name
        self.engine = load_engine(name, 1)
        self.addresses = addresses

    def prepare(self, payload: bytes, constants: Any) -> Subnet:
        """Load a sub-network whose results are noted."""
        subnet = self.engine.prepare(payload, constants)

        def run(arguments: Any) -> Any:
            results = subnet(arguments)
            self.addresses += [result.__array_interface__["data"][0] for result in results]
            return results

        return run


@dataclass(frozen=True)
class Memory:
    """What a call of modelc returned between sub-networks, and at most held in traced memory."""

    tensors: int
    addresses: int
    peak_bytes: int


def memory_of(compiled: Any, x: Tensor) -> Memory:
    """Count what one call of the compiled loop allocates."""
    addresses: list[int] = []
    artifact = compiled.model.artifact
    model = modelc.Model(artifact, engine=lambda name: Watching(name, addresses))
    model(x)
    tensors, distinct = len(addresses), len(set(addresses))
    compiled(x)
    tracemalloc.start()
    compiled(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Memory(tensors, distinct, peak)


@dataclass(frozen=True)
class Result:
    """Microseconds per step and speed-up over eager of each peer, and the memory of modelc."""

    width: int
    microseconds: dict[str, float]
    speedups: dict[str, Spread]
    memory: Memory


@torch.no_grad()
def measure(width: int, rounds: int) -> Result:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: untyped
    model = Settle(width).eval().requires_grad_(False)
    inputs = [(torch.rand(1, width),) for _ in range(3)]
    make: dict[str, Callable[[], Program]] = {
        "eager": lambda: model,
        "torch.compile": lambda: by_torch(model, inputs, 1),
        "TorchScript": lambda: by_script(model, inputs, 1),
        "hand split": lambda: by_hand(model, *inputs[0]),
        "modelc": lambda: by_modelc(model, inputs, 1),
    }
    programs = {name: create() for name, create in make.items()}
    for program in programs.values():
        for args in inputs:
            torch.testing.assert_close(program(*args), model(*args), rtol=1e-4, atol=1e-4)
    with torch.inference_mode():
        times = interleave(programs, inputs, rounds)
    steps = {name: 1e6 * sorted(own)[len(own) // 2] / STEPS for name, own in times.items()}
    speedups = {name: speedup(times["eager"], own) for name, own in times.items()}
    return Result(width, steps, speedups, memory_of(programs["modelc"], *inputs[0]))


def table(results: list[Result]) -> str:
    names = list(results[0].microseconds)
    rows = [
        [
            str(result.width),
            *(f"{result.microseconds[name]:.1f}" for name in names),
            str(result.memory.tensors),
            str(result.memory.addresses),
        ]
        for result in results
    ]
    return markdown(["width", *(f"{n}, us" for n in names), "tensors", "in places"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--widths", nargs="+", type=int, default=[16, 64, 256], metavar="N")
    parser.add_argument("--rounds", type=int, default=9, help="runs of each input (9)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    results = [measure(width, chosen.rounds) for width in chosen.widths]
    chosen.output.mkdir(parents=True, exist_ok=True)
    content = {
        "environment": environment(),
        "steps": STEPS,
        "results": [asdict(result) for result in results],
    }
    (chosen.output / "loop.json").write_text(json.dumps(content, indent=2) + "\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
