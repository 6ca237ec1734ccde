"""Compile a sample and compare it with eager PyTorch on all of its inputs."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree  # the public torch.utils.pytree is not in every release

import modelc


def milliseconds(program: Callable[..., Any], args: tuple[Any, ...], repeats: int = 3) -> float:
    """Return the shortest of `repeats` runs in milliseconds, after one that does not count."""
    program(*args)
    durations: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        program(*args)
        durations.append(time.perf_counter() - start)
    return 1e3 * min(durations)


def summary(output: Any) -> str:
    """Return `output` in one line: shapes of larger tensors, values of everything else."""

    def leaf(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        if value.is_floating_point() or value.numel() > 8:
            return "tensor"
        return [int(element) for element in value.flatten()]

    return str(pytree.tree_map(leaf, output))


@torch.inference_mode()
def compare(build: Callable[[], nn.Module], inputs: Callable[[], list[tuple[Any, ...]]]) -> None:
    """Print, for each of `inputs()`, what the model answers and both times.

    Raises AssertionError where the compiled program differs from eager PyTorch by more than
    1e-4 relative and 1e-5 absolute.
    """
    model = build()
    examples = inputs()
    compiled = modelc.compile(model, example_inputs=examples[0])
    eager_total = compiled_total = 0.0
    for index, args in enumerate(examples):
        expected = model(*args)
        torch.testing.assert_close(compiled(*args), expected, rtol=1e-4, atol=1e-5)
        eager, ours = milliseconds(model, args), milliseconds(compiled, args)
        eager_total, compiled_total = eager_total + eager, compiled_total + ours
        print(f"{index:3} {eager:8.2f} ms eager {ours:8.2f} ms compiled  {summary(expected)}")
    count = len(examples)
    print(f"mean {eager_total / count:7.2f} ms eager {compiled_total / count:8.2f} ms compiled")
