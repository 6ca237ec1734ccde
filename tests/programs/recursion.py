"""Functions that call themselves as often as the data says."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn, tensor

from .case import program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


@program((POSITIVE,), (POSITIVE * 9,), (NEGATIVE,))
def halved(x: Tensor) -> Tensor:
    """The last thing it does is to call itself."""
    if x.sum() > 1:
        return halved(x / 2)
    return x


def _sorted(x: Tensor) -> Tensor:
    if x.numel() <= 1:
        return x
    pivot, rest = x[0], x[1:]
    below, above = _sorted(rest[rest < pivot]), _sorted(rest[rest >= pivot])
    return torch.cat([below, pivot[None], above])


@program((tensor([3.0, 1.0, 2.0, 9.0, 1.0]),), (tensor([1.0, 2.0, 3.0, 4.0, 5.0]),))
def quicksort(x: Tensor) -> Tensor:
    """Divide and conquer: the sizes of the parts depend on data."""
    return _sorted(x) * 2


class Estimate(NamedTuple):
    """What an interval contributes."""

    area: Tensor
    evaluations: int


@program((tensor(0.0), tensor(3.0)), (tensor(-1.0), tensor(1.0)), (tensor(2.0), tensor(2.0)))
class AdaptiveQuadrature(nn.Module):
    """An interval is halved as long as the rule is not exact enough, at most `depth` times."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
        self.tolerance = 1e-3

    def rule(self, low: Tensor, high: Tensor) -> Tensor:
        points = torch.stack([low, (low + high) / 2, high])[:, None]
        values = (self.network(points) * points.cos() * 3).squeeze(1)
        return (high - low) / 6 * (values[0] + 4 * values[1] + values[2])

    def integrate(self, low: Tensor, high: Tensor, depth: int) -> Estimate:
        middle = (low + high) / 2
        whole = self.rule(low, high)
        left, right = self.rule(low, middle), self.rule(middle, high)
        if depth == 0 or (left + right - whole).abs() < self.tolerance:
            return Estimate(left + right, 9)
        first = self.integrate(low, middle, depth - 1)
        second = self.integrate(middle, high, depth - 1)
        return Estimate(first.area + second.area, 9 + first.evaluations + second.evaluations)

    def forward(self, low: Tensor, high: Tensor) -> tuple[Tensor, int]:
        estimate = self.integrate(low, high, 7)
        return estimate.area, estimate.evaluations


DEEP = (tensor([1, 1, 0, 0, 1, 0, 1, 0, 0]), torch.eye(9, 4))


@program(DEEP, (tensor([1, 0, 1, 0, 1, 0, 1, 0, 0]), torch.ones(9, 4)), (DEEP[0] * 0, DEEP[1]))
class PrefixParser(nn.Module):
    """A tree in prefix form: each call returns a tensor and where the next one goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.combine = nn.Linear(8, 4)
        self.leaf = nn.Linear(4, 4)

    def parse(self, actions: Tensor, values: Tensor, cursor: int) -> tuple[Tensor, int]:
        if actions[cursor] == 0:
            return self.leaf(values[cursor]), cursor + 1
        left, cursor = self.parse(actions, values, cursor + 1)
        right, cursor = self.parse(actions, values, cursor)
        return torch.tanh(self.combine(torch.cat([left, right]))), cursor

    def forward(self, actions: Tensor, values: Tensor) -> tuple[Tensor, int]:
        return self.parse(actions, values, 0)


def _even(n: Tensor, x: Tensor) -> Tensor:
    return x if n == 0 else _odd(n - 1, x * 2)


def _odd(n: Tensor, x: Tensor) -> Tensor:
    return -x if n == 0 else _even(n - 1, x + 1)


@program((tensor(7), POSITIVE), (tensor(0), POSITIVE), (tensor(4), NEGATIVE))
def mutual(n: Tensor, x: Tensor) -> Tensor:
    return _even(n, x) + 1


@program((POSITIVE, tensor(2.0)), (POSITIVE * 5, tensor(3.0)), (POSITIVE / 9, tensor(4.0)))
def nested_function(x: Tensor, limit: Tensor) -> tuple[Tensor, int]:
    """It reads variables of the function around it."""
    factor = limit / 4
    names = ["a", "b"]

    def descend(y: Tensor, depth: int) -> tuple[Tensor, int]:
        if y.abs().sum() < limit:
            return y * len(names), depth
        below, reached = descend(y * 0.5 - factor / 8, depth + 1)
        return below + y, max(reached, depth)

    return descend(x, 0)


@program((tensor(3),), (tensor(0),), (tensor(-2),), (tensor(12),))
def raises_inside(n: Tensor) -> Tensor:
    """An exception leaves all calls, with the message of the innermost."""

    def factorial(k: Tensor) -> Tensor:
        if k > 10:
            raise OverflowError("too large")
        if k < 0:
            raise ValueError(f"{k.item()} is negative")
        return torch.ones(()) if k == 0 else k * factorial(k - 1)

    return factorial(n)


def _walk(x: Tensor, steps: int) -> tuple[Tensor, int]:
    noise = torch.rand(3)
    print("step", steps, x.sum() > 1)
    if x.sum() > 1 + noise.sum():
        moved, steps = _walk(x - noise, steps + 1)
        return moved + torch.rand(3), steps
    return x, steps


@program((POSITIVE,), (POSITIVE * 3,), (NEGATIVE,))
def effects_keep_their_order(x: Tensor) -> tuple[Tensor, int, Tensor]:
    """Prints and random numbers in calls, and around them."""
    before = torch.rand(3)
    moved, steps = _walk(x + before, 0)
    return moved, steps, torch.rand(3)


def _pairs(x: Tensor, state: tuple[Tensor, Tensor | None]) -> dict[str, Tensor | int]:
    hidden, extra = state
    if (hidden > 4).any():
        return {"hidden": hidden, "count": int(hidden.sum())}
    scaled = hidden + x.abs() if extra is None else hidden + extra
    return _pairs(x, (scaled, x.abs()))


@program((POSITIVE,), (POSITIVE * 9,), (NEGATIVE,))
def containers(x: Tensor) -> dict[str, Tensor | int]:
    """Tuples go in, a dictionary comes out; the first call has another form than the others."""
    return _pairs(x, (x - 3, None))


@program((POSITIVE, tensor(3)), (POSITIVE, tensor(0)), (NEGATIVE, tensor(5)))
class ChosenLayers(nn.Module):
    """A counter that chooses a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def apply_layers(self, x: Tensor, n: int) -> Tensor:
        if n <= 0:
            return x
        return self.apply_layers(self.layers[n % 3](x), n - 1)

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return self.apply_layers(x, int(n))


def _twice(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return function(x) if x.sum() > 100 else _twice(function, function(x) + 20)


@program((POSITIVE,), (POSITIVE * 50,), (NEGATIVE,))
def function_as_argument(x: Tensor) -> Tensor:
    scale = x.abs().max()
    return _twice(lambda y: y + scale, x)
