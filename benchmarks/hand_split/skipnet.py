"""The network that skips blocks: a gate with all that must be computed before it, or a block."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .runtimes import Part, Runtime


class Gate(nn.Module):
    """What leads to a gate, the gate's probability, and the shortcut if it is not the identity.

    `before` maps the last sum to features; what is skipped adds nothing to the shortcut.
    """

    def __init__(self, before: nn.Module, gate: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.before, self.gate, self.shortcut = before, gate, shortcut

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        out = self.before(x)
        if isinstance(self.shortcut, nn.Identity):
            return self.gate(out), out
        return self.gate(out), out, self.shortcut(out)


class Block(nn.Module):
    """A block, added to its shortcut."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, out: Tensor, residual: Tensor) -> tuple[Tensor]:
        return (residual + self.block(out),)


class Tail(nn.Module):
    """Pooling and the classifier."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (self.linear(F.adaptive_avg_pool2d(F.relu(x), 1).flatten(1)),)


def split(model: Any, runtime: Runtime) -> Any:
    x = torch.zeros(1, 3, 32, 32)
    pairs: list[tuple[Part, Part]] = []
    before: nn.Module = model.stem
    for gate, block, shortcut in zip(model.gates, model.blocks, model.shortcuts, strict=True):
        module, added = Gate(before, gate, shortcut), Block(block)
        _, out, *shortcuts = module(x)
        residual = shortcuts[0] if shortcuts else out
        pairs.append((runtime.part(module, x), runtime.part(added, out, residual)))
        x, before = residual, nn.ReLU()
    tail = runtime.part(Tail(model.linear), x)

    def run(image: Tensor) -> tuple[Tensor, int]:
        value = runtime.feed(image)
        executed = 0
        for gate, block in pairs:
            probability, out, *shortcuts = gate(value)
            value = shortcuts[0] if shortcuts else out
            if runtime.item(probability) > 0.5:
                (value,) = block(out, value)
                executed += 1
        return runtime.read(tail(value)[0]), executed

    return run
