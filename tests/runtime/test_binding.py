"""Inputs are checked against the signature, and refused with all reasons at the user's line."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from modelc.diagnostics import Diagnostic, DiagnosticError
from modelc.runtime import Model, Parameter, parameters_of
from modelc.runtime.binding import argument_binder
from modelc.runtime.host.program import Block
from modelc.runtime.signature import check_parameters
from modelc.runtime.structure import Constant, Leaf, Record, Sequence, Structure
from modelc.runtime.structure import Mapping as Arranged
from modelc.runtime.types import Apply, DimRange, ScalarType, TensorType, Type

from .programs import F32, early_exit, identity, model_of, program, returning

X = numpy.ones((2, 3), numpy.float32)


def refusal(call: Callable[[], Any]) -> Diagnostic:
    """Return the only diagnostic of a call that must be refused."""
    with pytest.raises(DiagnosticError) as caught:
        call()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "MC0501"
    return diagnostic


def reasons(diagnostic: Diagnostic) -> list[str]:
    """Return each reason of a refusal."""
    return [note.message for note in diagnostic.notes] or [diagnostic.message.split(": ", 1)[1]]


def gathering(
    types: Mapping[str, Type], dims: Mapping[str, DimRange] | None = None, **inputs: Structure
) -> Model:
    """Return a program that returns all its leaves, which have these names and types."""
    values = list(types.items())
    numbers = tuple(range(len(values)))
    named = inputs or {name: Leaf(number) for number, name in enumerate(types)}
    return model_of(program([Block((), returning(*numbers), numbers)], values, named, dims=dims))


def test_arguments_bind_as_python_binds_them():
    def original(a: Any, /, b: Any, c: Any = 3, *rest: Any, d: Any, e: Any = "e", **more: Any):
        return a, b, c, rest, d, e, more

    bind = argument_binder(parameters_of(original))
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((1, 2), {"d": 4}),
        ((1, 2, 5, 6, 7), {"d": 4, "e": 8, "z": 9}),
        ((1,), {"b": 2, "d": 4}),
        ((1,), {"a": 1, "b": 2, "d": 3}),
    ]
    for args, kwargs in calls:
        assert bind(*args, **kwargs) == original(*args, **kwargs)
    with pytest.raises(TypeError):
        bind(1)
    with pytest.raises(TypeError):
        bind(a=1, b=2, d=3)


def test_defaults_that_an_artifact_cannot_hold_are_asked_for():
    def original(a: Any = 1, b: Any = object(), c: Any = (1, [None, {"k": 2.5}]), *, d: Any = [1]):
        return a, b, c, d

    a, b, c, d = parameters_of(original)
    assert (a.default, b.default) == (None, None)
    assert argument_binder([a, b, c, d])(1, 2) == (1, 2, (1, [None, {"k": 2.5}]), [1])


@pytest.mark.parametrize(
    "kinds", list(itertools.product(["positional", "standard", "keyword"], repeat=2))
)
def test_parameters_in_no_order_of_python_are_found(kinds: tuple[str, str]):
    first, second = (Parameter(name, kind) for name, kind in zip("ab", kinds, strict=True))
    order = ["positional", "standard", "keyword"]
    assert bool(list(check_parameters((first, second)))) == (
        order.index(kinds[0]) > order.index(kinds[1])
    )


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("class"),
        Parameter("a b"),
        Parameter("x=exec('')"),
        Parameter("x", "unknown"),
        Parameter("x", default=Leaf(0)),
        Parameter("x", "variadic", Constant(1)),
    ],
)
def test_broken_parameters_are_found(parameter: Parameter):
    assert list(check_parameters((parameter,)))


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (X.astype("f8"), "tensor<[2, 3], f64>"),
        (X[0], "tensor<[3], f32>"),
        (X[:, :2], "tensor<[2, 2], f32>"),
        (torch.ones(2, 3, dtype=torch.int64), "tensor<[2, 3], i64>"),
        (X.astype(">f4"), "tensor<[2, 3], f32>"),
        (None, "a NoneType, which is no tensor"),
        ([X], "a list, which is no tensor"),
        (torch.ones(2, 3, device="meta"), "a tensor on meta; move it with .cpu()"),
    ],
)
def test_a_wrong_tensor_is_refused(value: Any, given: str):
    model = model_of(identity())
    assert reasons(refusal(lambda: model(value))) == [
        f"x: expected tensor<[2, 3], f32>, given {given}"
    ]


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        ((), {}, "missing a required argument: 'x'"),
        ((X, X), {}, "too many positional arguments"),
        ((X,), {"y": X}, "got an unexpected keyword argument 'y'"),
        ((X,), {"x": X}, "multiple values for argument 'x'"),
    ],
)
def test_wrong_arguments_are_refused(args: tuple[Any, ...], kwargs: dict[str, Any], reason: str):
    model = model_of(identity())
    assert reasons(refusal(lambda: model(*args, **kwargs))) == [reason]


def test_the_refusal_is_at_the_users_call():
    model = model_of(identity())
    diagnostic = refusal(lambda: (model)(X[0]))
    assert diagnostic.location is not None
    source = Path(__file__).read_text().splitlines()[diagnostic.location.line - 1]
    columns = slice(diagnostic.location.column - 1, diagnostic.location.end_column - 1)
    assert source[columns] == "(model)(X[0])"
    assert diagnostic.help == "it was compiled for (x: tensor<[2, 3], f32>)"


def test_all_mismatches_of_a_call_are_reported():
    structure = Sequence("tuple", (Leaf(0), Arranged(("m", "n"), (Leaf(1), Constant(7)))))
    model = gathering({"a": F32, "b": ScalarType("i64"), "y": F32}, x=structure, y=Leaf(2))
    found = reasons(refusal(lambda: model((X[0], {"m": 2.0, "n": 8}), X.astype("int8"))))
    assert sorted(found) == [
        "x[0]: expected tensor<[2, 3], f32>, given tensor<[3], f32>",
        "x[1]['m']: expected i64, given 2.0",
        "x[1]['n']: expected 7, given 8",
        "y: expected tensor<[2, 3], f32>, given tensor<[2, 3], i8>",
    ]


def test_leaves_of_records_are_bound():
    point = Record("namedtuple", "elsewhere:Point", ("left", "right"), (Leaf(1), Leaf(0)))
    model = gathering({"r": ScalarType("i64"), "l": ScalarType("f64")}, p=point)

    class Pair(tuple[Any, ...]):
        _fields = ("left", "right")

    assert model(Pair((1.5, 2))) == (2, 1.5)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("i64", [3, numpy.int32(3)], [True, 3.0, "3", None]),
        ("f64", [2.5, numpy.float32(2.5)], [2, True]),
        ("i1", [True, numpy.bool_(True)], [1, 1.0]),
    ],
)
def test_numbers_keep_their_kind(name: str, good: list[Any], bad: list[Any]):
    model = gathering({"x": ScalarType(name)})
    for value in good:
        assert model(value) == value
        assert type(model(value)).__module__ == "builtins"
    for value in bad:
        assert reasons(refusal(lambda: model(value))) == [f"x: expected {name}, given {value!r}"]


def test_named_dims_must_agree_and_keep_their_bounds():
    model = gathering(
        {"x": TensorType(("B", 2), "f32"), "y": TensorType((3, "B"), "f32")},
        {"B": DimRange(2, 4)},
    )

    def call(rows: int, columns: int) -> Any:
        return model(numpy.zeros((rows, 2), "f4"), numpy.zeros((3, columns), "f4"))

    assert [leaf.shape for leaf in call(4, 4)] == [(4, 2), (3, 4)]
    assert reasons(refusal(lambda: call(2, 3))) == ["axis 1 of y: expected B = 2, given 3"]
    assert reasons(refusal(lambda: call(5, 5))) == ["dim B: expected 2 to 4, given 5"]
    assert reasons(refusal(lambda: call(1, 1))) == ["dim B: expected 2 to 4, given 1"]


def test_computed_dims_are_solved_and_checked():
    model = gathering(
        {
            "x": TensorType((Apply("mul", (2, "B")),), "f32"),
            "y": TensorType((Apply("add", ("B", 1)),), "f32"),
        },
        {"B": DimRange(0, 10)},
    )

    def call(first: int, second: int) -> Any:
        return model(numpy.zeros(first, "f4"), numpy.zeros(second, "f4"))

    assert [leaf.shape for leaf in call(8, 5)] == [(8,), (5,)]
    assert reasons(refusal(lambda: call(8, 6))) == ["axis 0 of y: expected add(B, 1) = 5, given 6"]
    assert reasons(refusal(lambda: call(22, 12))) == ["dim B: expected 0 to 10, given 11"]
    assert "axis 0 of x" in reasons(refusal(lambda: call(7, 5)))[0]


def test_bfloat16_is_taken_from_torch_and_as_bits():
    model = gathering({"x": TensorType((2,), "bf16")})
    value = torch.tensor([1.0, -2.5], dtype=torch.bfloat16)
    assert model(value).equal(value)
    assert model(value.view(torch.int16).numpy().view("u2")).tolist() == [1.0, -2.5]
    refusal(lambda: model(value.float()))
    refusal(lambda: model(value.view(torch.uint16)))


def test_the_signature_shows_parameters_types_and_defaults():
    assert model_of(early_exit(), {"layer.weight": X[0]}).signature == "(x: tensor<[B, 3], f32>)"
    structure = Arranged(("a", "b"), (Leaf(0), Sequence("list", (Constant(2),))))
    made = program(
        [Block((), returning(0), (0,))],
        [("a", F32)],
        {"x": structure, "flag": Constant(True)},
        parameters=[Parameter("x"), Parameter("flag", "keyword", Constant(True))],
    )
    assert model_of(made).signature == (
        "(x: {'a': tensor<[2, 3], f32>, 'b': [2]}, *, flag: True = True)"
    )
