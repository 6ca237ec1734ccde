"""Lengths of lists that change in step are known from each other."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
import torch
from torch import Tensor, tensor

from modelc.compiler.frontend.relations import combined, linear_relation
from modelc.ir.host import CondBranch, Raise

from .evaluation import agree, captured, main, ops

_SYMPY: Any = sympy
U, V = _SYMPY.symbols("u v", integer=True)

RELATED: dict[str, tuple[list[list[Any]], list[Any], list[int]]] = {
    "equal": ([[1, 3]], [1, 3], [1, 0]),
    "opposite": ([[1, 3, 2]], [5, 3, 4], [-1, 6]),
    "of symbols": ([[U, V - 1]], [2 * U + 1, 2 * V - 1], [2, 1]),
    "of two": ([[2, 3, 3], [0, 0, 1]], [6, 4, 3], [-2, -1, 10]),
    "expanded": ([[U, 3]], [3 * (U + 1) - U, 9], [2, 3]),
    "the same": ([[U, U]], [10 - 2 * U, 10 - 2 * U], [-2, 10]),
    "constant": ([], [4, 4], [4]),
    "one of two": ([[1, 2], [1, 2]], [3, 4], [1, 0, 2]),
}

UNRELATED: dict[str, tuple[list[list[Any]], list[Any]]] = {
    "nothing": ([], [1, 2]),
    "half": ([[0, 2]], [1, 2]),
    "three": ([[1, 2, 3]], [1, 2, 4]),
    "another symbol": ([[U, V]], [V, U]),
    "not linear": ([[U, 2]], [U * U, 4]),
}


@pytest.mark.parametrize("name", RELATED)
def test_relation_gives_the_target(name: str):
    sources, target, expected = RELATED[name]
    sources, target = [[*map(_SYMPY.sympify, each)] for each in sources], [*map(_SYMPY.S, target)]
    factors = linear_relation(sources, target)
    assert factors is not None
    assert factors == expected
    for path, wanted in enumerate(target):
        numbers = [source[path] for source in sources]
        assert _SYMPY.expand(combined(numbers, factors) - wanted) == 0


@pytest.mark.parametrize("name", UNRELATED)
def test_no_relation(name: str):
    sources, target = UNRELATED[name]
    sources, target = [[*map(_SYMPY.sympify, each)] for each in sources], [*map(_SYMPY.S, target)]
    assert linear_relation(sources, target) is None


def test_a_stack_and_a_buffer_change_in_step():
    def program(x: Tensor) -> Tensor:
        buffer, stack = [row.view(1) for row in x], [x[:1] * 2, x[:1] * 3]
        for number in range(5):
            if len(buffer) > 0 and (x[number] > 0 or len(stack) < 2):
                stack.append(buffer.pop())
            else:
                stack.append(stack.pop() - stack.pop())
        return torch.cat(stack)

    result = captured(program, torch.ones(5))
    assert not ops(main(result), Raise)
    flags = tensor([[number >> place & 1 for place in range(5)] for number in range(32)])
    values = torch.arange(1.0, 6.0)
    agree(program, result, *[((row * 2 - 1) * values,) for row in flags])


def test_what_is_left_of_a_list_has_a_known_length():
    def program(x: Tensor) -> tuple[Tensor, int]:
        items = [row for row in x if row > 0]
        if len(items) < 3:
            return x, 0
        rest = items[1:-1]
        last = items.pop()
        if len(rest) == 0 or len(items) < 2:
            raise AssertionError("never")
        return last, len(rest) + 2 - len(items)

    result = captured(program, torch.ones(5))
    agree(program, result, *[(torch.ones(5) * sign,) for sign in (1.0, -1.0)])
    agree(program, result, (tensor([1.0, -2.0, 3.0, 4.0, -5.0]),))


def test_a_pop_of_some_is_no_pop_of_none():
    def program(x: Tensor) -> Tensor:
        items = [row for row in x if row > 0]
        if len(items) > 1:
            items.pop()
            return items.pop()
        return x[0]

    result = captured(program, torch.ones(4))
    assert not ops(main(result), Raise)
    agree(program, result, (torch.ones(4),), (-torch.ones(4),), (tensor([1.0, -1.0, -1.0, 1.0]),))


def test_lengths_that_are_not_in_step_stay_open():
    def program(x: Tensor) -> tuple[int, int]:
        first, second = list[Tensor](), list[Tensor]()
        for number in range(4):
            if x[number] > 0:
                first.append(x[number])
            if x[number] > 1:
                second.append(x[number])
        return len(first), len(second)

    result = captured(program, torch.ones(4))
    assert len(ops(main(result), CondBranch)) >= 8
    values = [(tensor([a, b, c, 1.0]),) for a in (-1.0, 1, 2) for b in (0.5, 3) for c in (-1, 2)]
    agree(program, result, *values)
