"""What a flag that was read decides: comparisons with other numbers, sizes of selections."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, tensor

from modelc.ir.host import Assert, CondBranch

from .evaluation import agree, captured, main, ops

X = tensor([[1.0, -2.0, 3.0, -4.0]])

GUARDS: dict[str, Callable[[Tensor], Any]] = {
    "any": lambda mask: mask.any(),
    "any along a dim": lambda mask: mask.any(1),
    "all": lambda mask: mask.all(),
    "not all false": lambda mask: not (~mask).all(),
    "opposite": lambda mask: ~mask.logical_not().all(),
    "sum": lambda mask: mask.sum(),
    "sum above zero": lambda mask: mask.sum() > 0,
    "sum of floats": lambda mask: mask.float().sum() >= 0.5,
    "sum not zero": lambda mask: mask.sum() != 0,
    "sum as a number": lambda mask: mask.sum().item() > 0,
    "count": lambda mask: torch.count_nonzero(mask) == 2,
    "transposed": lambda mask: mask.t().unsqueeze(0).any(),
    "row": lambda mask: mask[0].any(),
}

WEAK_GUARDS: dict[str, Callable[[Tensor], Any]] = {
    "none": lambda mask: not mask.any(),
    "not all": lambda mask: not mask.all(),
    "another sum": lambda mask: mask.sum() > -1,
    "part": lambda mask: mask.any() or not mask[0, 1:].any(),
    "sum of another": lambda mask: (~mask).sum() > 0,
}

SELECTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "index": lambda x, mask: x[mask],
    "rows": lambda x, mask: x.t()[mask[0]],
    "columns": lambda x, mask: x[:, mask[0]].t(),
    "nonzero": lambda x, mask: mask.nonzero(),
    "computed again": lambda x, mask: x[x > 0],
}

CALLS = [(X,), (-X.abs(),), (X.abs(),)]


def _program(guard: Callable[[Tensor], Any], select: Callable[[Tensor, Tensor], Tensor]) -> Any:
    def program(x: Tensor) -> int:
        mask = x > 0
        if guard(mask):
            return 1 if select(x, mask).shape[0] == 0 else 2
        return 3

    return program


@pytest.mark.parametrize(
    ("guard", "select"),
    [*((guard, "index") for guard in GUARDS), *(("any", select) for select in SELECTIONS)],
)
def test_a_mask_with_elements_selects_something(guard: str, select: str):
    program = _program(GUARDS[guard], SELECTIONS[select])
    result = captured(program, X)
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, *CALLS)


@pytest.mark.parametrize("guard", WEAK_GUARDS)
def test_another_guard_leaves_the_size_open(guard: str):
    program = _program(WEAK_GUARDS[guard], SELECTIONS["index"])
    result = captured(program, X)
    agree(program, result, *CALLS)
    assert len(ops(main(result), CondBranch)) >= 2


def test_each_path_counts_for_itself():
    def program(x: Tensor) -> int:
        mask = x > 0
        if x[0, 0] > 0:
            first = x[mask]
            return 1 if first.shape[0] == 0 else 2
        return 3 if x[mask].shape[0] == 0 else 4

    result = captured(program, X)
    agree(program, result, *CALLS, (X.flip(1),))


def test_a_path_that_contradicts_itself_is_harmless():
    def program(x: Tensor) -> int:
        mask = x > 0
        if mask.nonzero().shape[0] == 0:
            return int(x[mask].shape[0]) if mask.any() else 1
        return 2

    result = captured(program, X)
    agree(program, result, *CALLS)


def test_what_one_mask_selects_is_of_one_length():
    def program(x: Tensor, y: Tensor) -> Tensor:
        mask = x > 0
        places = mask.nonzero()
        return x[mask] + y[mask] * places[:, 1]

    result = captured(program, X, X + 1)
    assert not ops(main(result), CondBranch) + ops(main(result), Assert)
    agree(program, result, (X, X + 1), (-X, X), (-X.abs(), X))


def test_a_mask_of_another_tensor_may_be_empty():
    def program(x: Tensor) -> int:
        if (x > 0).any():
            return 1 if x[x > 2].shape[0] == 0 else 2
        return 3

    result = captured(program, X)
    assert len(ops(main(result), CondBranch)) == 2
    agree(program, result, *CALLS, (X / 4,))


NUMBERS = (-math.inf, -1.0, 0.0, 0.5, 1.0, math.nextafter(1.0, 2.0), 2.0, math.inf, math.nan)

IMPLIED: dict[str, Callable[[Tensor], Any]] = {
    "not zero": lambda x: 2 if x == 0 else 3,
    "not below": lambda x: 2 if x < 1 else 3,
    "the same again": lambda x: 2 if x <= 1 else 3,
    "its negation": lambda x: 2 if ~(x <= 1) else 3,
    "of a view": lambda x: 2 if x.view(1, 1) <= 0.5 else 3,
}

OPEN: dict[str, Callable[[Tensor], Any]] = {
    "NaN": lambda x: 2 if x > 1 else 3,
    "above": lambda x: 2 if x < 2 else 3,
    "infinity": lambda x: 2 if x < math.inf else 3,
    "of another": lambda x: 2 if x - 1 <= 0 else 3,
}


@pytest.mark.parametrize("name", [*IMPLIED, *OPEN])
def test_a_comparison_decides_others(name: str):
    second = {**IMPLIED, **OPEN}[name]

    def program(x: Tensor) -> int:
        return 1 if x <= 1 else second(x)

    result = captured(program, tensor([2.0]))
    assert len(ops(main(result), CondBranch)) == (1 if name in IMPLIED else 2)
    agree(program, result, *[(tensor([number]),) for number in NUMBERS])


def test_ints_know_no_nan():
    def program(n: Tensor) -> int:
        if n > 3:
            return 1 if n >= 0 else 2
        return 3 if n < 5 else 4

    result = captured(program, tensor(7))
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, (tensor(7),), (tensor(3),), (tensor(4),))


def test_constants_are_rounded_as_elements_are():
    def program(x: Tensor) -> int:
        if x > 0.1:
            return 1 if x > 0.1 - 1e-12 else 2
        return 3 if x > 0.1 + 1e-12 else 4

    result = captured(program, tensor(7.0))
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, *[(tensor(x),) for x in (0.0, 0.1, 0.2, math.nan)])
