"""What stands around the `forward` of a random program: state, methods and classes that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Point(NamedTuple):
    """A vector and a number."""

    place: Tensor
    scale: float


@dataclass
class Record:
    """The vector with the largest sum so far."""

    best: Tensor
    count: int = 0

    def add(self, a: Tensor) -> None:
        if a.sum() > self.best.sum():
            self.best = a
        self.count += 1


class Surroundings(nn.Module):
    """A module with state of several kinds, and methods that depend on data."""

    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.ReLU()])
        self.calls = 0
        self.cache: Tensor | None = None
        self.flag = False
        self.top = 0.0
        self.history: list[Tensor] = []
        self.counts = {"calls": 0, "last": 1}
        self.memory: dict[str, Tensor] = {}
        self.register_buffer("total", torch.zeros(3))

    def helper(self, a: Tensor, k: int, scale: float = 2.0) -> Tensor:
        if k > 1:
            return a * scale
        if a.sum() > 0:
            a = a - 1
        return self.linear(a)

    def changes(self, a: Tensor, items: list[Tensor]) -> int:
        a.add_(1)
        items.append(a * 2)
        return len(items)

    def descend(self, a: Tensor, depth: int) -> tuple[Tensor, int]:
        if depth > 3 or a.sum() > 1:
            return a * 2, depth
        return self.descend(a + 1, depth + 1)

    def shrink(self, a: Tensor) -> Tensor:
        if not a.abs().sum() > 1 or a.isinf().any():
            return self.linear(a)
        return self.shrink(a / 4)

    def halves(self, a: Tensor, count: int) -> Iterator[Tensor]:
        while count > 0 and a.abs().sum() > 0.5:
            yield a
            a = a / 2
            count -= 1

    def first_above(self, a: Tensor, limit: float) -> tuple[int, Tensor]:
        for k, element in enumerate(a):
            for scale in (1, 2):
                if element * scale > limit:
                    return k, a * scale
        return -1, a

    def checked(self, a: Tensor, limit: float) -> Tensor:
        try:
            if a.sum() > limit:
                raise ValueError("above")
        except ValueError:
            a = a - 1
        else:
            a = a * 3
        finally:
            self.calls += 1
        return a
