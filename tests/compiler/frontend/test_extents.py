"""Upper bounds of the sizes of slices."""

from importlib import import_module
from typing import Any

import pytest
import sympy

from modelc.compiler.frontend.extents import upper_bound

FUNCTIONS: Any = import_module("torch.utils._sympy.functions")
Max, Min = FUNCTIONS.Max, FUNCTIONS.Min
EXTENT: Any = sympy.Symbol("n", integer=True, nonnegative=True)
PLACE: Any = sympy.Symbol("i", integer=True)


def slice_size(start: Any, end: Any) -> Any:
    return Max(0, Min(EXTENT, end) - Min(EXTENT, start))


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        (sympy.Integer(3), 3),
        (slice_size(PLACE, PLACE + 1), 1),
        (slice_size(PLACE + 2, PLACE + 5), 3),
        (slice_size(PLACE + 5, PLACE + 2), 0),
        (Max(0, Min(4, PLACE + 3) - Max(0, PLACE)), 3),
        (Max(0, Min(4, PLACE) - Min(4, EXTENT)), None),
        (Min(EXTENT, PLACE) - Min(EXTENT, PLACE) + 2, 2),
        (PLACE + EXTENT, None),
    ],
)
def test_bounds(expression: Any, bound: int | None):
    assert upper_bound(expression, lambda _: None) == bound


def test_asks_for_what_it_does_not_know():
    assert (
        upper_bound(Max(0, PLACE - EXTENT), lambda part: 7 if part == PLACE - EXTENT else None) == 7
    )


def test_bounds_hold():
    for expression in (slice_size(PLACE, PLACE + 2), Max(0, Min(4, PLACE + 3) - Max(0, PLACE))):
        bound = upper_bound(expression, lambda _: None)
        assert bound is not None
        for place in range(-8, 8):
            for extent in range(6):
                assert expression.subs({PLACE: place, EXTENT: extent}) <= bound
