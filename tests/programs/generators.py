"""Generators whose steps depend on data, and what consumes them."""

import contextlib
import itertools
from collections.abc import Generator, Iterator
from typing import Any

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
SMALL = tensor([0.1, 0.2, 0.3])


def _halves(x: Tensor) -> Iterator[Tensor]:
    while x.sum() > 1:
        x = x / 2
        yield x


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,))
def steps_added_up(x: Tensor) -> Tensor:
    total = torch.zeros(3)
    for half in _halves(x):
        total = total + half
    return total


@program((POSITIVE,), (NEGATIVE,), raises_like_torch=True)
def steps_stacked(x: Tensor) -> Tensor:
    """On the path without steps, torch refuses the empty list."""
    return torch.stack(list(_halves(x)))


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,))
def left_early(x: Tensor) -> tuple[Tensor, int]:
    last = x
    for count, half in enumerate(_halves(x)):
        if half[0] < 0.2:
            return half, count
        last = half
    return last, -1


@program((POSITIVE,), (NEGATIVE,), (SMALL * 9,))
def side_by_side(x: Tensor) -> Tensor:
    total = x
    for left, right in zip(_halves(x), _halves(x * 2), strict=False):
        total = total + left * right
    return total


def _pieces(x: Tensor) -> Generator[Tensor, None, Tensor]:
    yield x
    if x.sum() > 0:
        yield x * 2
    return x - 1


def _all_pieces(x: Tensor, rest: list[Tensor]) -> Iterator[Tensor]:
    remaining = yield from _pieces(x)
    rest.append(remaining)
    yield remaining * 10


@program((POSITIVE,), (NEGATIVE,))
def delegates(x: Tensor) -> tuple[Any, list[Tensor]]:
    rest: list[Tensor] = []
    return sum(_all_pieces(x, rest)), rest


@program((POSITIVE,), (NEGATIVE,))
def step_by_step(x: Tensor) -> tuple[Tensor, Tensor]:
    pieces = _pieces(x)
    first = next(pieces)
    second = next(pieces, None)
    if second is None:
        second = first + 5
    return first, second


@program((POSITIVE,), (NEGATIVE,))
def result_of_a_generator(x: Tensor) -> Tensor:
    pieces = _pieces(x)
    next(pieces)
    try:
        next(pieces)
    except StopIteration as stop:
        return stop.value
    return x


@program((tensor([1.0, -2.0, 3.0]),), (NEGATIVE,), (POSITIVE,))
def unpacked(x: Tensor) -> Tensor:
    left, right = (value * 2 for value in x if value > 0)
    return left - right


@program((POSITIVE,), (NEGATIVE,), (SMALL,))
def searched(x: Tensor) -> tuple[int, bool, Any]:
    position = next((i for i, value in enumerate(x) if value > 1), -1)
    return position, any(value < 0 for value in x), sum(v * v for v in x if v > 0.2)


def _running_sum() -> Generator[Any, Any, None]:
    total = torch.zeros(())
    while True:
        value = yield total
        total = total + value


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,))
def sent_values(x: Tensor) -> Tensor:
    accumulator = _running_sum()
    total = next(accumulator)
    while x.sum() > 1:
        x = x / 2
        total = accumulator.send(x.sum())
    return total


def _cleaning(x: Tensor, log: list[str]) -> Generator[Tensor]:
    try:
        while x.sum() > 0.5:
            x = x / 2
            yield x
    finally:
        log.append("closed")


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,))
def closed_when_the_loop_is_left(x: Tensor) -> tuple[Tensor, list[str]]:
    log: list[str] = []
    last = x
    for last in _cleaning(x, log):
        if last[0] < 0.2:
            break
    log.append("after")
    return last, log


@program((POSITIVE,), (SMALL * 8,), (tensor([0.9, -0.2, 0.0]),))
def closed_by_hand(x: Tensor) -> tuple[Tensor, list[str]]:
    log: list[str] = []
    steps = _cleaning(x, log)
    first = next(steps)
    if first[0] > 0.4:
        first = next(steps, first)
    steps.close()
    return first, log


@contextlib.contextmanager
def _scope(log: list[str]) -> Generator[int]:
    log.append("in")
    try:
        yield 3
    except ValueError:
        log.append("caught")
    finally:
        log.append("out")


