"""A loop holds no more tensors than one step needs, however many steps it takes."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import modelc

WIDTH = 64


@pytest.fixture
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("loop")


def test_a_loop_of_many_steps_uses_the_memory_of_few(bench: ModuleType):
    x = torch.ones(1, WIDTH)
    model: nn.Module = bench.Settle(WIDTH).eval()
    compiled: Any = modelc.compile(model, (x,))
    memory = bench.memory_of(compiled, x)
    assert compiled(x)[1] == bench.STEPS
    assert memory.tensors >= bench.STEPS
    assert memory.addresses < bench.STEPS / 20
    assert memory.peak_bytes < bench.STEPS * WIDTH * 4  # bytes of one tensor for each step
