"""Dims: canonical form, text and value."""

from typing import Any, cast

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._sympy import functions

from modelc.ir import (
    Dim,
    DType,
    TensorType,
    canonical_dim,
    dim_symbols,
    evaluate_dim,
    format_dim,
    is_data_dependent,
    parse_module,
    symbol,
)
from modelc.ir.dims import DIM_FUNCTIONS, floordiv

B, U = symbol("B"), symbol("u0")
algebra: Any = sympy  # its own annotations are partial


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (7, "7"),
        (B, "B"),
        (U, "?u0"),
        (3 - B, "3 - B"),
        ((B + 1) * (U - 1), "(B + 1)*(?u0 - 1)"),
        (B**2, "B**2"),
        (B / 2, "B/2"),
        (floordiv(B - 1, 2) + 1, "floordiv(B - 1, 2) + 1"),
        (floordiv(B, U), "floordiv(B, ?u0)"),
        (algebra.Mod(B, 4), "mod(B, 4)"),
        (algebra.Max(U, 3, B), "max(3, B, ?u0)"),
        (algebra.Min(B, 3), "min(3, B)"),
    ],
)
def test_dims_have_a_text(dim: Dim, text: str):
    assert format_dim(dim) == text


def read(text: str) -> Dim:
    """Return the dim that `text` denotes."""
    module = parse_module(f"module @m {{weight @w : tensor<[{text}], f32>}}")
    (weight,) = module.weights.values()
    assert isinstance(weight.type, TensorType)
    return weight.type.shape[0]


def expressions() -> st.SearchStrategy[Any]:
    """Return expressions over two names, as the text form can write them."""
    leaves: st.SearchStrategy[Any] = st.sampled_from([B, U]) | st.integers(1, 9).map(sympy.Integer)
    return st.recursive(leaves, _combined, max_leaves=6)


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    sums = st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1])
    products = st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1])
    names = st.sampled_from(sorted(DIM_FUNCTIONS))
    divisors = st.integers(2, 5).map(sympy.Integer)
    calls = st.tuples(names, inner, divisors).map(lambda call: DIM_FUNCTIONS[call[0]](*call[1:]))
    return sums | products | calls


@given(expressions())
def test_reading_the_text_of_a_dim_gives_the_dim(dim: Any):
    assert read(format_dim(dim)) == canonical_dim(dim)


@given(expressions(), st.integers(1, 50), st.integers(1, 50))
def test_a_dim_has_the_value_of_its_expression(dim: Any, batch: int, size: int):
    assert evaluate_dim(dim, {"B": batch, "u0": size}) == int(dim.subs({B: batch, U: size}))


def test_a_value_is_needed_for_each_name():
    with pytest.raises(KeyError, match="u0"):
        evaluate_dim(B + U, {"B": 2})


THEIRS = cast(Any, sympy.Symbol("s0", integer=True, positive=True))
OURS = symbol("s0")


CONVERSIONS: list[tuple[Any, Any]] = [
    (THEIRS, OURS),
    (functions.FloorDiv(THEIRS - 1, 2), floordiv(OURS - 1, 2)),
    (functions.CleanDiv(THEIRS, 2), OURS / 2),
    (functions.Mod(THEIRS, 4), algebra.Mod(OURS, 4)),
    (functions.Max(THEIRS, 4), algebra.Max(OURS, 4)),
    (functions.Min(THEIRS, 4), algebra.Min(OURS, 4)),
    (functions.ModularIndexing(THEIRS, 2, 3), algebra.Mod(floordiv(OURS, 2), 3)),
    (algebra.Integer(3), 3),
]


@pytest.mark.parametrize(("theirs", "ours"), CONVERSIONS)
def test_dims_of_torch_become_ours(theirs: Any, ours: Any):
    assert canonical_dim(theirs) == ours
    assert format_dim(theirs) == format_dim(ours)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("u0", True), ("u12", True), ("B", False), ("u", False), ("u0x", False), ("mu0", False)],
)
def test_some_names_depend_on_data(name: str, expected: bool):
    assert is_data_dependent(name) is expected


def test_symbols_are_found_inside_of_functions():
    assert dim_symbols(floordiv(B, U) + 2) == {"B", "u0"}
    assert dim_symbols(3) == set()


def test_types_with_equal_dims_are_equal():
    assert TensorType((read("2*B + 1"),), DType.F32) == TensorType((1 + B * 2,), DType.F32)