@program((POSITIVE,), (NEGATIVE,))
def own_scope(x: Tensor) -> tuple[Tensor, list[str]]:
    log: list[str] = []
    y = x
    with _scope(log) as factor:
        y = x * factor
        if x.sum() < 0:
            raise ValueError("negative")
    return y, log


@contextlib.contextmanager
def _doubled(state: dict[str, Tensor]) -> Generator[None]:
    old = state["scale"]
    state["scale"] = old * 2
    yield
    state["scale"] = old


@program((POSITIVE,), (NEGATIVE,))
def temporarily_changed(x: Tensor) -> tuple[Tensor, Tensor]:
    state = {"scale": x.sum()}
    with _doubled(state):
        y = x * state["scale"]
        if y[0] > 0:
            y = y + 1
    return y, state["scale"]


@program((POSITIVE,), (NEGATIVE,))
def signs(x: Tensor) -> Tensor:
    def magnitudes() -> Iterator[Tensor]:
        for value in x:
            if value > 0:
                yield value
            else:
                yield -value * 2

    total = torch.ones(())
    for magnitude in magnitudes():
        total = total * magnitude
    return total


@program((POSITIVE,), (NEGATIVE,), (tensor([3.0, 2.0, 1.0]),), (SMALL,))
def goes_on_where_it_was(x: Tensor) -> Tensor:
    squares = (value * value for value in x)
    total = torch.zeros(())
    for square in squares:
        if square > 2:
            break
        total = total + square
    for square in squares:
        total = total - square
    return total


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,))
def lazy_tools(x: Tensor) -> tuple[Tensor, list[Tensor]]:
    small = itertools.takewhile(lambda half: half[0] > 0.2, _halves(x))
    total = torch.zeros(3)
    for half in map(torch.neg, small):
        total = total + half
    firsts = [a - b for a, b in itertools.pairwise(itertools.islice(itertools.count(), 4))]
    return total, [x * n for n in firsts]


class Counted:
    """Count how far a lazy pipeline got."""

    def __init__(self) -> None:
        self.calls = 0

    def double(self, x: Tensor) -> Tensor:
        """Return twice `x`."""
        self.calls += 1
        return x * 2


@program((POSITIVE,), (NEGATIVE,))
def map_is_lazy(x: Tensor) -> tuple[Tensor, int]:
    counted = Counted()
    found = x[0]
    for found in map(counted.double, x):
        if found > 3:
            break
    return found, counted.calls


class Tree:
    """A node that yields its values in order."""

    def __init__(self, value: Tensor, *children: "Tree") -> None:
        self.value = value
        self.children = children

    def __iter__(self) -> Iterator[Tensor]:
        if self.value.sum() > 0:
            yield self.value
        for child in self.children:
            yield from child


@program((POSITIVE,), (NEGATIVE,), (tensor([1.0, -2.0, 3.0]),), (tensor([-1.0, 2.0, 3.0]),))
def walks_a_tree(x: Tensor) -> Tensor:
    total = x
    for value in Tree(x[0], Tree(x[1], Tree(x[2]))):
        total = total * value
    return total


@program(
    (normal(0, 2, 4),), (normal(5, 2, 4) * 2,), (normal(27, 2, 4) * 4,), (normal(55, 2, 4) * 4,)
)
class Exits(nn.Module):
    """Early exits that a generator method yields."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.heads = nn.ModuleList(nn.Linear(4, 2) for _ in range(3))

    def exits(self, x: Tensor) -> Iterator[tuple[int, Tensor]]:
        for index, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True)):
            x = stage(x).relu()
            yield index, head(x)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        index, logits = -1, x
        for index, logits in self.exits(x):
            if logits.softmax(-1).max() > 0.6:
                break
        return logits, index


@program(
    (POSITIVE, tensor(5)),
    (POSITIVE, tensor(0)),
    (NEGATIVE, tensor(4)),
    raises_like_torch=True,
)
def skips_steps_of_its_own(x: Tensor, count: Tensor) -> Tensor:
    """The generator has a loop of which only some iterations yield."""

    def changes() -> Iterator[Tensor]:
        value = x.sum()
        for step in range(int(count)):
            value = value * -0.5 + step
            if value > 1:
                yield value

    return torch.stack(list(changes()))
