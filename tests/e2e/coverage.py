"""Which edges of a capture its calls take, and calls that take more."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import torch
from torch.utils import _pytree as pytree

from modelc.compiler.frontend import Captured
from modelc.ir import Block, Func
from modelc.ir.reference import Interpreter, all_edges
from modelc.ir.reference.edges import Edge

from ..programs import Call, Program
from .comparison import difference
from .configurations import tolerances
from .observation import observe

MAX_STEPS = 2000
SCALES = (1.0, 0.1, 10.0, -1.0, 100.0)


class TooLong(Exception):
    """A perturbed input may keep a loop going for ever."""


class BoundedInterpreter(Interpreter):
    """Give up after MAX_STEPS edges of one call."""

    steps = 0

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run as the interpreter does, or raise TooLong."""
        self.steps = 0
        return super().run(*args, **kwargs)

    def take(self, func: Func, block: Block, position: int) -> Block:
        """Take the edge and count it."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong
        return super().take(func, block, position)


def perturbed(calls: tuple[Call, ...], count: int) -> Iterator[Call]:
    """Yield `count` calls like `calls`, with other numbers in their tensors."""
    generator = torch.Generator().manual_seed(1)
    for number in range(count):
        call, scale = calls[number % len(calls)], SCALES[number % len(SCALES)]

        def change(leaf: Any, scale: float = scale) -> Any:
            return _changed(leaf, scale, generator) if isinstance(leaf, torch.Tensor) else leaf

        yield Call(*pytree.tree_map(change, (call.args, dict(call.kwargs))))


def _changed(tensor: torch.Tensor, scale: float, generator: torch.Generator) -> torch.Tensor:
    if tensor.is_floating_point():
        spread = float(tensor.abs().max()) if tensor.numel() else 1.0
        return tensor * scale + spread * torch.randn(tensor.shape, generator=generator)
    if tensor.dtype is torch.bool:
        return torch.rand(tensor.shape, generator=generator) > 0.5
    low, high = int(tensor.min()), int(tensor.max())
    return torch.randint(min(low, 0), high + 3, tensor.shape, generator=generator)


def cover(program: Program, captured: Captured, more: int) -> tuple[Set[Edge], list[str]]:
    """Return the edges that no call takes, and how perturbed calls differ from eager.

    All calls of `program` are made; then up to `more` perturbed ones, while edges are missing.
    """
    everything = all_edges(captured.module.host_funcs)
    interpreter = BoundedInterpreter(captured.module, captured.weights)
    observe(interpreter.run, program.calls)
    eager = program.build()
    observe(eager, program.calls)
    found: list[str] = []
    for call in perturbed(program.calls, more):
        if interpreter.edges >= everything:
            break
        (actual,) = observe(interpreter.run, [call])
        if isinstance(actual.error, TooLong):
            break  # eager, which has no bound, must not be asked, and its state would differ
        (expected,) = observe(eager, [call])
        found.append(difference(actual, expected, tolerances(program, "captured"), messages=False))
    return everything - interpreter.edges, [text for text in found if text]
