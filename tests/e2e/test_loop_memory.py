"""A loop holds no more tensors than one step needs, however many steps it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from modelc.compiler.driver import build
from modelc.compiler.example import Example
from modelc.compiler.options import Options
from modelc.runtime import Model
from modelc.runtime.engines import Subnet, load_engine

STEPS = 1000
WIDTH = 64


def settle(x: Tensor, weight: Tensor) -> tuple[Tensor, int]:
    steps = 0
    while x.sum() > 0:
        x = torch.tanh(x @ weight) + 0.5
        steps += 1
        if steps == STEPS:
            break
    return x, steps


class Watching:
    """An engine; the addresses of all results are noted in `addresses`."""

    def __init__(self, name: str, addresses: list[int]) -> None:
        self.name = name
        self.engine = load_engine(name, 1)
        self.addresses = addresses

    def prepare(self, payload: bytes, constants: Any) -> Subnet:
        subnet = self.engine.prepare(payload, constants)

        def run(arguments: Sequence[Any]) -> Sequence[Any]:
            results = subnet(arguments)
            self.addresses += [result.__array_interface__["data"][0] for result in results]
            return results

        return run


def test_a_loop_of_many_steps_uses_the_memory_of_few():
    inputs = (torch.ones(1, WIDTH), torch.eye(WIDTH))
    addresses: list[int] = []
    artifact = build(settle, Example(inputs), Options()).artifact
    model = Model(artifact, engine=lambda name: Watching(name, addresses))
    model(*inputs)
    addresses.clear()
    tracemalloc.start()
    _, steps = model(*inputs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert steps == STEPS
    assert len(addresses) >= STEPS
    assert len(set(addresses)) < STEPS / 20
    assert peak < STEPS * WIDTH * 4  # bytes of one tensor for each step
