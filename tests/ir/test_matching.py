"""Which types may stand for which."""

import pytest

from modelc.ir import (
    F64,
    I64,
    Dim,
    DType,
    ListType,
    TensorType,
    Type,
    Unifier,
    fits,
    symbol,
)

B, U, V = symbol("B"), symbol("u0"), symbol("u1")


def tensor(*shape: Dim, dtype: DType = DType.F32, device: str = "cpu") -> TensorType:
    return TensorType(shape, dtype, device)


@pytest.mark.parametrize(
    ("given", "declared", "expected"),
    [
        (I64, I64, True),
        (I64, F64, False),
        (tensor(2), I64, False),
        (tensor(2, 3), tensor(2, 3), True),
        (tensor(2), tensor(3), False),
        (tensor(2), tensor(2, 1), False),
        (tensor(2), tensor(2, dtype=DType.F64), False),
        (tensor(2), tensor(2, device="cuda"), False),
        (tensor(2), tensor(U), True),
        (tensor(B), tensor(U), True),
        (tensor(V), tensor(U), True),
        (tensor(2), tensor(U + 1), True),
        (tensor(2), tensor(B), False),
        (tensor(U), tensor(2), False),
        (tensor(2 * B), tensor(B + B), True),
        (ListType(tensor(2)), ListType(tensor(U)), True),
        (ListType(tensor(2)), tensor(2), False),
    ],
)
def test_a_type_fits_where_a_more_general_one_is_declared(
    given: Type, declared: Type, expected: bool
):
    assert fits(given, declared) is expected


def test_data_dependent_dims_mean_the_same_throughout_a_call():
    unifier = Unifier()
    assert unifier.accepts(tensor(4, 5), tensor(U, V))
    assert unifier.accepts(tensor(4), tensor(U))
    assert not unifier.accepts(tensor(5), tensor(U))
    assert unifier.accepts(tensor(9), tensor(U + V))
    assert not unifier.accepts(tensor(8), tensor(U + V))


def test_dims_of_the_caller_may_stand_for_those_of_the_callee():
    unifier = Unifier()
    assert unifier.accepts(tensor(V), tensor(U))
    assert unifier.accepts(tensor(V + 1), tensor(U + 1))
    assert not unifier.accepts(tensor(U + 1), tensor(U + 1))


def test_named_dims_mean_the_same_in_caller_and_callee():
    assert Unifier().accepts(tensor(B), tensor(B))
    assert not Unifier().accepts(tensor(4), tensor(B))
    assert Unifier().accepts(ListType(tensor(B)), ListType(tensor(U)))
