"""Arithmetic of symbolic dims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.runtime.types import Apply, Dim, ScalarType, TensorType, check_type, evaluate, solve

TWICE_AND_ONE: Dim = Apply("add", (1, Apply("mul", (2, "B"))))
HALF: Dim = Apply("floor", (Apply("div", ("B", 2)),))


@given(st.integers(0, 1000))
def test_a_linear_dim_is_solved(extent: int):
    assert solve(TWICE_AND_ONE, 2 * extent + 1, {}) == ("B", extent)


@given(st.integers(0, 1000))
def test_a_solution_must_be_whole(extent: int):
    assert solve(TWICE_AND_ONE, 2 * extent, {}) is None


@pytest.mark.parametrize(
    ("dim", "known"),
    [
        (HALF, {}),
        (Apply("mul", ("A", "B")), {}),
        (Apply("mul", ("B", "B")), {}),
        (Apply("mod", ("B", 4)), {}),
        (TWICE_AND_ONE, {"B": 3}),
    ],
)
def test_what_is_not_linear_in_one_name_is_not_solved(dim: Dim, known: dict[str, int]):
    assert solve(dim, 9, known) is None


def test_known_names_leave_one_to_solve():
    assert solve(Apply("mul", ("A", "B")), 12, {"A": 4}) == ("B", 3)


@pytest.mark.parametrize(
    ("dim", "value"),
    [
        (7, 7),
        ("B", 5),
        (TWICE_AND_ONE, 11),
        (HALF, 2),
        (Apply("pow", ("B", 2)), 25),
        (Apply("mod", ("B", 3)), 2),
        (Apply("min", ("B", 3)), 3),
        (Apply("max", ("B", 3)), 5),
    ],
)
def test_a_dim_has_a_value(dim: Dim, value: int):
    assert evaluate(dim, {"B": 5}) == value


@pytest.mark.parametrize(
    ("value_type", "problem"),
    [
        (ScalarType("i32"), "unknown scalar 'i32'"),
        (TensorType((), "f8"), "unknown element type 'f8'"),
        (TensorType((-1,), "f32"), "negative extent -1"),
        (TensorType((Apply("exec", (1,)),), "f32"), "unknown function 'exec' in a dim"),
        (TensorType((Apply("div", (1,)),), "f32"), "div takes 2 arguments, not 1"),
        (TensorType((Apply("floor", (1, 2)),), "f32"), "floor takes 1 arguments, not 2"),
        (TensorType((Apply("min", ()),), "f32"), "min takes arguments"),
        (TensorType((Apply("pow", ("B", 10**9)),), "f32"), "exponent 1000000000"),
        (TensorType((Apply("pow", (2, "B")),), "f32"), "exponent B"),
    ],
)
def test_broken_types_are_found(value_type: ScalarType | TensorType, problem: str):
    assert list(check_type(value_type)) == [problem]


def test_a_difference_is_a_dim():
    assert not list(check_type(TensorType((Apply("add", (-1, "B")),), "f32")))
