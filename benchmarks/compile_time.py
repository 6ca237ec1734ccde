"""Measure how long the first call takes: modelc against torch.compile, cold and with their caches.

Each measurement is a process of its own, with a cache directory that is empty at first and kept
for a second process. The clock runs from the compile call to the result of the first call, after
torch and modelc were imported and the sample was built; what they import later counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from dynamic import PEERS, SAMPLES, load_sample
from presentation import environment, markdown

import modelc

ROOT = Path(__file__).parents[1]
MEASURED = ("torch.compile", "modelc")


@dataclass(frozen=True)
class Times:
    """Seconds until the first result, without anything cached, and in a second process."""

    cold: float
    cached: float


def first_call(peer: str, sample: str) -> float:
    """Return the seconds of compilation and first call, in this process."""
    loaded = load_sample(sample)
    model, inputs = loaded.build(), loaded.inputs()
    torch.set_num_threads(1)
    start = time.perf_counter()
    with torch.inference_mode():
        if peer == "modelc":
            program = modelc.compile(model, inputs[0], threads=1, freeze=True)
        else:
            program = PEERS[peer](model, inputs, 1)
        program(*inputs[0])
    return time.perf_counter() - start


def in_new_process(peer: str, sample: str, caches: str) -> float:
    """Return what `first_call` measures in a new process that keeps its caches in `caches`."""
    settings = {"TORCHINDUCTOR_CACHE_DIR": f"{caches}/inductor", "MODELC_CACHE": f"{caches}/modelc"}
    command = [sys.executable, __file__, "--child", peer, sample]
    result = subprocess.run(
        command, env={**os.environ, **settings}, check=True, capture_output=True, text=True
    )
    return float(result.stdout.splitlines()[-1])


def measure(peer: str, sample: str, rounds: int) -> Times:
    """Return the medians over `rounds` pairs of processes."""
    pairs: list[tuple[float, float]] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="compile-time-") as caches:
            cold = in_new_process(peer, sample, caches)
            pairs.append((cold, in_new_process(peer, sample, caches)))
    return Times(*(statistics.median(column) for column in zip(*pairs, strict=True)))


def table(results: dict[str, dict[str, Times]]) -> str:
    head = [
        "seconds to the first result",
        *(f"{p}, {k}" for p in MEASURED for k in ("cold", "cached")),
    ]
    rows = [
        [
            sample,
            *(f"{t:.1f}" for p in MEASURED for t in (times[p].cold, times[p].cached)),
            f"{times['torch.compile'].cold / times['modelc'].cold:.1f}x",
        ]
        for sample, times in results.items()
    ]
    return markdown([*head, "modelc, cold, is faster by"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", nargs="+", choices=SAMPLES, default=SAMPLES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of processes for each (3)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--child", nargs=2, metavar=("PEER", "SAMPLE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(first_call(*chosen.child))
        return 0
    results = {
        sample: {peer: measure(peer, sample, chosen.rounds) for peer in MEASURED}
        for sample in chosen.samples
    }
    shown = {
        sample: {peer: asdict(each) for peer, each in times.items()}
        for sample, times in results.items()
    }
    chosen.output.mkdir(parents=True, exist_ok=True)
    content = {"environment": environment(), "rounds": chosen.rounds, "results": shown}
    (chosen.output / "compile_time.json").write_text(json.dumps(content, indent=2) + "\n")
    print(table(results))
    slower = [s for s, t in results.items() if t["modelc"].cold >= t["torch.compile"].cold]
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
