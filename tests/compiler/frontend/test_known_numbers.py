"""Decisions that need no branch: ranges of numbers in tensors, and what others have decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, tensor

from modelc.compiler.frontend.value_ranges import range_of
from modelc.ir.host import CondBranch, Item

from .evaluation import agree, captured, main, ops

X = torch.arange(12.0).view(3, 4)
N = torch.arange(12).view(3, 4)

RANGES: dict[str, tuple[Callable[[Tensor, Tensor], Any], tuple[int | None, int | None]]] = {
    "argmax": (lambda x, n: x.argmax(), (0, 11)),
    "argmin along a dim": (lambda x, n: x.argmin(1)[2], (0, 3)),
    "max": (lambda x, n: x.max(0).indices[3], (0, 2)),
    "sort": (lambda x, n: x.sort(dim=0).indices[1, 2], (0, 2)),
    "argsort": (lambda x, n: x.argsort(-1)[0, 0], (0, 3)),
    "topk": (lambda x, n: x.topk(2).indices[0][1], (0, 3)),
    "topk along a dim": (lambda x, n: x.topk(2, dim=0).indices[0, 1], (0, 2)),
    "kthvalue": (lambda x, n: x.kthvalue(2, 0).indices[0], (0, 2)),
    "nonzero": (lambda x, n: torch.nonzero(x + 1)[0, 0], (0, 3)),
    "sum of flags": (lambda x, n: (x > 0).sum(), (0, 12)),
    "count": (lambda x, n: torch.count_nonzero(x), (0, 12)),
    "searchsorted": (lambda x, n: torch.searchsorted(x[0], x)[1, 1], (0, 4)),
    "bucketize": (lambda x, n: torch.bucketize(x, x[0])[1, 1], (0, 4)),
    "remainder": (lambda x, n: (n % 5)[1, 1], (0, 4)),
    "clamp": (lambda x, n: n.clamp(2, 6)[0, 0], (2, 6)),
    "clamp to the larger bound": (lambda x, n: n.clamp(6, 2)[0, 0], (2, 2)),
    "clamp from below": (lambda x, n: n.clamp(min=2)[0, 0], (2, None)),
    "flag as a number": (lambda x, n: (n > 3).long()[0, 0], (0, 1)),
    "views": (lambda x, n: x.argmax(1).view(3, 1).expand(3, 2).t().flatten()[1:][0], (0, 3)),
    "a sum of positions": (lambda x, n: x.argmax(1).sum(), (None, None)),
    "a difference": (lambda x, n: x.argmax() - 1, (None, None)),
    "an input": (lambda x, n: n[0, 0], (None, None)),
    "a negative divisor": (lambda x, n: (n % -5)[0, 0], (None, None)),
}
"""What of a (3, 4) tensor of floats and one of ints is read, and its known range."""


@pytest.mark.parametrize("name", RANGES)
def test_range_holds(name: str):
    function, expected = RANGES[name]

    def program(x: Tensor, n: Tensor) -> int:
        return int(function(x, n))

    (item,) = ops(main(captured(program, X, N)), Item)
    low, high = range_of(item.source)
    assert (low, high) == expected
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(3, 4, generator=generator)
        number = program(x, torch.randint(-9, 9, (3, 4), generator=generator))
        assert low is None or low <= number
        assert high is None or number <= high


def test_an_index_in_range_is_not_checked():
    def program(x: Tensor, n: Tensor) -> Tensor:
        return [x, x + 1, x * 2][int(n.argmax())]

    result = captured(program, X, torch.arange(3))
    assert not ops(main(result), CondBranch)
    agree(program, result, *[(X, torch.eye(3)[row].long()) for row in range(3)])


SECOND: list[Callable[[float], bool]] = [
    lambda value: value <= 1.0,
    lambda value: value < 1.0,
    lambda value: 1.0 >= value,
    lambda value: value == 1.0,
    lambda value: not value > 1.0,
]


@pytest.mark.parametrize("second", SECOND)
def test_an_implied_comparison_is_no_branch(second: Callable[[float], bool]):
    def program(x: Tensor) -> int:
        value = x.item()
        if value > 1.0:
            return 1 if second(value) else 2
        return 3

    result = captured(program, tensor(2.0))
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, (tensor(0.5),), (tensor(1.0),), (tensor(float("nan")),))


@pytest.mark.parametrize("number", [0.5, 1.0, 2.0, float("nan"), float("inf")])
def test_nan_is_neither_less_nor_at_least(number: float):
    def program(x: Tensor) -> list[bool]:
        value = x.item()
        if value < 1.0:
            return [value >= 1.0, value != 1.0, 1.0 < value]
        if value >= 1.0:
            return [value < 1.0, value == 1.0, value > 1.0]
        return [value == 1.0, value != 1.0, value <= 1.0, value > 1.0]

    result = captured(program, tensor(2.0))
    assert len(ops(main(result), CondBranch)) == 2
    agree(program, result, (tensor(number),))


def test_other_numbers_are_other_comparisons():
    def program(x: Tensor, y: Tensor) -> int:
        value, other = x.item(), y.item()
        if value > other:
            return 1 if value > 1.0 else 2
        return 3 if other > value else 4

    result = captured(program, tensor(2.0), tensor(1.0))
    assert len(ops(main(result), CondBranch)) == 3
    agree(program, result, *[(tensor(a), tensor(b)) for a in (0.0, 2.0) for b in (-1.0, 1.0, 2.0)])


def test_a_size_that_is_not_zero_is_positive():
    def program(x: Tensor) -> int:
        kept = x[x > 0]
        if kept.shape[0] != 0:
            return 1 if kept.shape[0] > 0 else 2
        return 3

    result = captured(program, X)
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, (X,), (-X,))
