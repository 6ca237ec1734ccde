"""Measure when NumPy computes a tiny sub-network in less time than a session of ONNX Runtime.

Each network is compiled twice: by the back end of each engine. Both are called in turn with the
same arguments. `chosen` is what the cost model in `backends/numpy` decides.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy
import torch
from torch import Tensor

import modelc
from modelc.backends import load_backend
from modelc.ir.text import parse_module
from modelc.runtime.engines import Subnet, load_engine

Network = Callable[..., Any]


def scalar_chain(count: int) -> Network:
    """Return a network of `count` ops on tensors of rank 0."""

    def run(x: Tensor) -> Tensor:
        for _ in range(count):
            x = x * 0.9
        return x

    return run


def decision(x: Tensor) -> Tensor:
    return (x.abs().max() < 0.5) & (x.mean() > 0.0)


def pointwise_chain(count: int) -> Network:
    """Return a network of `count` ops on vectors."""

    def run(x: Tensor) -> Tensor:
        for number in range(count):
            x = x * 0.9 if number % 2 else x + 0.1
        return x

    return run


def confidence(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.softmax(-1).max(), x.argmax(-1)


def networks() -> dict[str, tuple[Network, Tensor]]:
    """Return networks with an argument each, by what they are."""
    vector = torch.randn(16)
    found: dict[str, tuple[Network, Tensor]] = {
        f"{count} ops on numbers": (scalar_chain(count), torch.tensor(1.0)) for count in (1, 4, 16)
    }
    for size in (16, 1024, 4096):
        for count in (1, 4, 16):
            name = f"{count} ops on {size} elements"
            found[name] = pointwise_chain(count), torch.randn(size)
    found["compare a maximum and a mean"] = decision, vector
    found["softmax, its maximum, and argmax"] = confidence, vector
    return found


def microseconds(subnet: Subnet, arguments: list[Any]) -> float:
    start = time.perf_counter()
    for _ in range(100):
        subnet(arguments)
    return 1e4 * (time.perf_counter() - start)


def row(name: str, network: Network, argument: Tensor, rounds: int) -> str:
    """Return the line of the table for one network."""
    compiled = modelc.compile(network, (argument,), threads=1, cache=False)
    module = parse_module(compiled.ir(), "tiny")
    (func,) = module.graph_funcs
    engines = ("onnxruntime", "numpy")
    subnets = [load_engine(one, 1).prepare(load_backend(one).emit(func), {}) for one in engines]
    arguments = [numpy.asarray(argument)]
    times = [[microseconds(subnet, arguments) for subnet in subnets] for _ in range(rounds)]
    session, plain = (statistics.median(column) for column in zip(*times, strict=True))
    chosen = compiled.model.artifact.subnets[str(func.symbol)].engine
    return f"| {name} | {session:.1f} | {plain:.1f} | {chosen} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100, help="hundreds of calls (100)")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    print("| sub-network | session, us | NumPy, us | chosen |\n|---|---:|---:|---|")
    for name, (network, argument) in networks().items():
        print(row(name, network, argument, chosen.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
