"""Whatever NumPy takes, it computes as eager does, whatever the elements are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
import torch
from torch.utils import _pytree

from modelc.backends import load_backend
from modelc.backends.numpy.engine import NumpyBackend
from modelc.backends.numpy.mappings import MAPPINGS
from modelc.backends.numpy.program import Unsupported
from modelc.ir.graph import overload
from modelc.runtime.engines import load_engine

from ..onnx.calls import Call, graph_of

INF, NAN = float("inf"), float("nan")
FLOATS = [NAN, INF, -INF, 0.0, -0.0, 0.5, 1.5, 2.5, -2.5, 1e38, -3e38, 1e-40, 0.1, 7.0, -1.0, 100.0]
INTS = [0, 1, -1, 7, -7, 2**31 - 1, -(2**31), 100, 3, 2, 50, -3, 0, 1, 5, 6]
DTYPES = (torch.float32, torch.float64, torch.int64, torch.int32, torch.bool)
SHAPES = ((), (5,), (2, 3), (3, 1, 4))
ROUNDED = {torch.float32: 1e-6, torch.float64: 1e-13}  # sums and powers of e round elsewhere

Make = Callable[[int], torch.Tensor]
"""From a number to a tensor that differs from those of other numbers."""

BINARY = ("add", "sub", "rsub", "mul", "div", "eq", "ne", "lt", "le", "gt", "ge")
PAIRS = ("maximum", "minimum", "logical_and", "logical_or", "logical_xor")
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor")
UNARY = (
    *("neg", "abs", "relu", "logical_not", "bitwise_not", "exp", "log", "sqrt", "tanh", "floor"),
    *("ceil", "round", "sigmoid", "reciprocal", "isnan", "sum", "mean", "prod", "max", "min"),
    *("any", "all", "argmax", "argmin", "squeeze", "alias", "clone", "detach", "_to_copy"),
    *("ones_like", "zeros_like"),
)
NUMBERS = (2, -3, 0.3, True, 2**40)


def arguments_of(target: str, make: Make, rank: int) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Yield arguments and keywords of calls of `target` whose first tensor has `rank`."""
    name, overload_name = target.split(".")[1:]
    x = make(0)
    if name in BINARY and overload_name == "Tensor":
        yield from (([x, other], {}) for other in (make(1), make(2).double(), one_column(x), 2))
        yield from (([x, make(1)], {"alpha": 2}) for _ in range(name in ("add", "sub")))
    elif name in BINARY:
        yield from (([x, number], {}) for number in NUMBERS)
    elif name in (*PAIRS, *BITS):
        yield from (([x, other], {}) for other in (make(1), make(2).int()))
    elif overload_name == "default" and name in UNARY:
        yield [x], {}
        if name in ("argmax", "argmin"):
            yield from (([x, d, keep], {}) for d in range(rank) for keep in (False, True))
    else:
        yield from others(target, make, rank)


def one_column(x: torch.Tensor) -> torch.Tensor:
    """Return what has one element along the last axis."""
    return x[..., :1] if x.ndim else x


def others(target: str, make: Make, rank: int) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Yield arguments of the operators that look like no others."""
    x, axes = make(0), range(-rank, rank)
    match target.removeprefix("aten."):
        case "clamp.default":
            yield from (([x, *bounds], {}) for bounds in ((-1, 2), (None, 0.5), (0,), (3, 1)))
        case "clamp_min.default" | "clamp_max.default" | "pow.Tensor_Scalar":
            yield from (([x, number], {}) for number in NUMBERS)
        case "where.self":
            yield from (([make(3) > 0, x, other], {}) for other in (make(1), make(2).double()))
        case "sum.dim_IntList" | "mean.dim":
            yield from (([x, [d], keep], {}) for d in axes for keep in (False, True))
            yield [x, None], {}
            yield [x, [0], False], {"dtype": torch.float64}
        case "amax.default" | "amin.default" | "squeeze.dims":
            yield from (([x, [d]], {}) for d in axes)
        case "max.dim" | "min.dim" | "any.dim" | "all.dim":
            yield from (([x, d, keep], {}) for d in axes for keep in (False, True))
        case "_softmax.default":
            yield from (([x, d, False], {}) for d in axes)
        case "squeeze.dim" | "unsqueeze.default":
            yield from (([x, d], {}) for d in (*axes, -1))
        case "view.default" | "_unsafe_view.default" | "reshape.default":
            yield from (([x, shape], {}) for shape in ([-1], [1, -1, 1], []))
        case "select.int":
            yield from (([x, d, index], {}) for d in axes for index in (0, -1))
        case "expand.default":
            yield [x, [2, *x.shape]], {}
        case "cat.default" | "stack.default":
            yield from (([[x, make(1), x], d], {}) for d in axes)
        case _:
            yield from fills(target, x)


def fills(target: str, x: torch.Tensor) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Yield arguments of operators that make tensors."""
    keywords = {"dtype": x.dtype}
    match target.removeprefix("aten."):
        case "full.default":
            yield from (([list(x.shape), number], keywords) for number in (2, 0.3, INF, True))
        case "full_like.default":
            yield from (([x, number], {}) for number in (2, True))
        case "scalar_tensor.default":
            yield from (([number], keywords) for number in (2, 0.3, NAN))
        case "ones.default" | "zeros.default":
            yield [list(x.shape)], keywords
        case _:
            raise AssertionError(f"no call of {target} is tested")


