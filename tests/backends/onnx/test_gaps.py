"""Each known gap is still one: without its guard a call gives an error or a wrong result."""

from __future__ import annotations

import math
import warnings

import numpy
import pytest

from modelc.backends.onnx import Unsupported, convert, gaps
from modelc.backends.onnx.call import Call
from modelc.ir import DType
from modelc.runtime.engines import load_engine

from .calls import make_call
from .corpus import F16, F32, I64, IMAGE, U8, Case, cases, i, p, t, v

WITNESSES: dict[str, tuple[DType, Case]] = {
    case.target: (dtype, case)
    for dtype, case in [
        (I64, *cases("angle.default", (v([-1, 2]),))),
        (F32, *cases("atan2.default", (v([0.0]), v([-1.0])))),
        (F32, *cases("avg_pool2d.default", (IMAGE, (2, 2), (2, 2), (0, 0), False, True, 5))),
        (F32, *cases("avg_pool3d.default", (t(1, 1, 4, 4, 4), (2,), (2,), (0,), False, True, 5))),
        (
            F32,
            *cases(
                "convolution.default",
                (t(1, 2, 4, 4), t(2, 2, 3, 3), None, (1,), (1,), (2,), True, (1,), 1),
            ),
        ),
        (F16, *cases("index_add.default", (t(3, 4), 0, v([1, 1], dtype=I64), t(2, 4)))),
        (F16, *cases("index_put.default", (t(4), (v([1, 1], dtype=I64),), t(2), True))),
        (F32, *cases("linalg_vector_norm.default", (t(3, 4), 1, None, True))),
        *(
            (F32, *cases(target, (IMAGE, p(3), t(3), t(3), p(3), True, 0.1, 1e-5)))
            for target in (
                "native_batch_norm.default",
                "_native_batch_norm_legit.default",
                "_native_batch_norm_legit_functional.default",
            )
        ),
        (F32, *cases("nll_loss_forward.default", (t(3, 4), i(4, 3), None, 1, -100))),
        (I64, *cases("pow.Scalar", (0, v([-1])))),
        (I64, *cases("pow.Tensor_Tensor", (v([0]), v([-1])))),
        (F32, *cases("replication_pad2d.default", (t(1, 2, 4, 4), (-4, 5, 0, 0)))),
        (F16, *cases("scatter_add.default", (t(3), 0, i(3, 3), t(3)))),
        (F32, *cases("scatter_reduce.two", (t(3, 4), 0, i(3, 2, 4), t(2, 4), "mean"))),
        (F32, *cases("special_erfcx.default", (v([20.0]),))),
        (F32, *cases("special_log_ndtr.default", (v([-20.0]),))),
        (F32, *cases("unique_consecutive.default", (v([3, 3, 1]), True, True))),
        (F32, *cases("_unique2.default", (v([math.nan, math.nan]),))),
        (F32, *cases("unique_dim.default", (v([math.nan, math.nan]), 0))),
        (F32, *cases("upsample_linear1d.default", (t(1, 2, 4), (6,), False, 1.7))),
        *(
            (F32, *cases(f"_upsample_{kind}2d_aa.default", (t(1, 1, 8, 8), (5, 9), True, 0.8, 1.0)))
            for kind in ("bilinear", "bicubic")
        ),
        (U8, *cases("upsample_bicubic2d.default", (t(1, 1, 9, 9), (4, 4), False))),
        (U8, *cases("upsample_bilinear2d.default", (t(1, 1, 9, 9), (4, 4), False))),
        (F32, *cases("linspace.Tensor_Scalar", (t(), -3, 1))),
        (F32, *cases("linspace.Tensor_Tensor", (t(), t(), 1))),
        (I64, Case("prims.pow.default", (v([0]), v([-1])))),
    ]
}


NOT_WITNESSED = {
    "aten::as_strided": "in eager mode a tensor lies in memory as it was made",
    "aten::nonzero": "its result has one row more only if the number of rows depends on data",
}


def qualified(target: str) -> str:
    """Return the name by which gaps are keyed."""
    namespace, operator, overload = target.split(".")
    return f"{namespace}::{operator}" + ("" if overload == "default" else f".{overload}")


def _no_reason(call: Call) -> None:
    """Stand in for what names the gap of a call."""


@pytest.fixture
def without_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelc.backends.onnx.emitter.gap_of", _no_reason)
    monkeypatch.setattr("modelc.backends.onnx.emitter.refusal_of", _no_reason)


def computes_what_torch_does(dtype: DType, case: Case) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call = make_call(case, dtype)
    try:
        subnet = load_engine("onnxruntime", 1).prepare(convert(call.func), {})
        actual = subnet([tensor.numpy() for tensor in call.inputs])
    except Exception:  # whatever ONNX Runtime does not take
        return False
    expected = [tensor.numpy() for tensor in call.expected]
    relative = 2e-3 if dtype.is_floating else 0.0
    return all(
        one.shape == other.shape and numpy.allclose(one, other, relative, 0.0, equal_nan=True)
        for one, other in zip(actual, expected, strict=True)
    )


@pytest.mark.parametrize("target", WITNESSES)
@pytest.mark.usefixtures("without_gaps")
def test_gap_is_still_open(target: str):
    assert not computes_what_torch_does(*WITNESSES[target]), "remove the gap: it is closed"


def test_every_gap_has_a_witness():
    witnessed = {qualified(target) for target in WITNESSES}
    assert {*gaps.GAPS, *gaps.REFUSED} == witnessed | NOT_WITNESSED.keys()


@pytest.mark.parametrize("target", WITNESSES)
def test_gap_is_closed_by_its_guard(target: str):
    dtype, case = WITNESSES[target]
    try:
        convert(make_call(case, dtype).func)
    except Unsupported:
        return
    assert computes_what_torch_does(dtype, case)
