"""Sizes that depend on data, numbers as parameters, outputs, and the bytes of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy
import pytest
import torch

from modelc.backends import Bid, Miss, load_backend
from modelc.backends.onnx import convert
from modelc.ir import F64, I1, I64, DType, Func, ScalarType, Symbol, TensorType, Value, symbol
from modelc.ir.graph import AtenOp, FuncReturn, overload, to_torch
from modelc.runtime.engines import load_engine

N, M = symbol("u0"), symbol("u1")
F32 = DType.F32


def tensor(*shape: Any, dtype: DType = F32) -> TensorType:
    return TensorType(shape, dtype)


class Builder:
    """A graph function in the making."""

    def __init__(self) -> None:
        self.func = Func(Symbol("built"), "graph")
        self.block = self.func.body.add_block()

    def param(self, value_type: TensorType | ScalarType) -> Value:
        return self.block.add_argument(value_type)

    def op(self, target: str, *arguments: Any, to: TensorType, **keywords: Any) -> Value:
        op = AtenOp(
            arguments=arguments,
            target=f"aten.{target}",
            keywords=tuple(keywords.items()),
            result_types=[to],
        )
        return self.block.append(op).out

    def end(self, *values: Value) -> Func:
        self.block.append(FuncReturn(values=values))
        return self.func


def run(func: Func, arguments: Sequence[Any]) -> list[numpy.ndarray]:
    subnet = load_engine("onnxruntime", 1).prepare(convert(func), {})
    return list(subnet(arguments))


def eager(op: AtenOp, arguments: Sequence[Any]) -> torch.Tensor:
    """Return what torch computes for an op whose operands, in order, are `arguments`."""
    given = dict(zip(op.operands, map(torch_argument, arguments), strict=True))

    def fill(argument: Any) -> Any:
        if isinstance(argument, tuple):
            return [fill(item) for item in cast("tuple[Any, ...]", argument)]
        return given[argument] if isinstance(argument, Value) else to_torch(argument)

    keywords = {name: fill(argument) for name, argument in op.keywords}
    return overload(op.target)(*[fill(argument) for argument in op.arguments], **keywords)


def torch_argument(argument: Any) -> Any:
    return torch.tensor(argument) if isinstance(argument, numpy.ndarray) else argument


def array(*shape: int) -> numpy.ndarray:
    return numpy.arange(numpy.prod(shape), dtype=numpy.float32).reshape(shape)


X = tensor(N, 8)
CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], TensorType, list[tuple[Any, ...]]]] = {
    # name: operator, argument types and literals, keywords, result type, arguments to try
    "view": ("view.default", (X, (I64, 2, 4)), {}, tensor(N, 2, 4), [(array(3, 8), 3)]),
    "view of nothing": ("view.default", (X, (I64, 2, 4)), {}, tensor(N, 2, 4), [(array(0, 8), 0)]),
    "flatten": ("view.default", (X, (-1,)), {}, tensor(8 * N), [(array(3, 8),), (array(0, 8),)]),
    "expand": ("expand.default", (tensor(1, 8), (I64, -1)), {}, X, [(array(1, 8), 4)]),
    "expand to nothing": ("expand.default", (tensor(1, 8), (I64, 8)), {}, X, [(array(1, 8), 0)]),
    "repeat": (
        "repeat.default",
        (tensor(2, 3), (I64, 1)),
        {},
        tensor(2 * N, 3),
        [(array(2, 3), 2)],
    ),
    "select": (
        "select.int",
        (tensor(4, 8), 0, I64),
        {},
        tensor(8),
        [(array(4, 8), 2), (array(4, 8), -1)],
    ),
    "slice": (
        "slice.Tensor",
        (tensor(9, 2), 0, I64, I64),
        {},
        tensor(N, 2),
        [(array(9, 2), 2, 7), (array(9, 2), -4, -1), (array(9, 2), 3, 3)],
    ),
    "full": ("full.default", ((I64, 2), F64), {"dtype": F32}, tensor(N, 2), [(3, 0.1), (0, 1.0)]),
    "zeros": ("zeros.default", ((I64,),), {"dtype": DType.I64}, tensor(N, dtype=DType.I64), [(4,)]),
    "arange": (
        "arange.start_step",
        (0, I64, 1),
        {"dtype": DType.I64},
        tensor(N, dtype=DType.I64),
        [(5,), (0,)],
    ),
    "add an int": ("add.Tensor", (X, I64), {}, X, [(array(2, 8), 3)]),
    "add an int to ints": (
        "add.Tensor",
        (tensor(3, dtype=DType.I64), I64),
        {},
        tensor(3, dtype=DType.I64),
        [(numpy.array([1, 2, 3]), 2**40)],
    ),
    "scale by a float": ("mul.Tensor", (X, F64), {}, X, [(array(2, 8), 0.1)]),
    "scale doubles": (
        "mul.Tensor",
        (tensor(2, dtype=DType.F64), F64),
        {},
        tensor(2, dtype=DType.F64),
        [(numpy.array([0.1, 3.0]), 0.1)],
    ),
    "divide by an int": ("div.Tensor", (X, I64), {}, X, [(array(2, 8), 3)]),
    "compare": ("gt.Scalar", (X, F64), {}, tensor(N, 8, dtype=DType.I1), [(array(2, 8), 3.5)]),
    "fill": (
        "masked_fill.Scalar",
        (X, tensor(N, 8, dtype=DType.I1), F64),
        {},
        X,
        [(array(2, 8), array(2, 8) > 3, -0.5)],
    ),
    "clamp": ("clamp.default", (X, F64, None), {}, X, [(array(2, 8), 2.5)]),
    "softmax": ("_softmax.default", (X, -1, False), {}, X, [(array(3, 8),), (array(0, 8),)]),
    "mean of rows": (
        "mean.dim",
        (X, (0,)),
        {},
        tensor(8),
        [(array(3, 8),), (array(0, 8),)],
    ),
    "variance of rows": (
        "var.correction",
        (X, (0,)),
        {"correction": 1},
        tensor(8),
        [(array(3, 8),)],
    ),
    "argmax": ("argmax.default", (X, -1), {}, tensor(N, dtype=DType.I64), [(array(3, 8),)]),
    "select rows": (
        "index.Tensor",
        (X, (tensor(M, dtype=DType.I64),)),
        {},
        tensor(M, 8),
        [(array(4, 8), numpy.array([3, 0])), (array(4, 8), numpy.array([], numpy.int64))],
    ),
    "rows of a mask": (
        "index.Tensor",
        (X, (tensor(N, dtype=DType.I1),)),
        {},
        tensor(M, 8),
        [(array(3, 8), numpy.array([True, False, True])), (array(2, 8), numpy.zeros(2, bool))],
    ),
    "add rows": (
        "index_add.default",
        (X, 0, tensor(M, dtype=DType.I64), tensor(M, 8)),
        {},
        X,
        [(array(3, 8), numpy.array([1, 1]), array(2, 8))],
    ),
    "positions": (
        "nonzero.default",
        (tensor(N, 8),),
        {},
        tensor(M, 2, dtype=DType.I64),
        [(array(2, 8),), (numpy.zeros((2, 8), numpy.float32),)],
    ),
    "cat": (
        "cat.default",
        ((X, tensor(M, 8)),),
        {},
        tensor(N + M, 8),
        [(array(2, 8), array(0, 8))],
    ),
    "squeeze": (
        "squeeze.dims",
        (tensor(N, 1, 1), (1, 2)),
        {},
        tensor(N),
        [(array(3, 1, 1),), (array(1, 1, 1),)],
    ),
    "diagonal matrices": (
        "diag_embed.default",
        (tensor(N),),
        {},
        tensor(N, N),
        [(array(3),), (array(1),)],
    ),
    "mm": ("mm.default", (X, tensor(8, 2)), {}, tensor(N, 2), [(array(3, 8), array(8, 2))]),
    "log of sigmoid": ("log_sigmoid_forward.default", (X,), {}, X, [(array(3, 8),)]),
}


def build_call(name: str) -> tuple[Func, AtenOp, list[tuple[Any, ...]]]:
    target, arguments, keywords, result, tries = CALLS[name]
    builder = Builder()

    def fill(argument: Any) -> Any:
        if isinstance(argument, TensorType | ScalarType):
            return builder.param(argument)
        if isinstance(argument, tuple):
            return tuple(map(fill, cast("tuple[Any, ...]", argument)))
        return argument

    filled = [fill(argument) for argument in arguments]
    types = [result, tensor(0)] if target.startswith("log_sigmoid") else [result]
    op = AtenOp(
        arguments=tuple(filled),
        target=f"aten.{target}",
        keywords=tuple(keywords.items()),
        result_types=types,
    )
    builder.block.append(op)
    return builder.end(op.results[0]), op, tries


@pytest.mark.parametrize("name", CALLS)
def test_sizes_and_numbers_are_known_at_run_time_only(name: str):
    func, op, tries = build_call(name)
    assert isinstance(offer := load_backend("onnxruntime").bid(op), Bid), offer
    for arguments in tries:
        (actual,) = run(func, arguments)
        expected = eager(op, arguments)
        expected = expected[0] if isinstance(expected, tuple) else expected
        assert actual.dtype == expected.numpy().dtype
        numpy.testing.assert_allclose(actual, expected.numpy(), rtol=1e-6, atol=1e-6)


def test_parameters_and_results_keep_their_order():
    build = Builder()
    x, unused, n = build.param(tensor(2)), build.param(tensor(3)), build.param(I64)
    doubled = build.op("mul.Tensor", x, n, to=tensor(2))
    func = build.end(doubled, x, doubled, unused)
    first, same, again, passed = run(func, [array(2), array(3), 5])
    numpy.testing.assert_array_equal(first, [0, 5])
    numpy.testing.assert_array_equal(same, array(2))
    numpy.testing.assert_array_equal(again, first)
    numpy.testing.assert_array_equal(passed, array(3))


def test_numbers_of_each_kind_are_passed_as_they_are():
    build = Builder()
    integer, real, truth = build.param(I64), build.param(F64), build.param(I1)
    made = [
        build.op("scalar_tensor.default", integer, to=tensor(dtype=DType.I64), dtype=DType.I64),
        build.op("scalar_tensor.default", real, to=tensor(dtype=DType.F64), dtype=DType.F64),
        build.op("scalar_tensor.default", truth, to=tensor(dtype=DType.I1), dtype=DType.I1),
    ]
    assert [one.item() for one in run(build.end(*made), [2**53 + 1, 0.1, True])] == [
        2**53 + 1,
        0.1,
        True,
    ]


def test_equal_functions_give_equal_bytes():
    first, _, _ = build_call("rows of a mask")
    second, _, _ = build_call("rows of a mask")
    assert convert(first) == convert(second)


def test_dims_inside_of_parts_do_not_meet_dims_of_the_function():
    """Torch numbers the unknown sizes of each decomposition from u0 on, as the front end does."""
    build = Builder()
    x, rows = build.param(tensor(M, 4)), build.param(tensor(N, 4))
    positions = build.param(tensor(N, dtype=DType.I64))
    added = build.op("index_add.default", x, 0, positions, rows, to=tensor(M, 4))
    func = build.end(added, build.op("relu.default", rows, to=tensor(N, 4)))
    arguments = (array(5, 4), array(2, 4), numpy.array([4, 0]))
    first, second = run(func, arguments)
    added_by_torch = eager(cast(AtenOp, added.owner), (arguments[0], arguments[2], arguments[1]))
    numpy.testing.assert_array_equal(first, added_by_torch.numpy())
    numpy.testing.assert_array_equal(second, arguments[1])


def test_a_result_that_is_not_computed_is_refused_only_if_it_is_used():
    build = Builder()
    x = build.param(tensor(1, 2, 4, 8))
    types = [tensor(1, 2, 4, 8), tensor(1, 2, 4)]
    target = "aten._scaled_dot_product_flash_attention_for_cpu.default"
    op = build.block.append(AtenOp(arguments=(x, x, x), target=target, result_types=types))
    build.end(op.results[0])
    assert isinstance(load_backend("onnxruntime").bid(op), Bid)
    build.block.ops[-1].substitute({op.results[0]: op.results[1]})
    assert isinstance(load_backend("onnxruntime").bid(op), Miss)


@pytest.mark.parametrize(
    ("target", "value_type", "reason"),
    [
        ("relu.default", tensor(2, dtype=DType.BF16), "bf16"),
        ("neg.default", tensor(2, dtype=DType.C64), "c64"),
        ("relu.default", TensorType((2,), F32, "cuda:0"), "not on the CPU"),
        ("rand_like.default", tensor(2), "random"),
        ("relu_.default", tensor(2), "mutates"),
        ("cumprod.default", tensor(2), "no mapping"),
    ],
)
def test_refusal_names_its_reason(target: str, value_type: TensorType, reason: str):
    build = Builder()
    dim = (0,) if target.startswith("cumprod") else ()
    value = build.op(target, build.param(value_type), *dim, to=value_type)
    assert isinstance(value.owner, AtenOp)
    offer = load_backend("onnxruntime").bid(value.owner)
    assert isinstance(offer, Miss)
    assert reason in offer.reason


def test_ops_that_differ_in_a_literal_are_tried_apart():
    build = Builder()
    x = build.param(tensor(2, dtype=DType.I64))
    results = [
        build.op("add.Tensor", x, 1, to=tensor(2, dtype=DType.I64)),
        build.op("add.Tensor", x, 1.0, to=tensor(2)),
        build.op("add.Tensor", x, True, to=tensor(2, dtype=DType.I64)),
    ]
    backend = load_backend("onnxruntime")
    for value in results:
        assert isinstance(value.owner, AtenOp)
        assert isinstance(backend.bid(value.owner), Bid)
    sums = run(build.end(*results), [numpy.array([1, 2])])
    assert [one.dtype.name for one in sums] == ["int64", "float32", "int64"]
