"""Every call of the corpus is refused with the stated reason or computed as torch does."""

from __future__ import annotations

import warnings

import numpy
import pytest
import torch

from modelc.backends import Bid, Miss, load_backend
from modelc.ir import DType
from modelc.runtime.engines import load_engine

from .calls import Call, make_call
from .corpus import CASES, Case

TOLERANCES = {"float16": (5e-3, 1e-2), "float32": (1e-5, 1e-5), "float64": (1e-12, 1e-12)}
"""Relative and absolute tolerance; all other types must be equal.

In f16 torch and ONNX Runtime add in different orders, and round after different steps.
"""

RUNS = [(case, dtype) for case in CASES for dtype in case.dtypes]


def name_of(run: tuple[Case, DType]) -> str:
    case, dtype = run
    return f"{case.target}-{dtype}"


def make(run: tuple[Case, DType]) -> Call:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of variances of one element
        return make_call(*run)


def assert_equal(actual: numpy.ndarray, expected: torch.Tensor) -> None:
    wanted = expected.resolve_neg().numpy()
    assert actual.dtype == wanted.dtype
    assert actual.shape == wanted.shape
    relative, absolute = TOLERANCES.get(wanted.dtype.name, (0.0, 0.0))
    numpy.testing.assert_allclose(actual, wanted, rtol=relative, atol=absolute)


def run_with(engine: str, call: Call) -> list[numpy.ndarray]:
    subnet = load_engine(engine, 1).prepare(load_backend(engine).emit(call.func), {})
    return list(subnet([tensor.contiguous().numpy() for tensor in call.inputs]))


@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_call_is_refused_or_computed_as_torch_does(run: tuple[Case, DType]):
    call = make(run)
    offer = load_backend("onnxruntime").bid(call.op)
    if run[0].miss:
        assert isinstance(offer, Miss)
        assert run[0].miss in offer.reason
        return
    assert isinstance(offer, Bid), offer
    for actual, expected in zip(run_with("onnxruntime", call), call.expected, strict=True):
        assert_equal(actual, expected)


@pytest.mark.parametrize("run", RUNS[::7], ids=name_of)
def test_torch_computes_what_torch_computes(run: tuple[Case, DType]):
    call = make(run)
    assert isinstance(load_backend("torch").bid(call.op), Bid)
    if "random" in run[0].miss:
        return
    for actual, expected in zip(run_with("torch", call), call.expected, strict=True):
        assert_equal(actual, expected)


def test_corpus_covers_the_common_operators():
    assert len({case.target for case in CASES}) >= 200


@pytest.mark.parametrize("shape", [(2, 3), ()])
def test_comparison_rejects_wrong_answers(shape: tuple[int, ...]):
    right = torch.ones(shape)
    for wrong in (right + 1e-3, right.double(), right[None]):
        with pytest.raises(AssertionError):
            assert_equal(wrong.numpy(), right)
