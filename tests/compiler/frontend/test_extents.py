"""Upper bounds of the sizes of slices."""

from importlib import import_module
from typing import Any

import pytest
import sympy

from modelc.compiler.frontend.extents import upper_bound

FUNCTIONS: Any = import_module("torch.utils._sympy.functions")
Max, Min = FUNCTIONS.Max, FUNCTIONS.Min
N: Any = sympy.Symbol("n", integer=True, nonnegative=True)
I: Any = sympy.Symbol("i", integer=True)


def slice_size(start: Any, end: Any) -> Any:
    return Max(0, Min(N, end) - Min(N, start))


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        (sympy.Integer(3), 3),
        (slice_size(I, I + 1), 1),
        (slice_size(I + 2, I + 5), 3),
        (slice_size(I + 5, I + 2), 0),
        (Max(0, Min(4, I + 3) - Max(0, I)), 3),
        (Max(0, Min(4, I) - Min(4, N)), None),
        (Min(N, I) - Min(N, I) + 2, 2),
        (I + N, None),
    ],
)
def test_bounds(expression: Any, bound: int | None):
    assert upper_bound(expression, lambda _: None) == bound


def test_asks_for_what_it_does_not_know():
    assert upper_bound(Max(0, I - N), lambda part: 7 if part == I - N else None) == 7


def test_bounds_hold():
    for expression in (slice_size(I, I + 2), Max(0, Min(4, I + 3) - Max(0, I))):
        bound = upper_bound(expression, lambda _: None)
        assert bound is not None
        for place in range(-8, 8):
            for extent in range(6):
                assert expression.subs({I: place, N: extent}) <= bound