def tensor(shape: tuple[int, ...], dtype: torch.dtype, seed: int, *, special: bool) -> torch.Tensor:
    """Return a tensor of special elements, or of random ones."""
    generator = torch.Generator().manual_seed(seed)
    count = torch.Size(shape).numel()
    if special:
        elements = torch.tensor(FLOATS if dtype.is_floating_point else INTS)
        chosen = elements[torch.randint(len(elements), (count,), generator=generator)]
    else:
        chosen = 4 * torch.rand(count, generator=generator) - 2
    return chosen.to(dtype).reshape(shape)


def calls(target: str) -> Iterator[Call]:
    """Yield calls of `target` that torch can compute."""
    for shape in SHAPES:
        for dtype in DTYPES:
            for special in (False, True):

                def make(number: int, s: Any = shape, d: Any = dtype, k: bool = special) -> Any:
                    return tensor(s, d, number, special=k)

                for arguments, keywords in arguments_of(target, make, len(shape)):
                    try:
                        results = overload(target)(*arguments, **keywords)
                    except (RuntimeError, IndexError):
                        continue
                    yield graph_of(target, arguments, keywords, _pytree.tree_leaves(results))


def computed(call: Call) -> list[numpy.ndarray]:
    """Return what the engine computes; raises Unsupported."""
    subnet = load_engine("numpy").prepare(NumpyBackend().emit(call.func), {})
    return list(subnet([tensor.contiguous().numpy() for tensor in call.inputs]))


@pytest.mark.parametrize("target", MAPPINGS)
def test_elements_are_those_of_eager(target: str):
    taken = 0
    for call in calls(target):
        try:
            results = computed(call)
        except Unsupported:
            continue
        taken += 1
        for actual, expected in zip(results, call.expected, strict=True):
            assert_same(actual, expected, call)
            assert all(not numpy.shares_memory(actual, each.numpy()) for each in call.inputs)
    assert taken


def assert_same(actual: Any, expected: torch.Tensor, call: Call) -> None:
    """Check type, layout and elements."""
    assert type(actual) is numpy.ndarray
    assert actual.flags.c_contiguous
    assert actual.flags.writeable
    tolerance = ROUNDED.get(expected.dtype, 0.0)
    message = f"{call.op.target}({call.inputs})"
    torch.testing.assert_close(
        torch.from_numpy(actual),  # pyright: ignore[reportUnknownMemberType]: partly untyped
        expected,
        rtol=tolerance,
        atol=0.0,
        equal_nan=True,
        msg=lambda text: f"{message}: {text}",
    )


def test_comparison_rejects_wrong_answers():
    call = next(calls("aten.neg.default"))
    for wrong in (numpy.float32(1.0), numpy.array(1.0), numpy.ones(1, numpy.float32)):
        with pytest.raises(AssertionError):
            assert_same(wrong, torch.tensor(2.0), call)


def test_no_other_operator_is_taken():
    x = torch.randn(3)
    call = graph_of("aten.erf.default", [x], {}, [x.erf()])
    with pytest.raises(Unsupported, match="erf"):
        NumpyBackend().emit(call.func)
    assert not load_backend("numpy").is_faster(call.func)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]: the only one that has it
