"""Measure the samples: eager PyTorch, its compilers, splits by hand, and modelc, on all paths.

All peers run in one process with the same number of threads, in turn on each input, after two
warm-up runs on every input, in which their results are compared with eager's. The first table
shows, for each sample, the median over its inputs of eager time / peer time, and the 10th and 90th
percentile; the second one compares modelc with the fastest peer that is right and with the split
by hand; the third one shows how long each peer took until it had run on all inputs.
"""

import argparse
import importlib.util
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from hand_split import SPLITS, AotInductor, OnnxRuntime, Runtime
from interleave import Inputs, Program, Spread, interleave, speedup
from presentation import (
    Peer,
    Result,
    comparison_table,
    preparation_table,
    table,
    write_json,
    write_plot,
)
from torch import nn

import modelc

ROOT = Path(__file__).parents[1]
SAMPLES = sorted(path.stem for path in (ROOT / "samples").glob("*.py") if path.stem != "report")
RTOL, ATOL = 1e-4, 1e-5  # float32, rounding of different kernels


def load_sample(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "samples" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Unavailable(Exception):
    """There is no such peer for a sample."""


def by_torch(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    torch.compiler.reset()
    return torch.compile(model)  # pyright: ignore[reportUnknownMemberType]: partly untyped


def by_autotuning(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    torch.compiler.reset()
    return torch.compile(model, mode="max-autotune")  # pyright: ignore[reportUnknownMemberType]


def by_script(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    return frozen(lambda script: script.script(model))


def by_trace(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    return frozen(lambda script: script.trace(model, inputs[0], strict=False))


def frozen(make: Callable[[Any], Any]) -> Program:
    """Return what `make` makes with TorchScript, optimised for inference."""
    script: Any = torch.jit  # untyped
    with warnings.catch_warnings():  # of its age, and of branches that a trace does not see
        warnings.simplefilter("ignore")
        with torch.inference_mode(False), torch.no_grad():
            return script.freeze(make(script))


def by_hand(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    return split_by_hand(model, OnnxRuntime(threads))


def by_hand_with_inductor(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    return split_by_hand(model, AotInductor())


def split_by_hand(model: nn.Module, runtime: Runtime) -> Program:
    """Return the split of a sample, which is told by its module."""
    split = SPLITS.get(type(model).__module__)
    if split is None:
        raise Unavailable("not written")
    return split(model, runtime)


def by_modelc(model: nn.Module, inputs: Inputs, threads: int) -> Program:
    return modelc.compile(model, inputs[0], threads=threads, freeze=True, cache=False)


PEERS: dict[str, Callable[[nn.Module, Inputs, int], Program]] = {
    "torch.compile": by_torch,
    "max-autotune": by_autotuning,
    "TorchScript": by_script,
    "trace": by_trace,
    "hand split": by_hand,
    "AOTInductor": by_hand_with_inductor,
    "modelc": by_modelc,
}


def check_and_warm_up(program: Program, model: nn.Module, inputs: Inputs) -> None:
    """Run `program` twice on each input; raise AssertionError where it differs from `model`."""
    for _ in range(2):
        for args in inputs:
            torch.testing.assert_close(program(*args), model(*args), rtol=RTOL, atol=ATOL)


@contextmanager
def limited(seconds: int) -> Generator[None]:
    """Raise TimeoutError in the main thread after so many seconds."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def prepare(
    name: str, model: nn.Module, inputs: Inputs, threads: int, limit: int
) -> tuple[Peer, Program]:
    """Compile `model` with peer `name`; a failure is kept in the peer, as a result of its own."""
    start = time.perf_counter()
    peer, program = Peer(), model
    try:
        with limited(limit):
            program = PEERS[name](model, inputs, threads)
            check_and_warm_up(program, model, inputs)
    except AssertionError as error:
        peer.failure = f"wrong answer: {error}"
    except Unavailable as error:
        peer.failure = str(error)
    except Exception as error:  # whatever a peer raises is its result, not the end of the run
        peer.failure = f"{type(error).__name__}: {error}"
    peer.prepare_seconds = time.perf_counter() - start
    return peer, program


@torch.inference_mode()
def measure(name: str, peers: list[str], rounds: int, threads: int, limit: int) -> Result:
    """Measure sample `name` with eager and each of `peers` that compiles within `limit` seconds."""
    sample = load_sample(name)
    with torch.inference_mode(False):  # as users build them; not all compilers take others
        model, inputs = sample.build(), sample.inputs()
    result, programs = Result(name, {"eager": Peer()}), {"eager": model}
    check_and_warm_up(model, model, inputs)
    for peer_name in peers:
        show(f"{name}: {peer_name} ...")
        result.peers[peer_name], program = prepare(peer_name, model, inputs, threads, limit)
        if result.peers[peer_name].failure is None:
            programs[peer_name] = program
    times = interleave(programs, inputs, rounds)
    for peer_name, own in times.items():
        result.peers[peer_name].milliseconds = Spread.of([1e3 * value for value in own])
        result.peers[peer_name].speedup = speedup(times["eager"], own)
        if "modelc" in times:
            result.peers[peer_name].modelc_speedup = speedup(own, times["modelc"])
    return result


def show(message: str) -> None:
    """Print progress, on a terminal only."""
    if sys.stderr.isatty():
        print(message, file=sys.stderr)


def report_failures(results: list[Result]) -> int:
    """Print why peers have no times; return how often modelc has none."""
    for result in results:
        for name, peer in result.peers.items():
            if peer.failure:
                print(f"{result.sample}: {name}: {peer.failure[:500]}", file=sys.stderr)
    return sum(
        "modelc" in result.peers and bool(result.peers["modelc"].failure) for result in results
    )


def positive(text: str) -> int:
    """Return the positive number `text`; raise ValueError for anything else."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", nargs="+", choices=SAMPLES, default=SAMPLES, metavar="NAME")
    parser.add_argument("--rounds", type=positive, default=7, help="runs of each input (7)")
    parser.add_argument("--threads", type=positive, default=1, help="threads of every peer (1)")
    parser.add_argument("--limit", type=positive, default=900, help="seconds to compile (900)")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS), metavar="P")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    results = [
        measure(name, chosen.peers, chosen.rounds, chosen.threads, chosen.limit)
        for name in chosen.samples
    ]
    chosen.output.mkdir(parents=True, exist_ok=True)
    settings = {"rounds": chosen.rounds, "threads": chosen.threads, "limit": chosen.limit}
    write_json(chosen.output / "dynamic.json", results, settings)
    write_plot(chosen.output / "dynamic.png", results)
    tables = [table(results), comparison_table(results), preparation_table(results)]
    print("\n\n".join(tables))
    return 1 if report_failures(results) else 0


if __name__ == "__main__":
    sys.exit(main())
