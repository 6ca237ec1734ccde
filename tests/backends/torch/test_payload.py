"""Graph functions as payloads of the engine `torch`."""

from __future__ import annotations

import json

import numpy
import pytest

from modelc.backends import Bid, Miss, load_backend
from modelc.ir import F64, I64, DType, Func, Symbol, TensorType
from modelc.ir.graph import AtenOp, Device, FuncReturn, Layout, MemoryFormat
from modelc.runtime.engines import load_engine

VECTOR = TensorType((3,), DType.F32)


def function(*ops: AtenOp) -> Func:
    """Return a function of no parameters that returns the first result of each op."""
    func = Func(Symbol("made"), "graph")
    block = func.body.add_block()
    for op in ops:
        block.append(op)
    block.append(FuncReturn(values=tuple(op.results[0] for op in ops)))
    return func


def test_literals_of_every_kind_arrive():
    keywords = (
        ("dtype", DType.F32),
        ("layout", Layout.STRIDED),
        ("device", Device("cpu")),
        ("pin_memory", False),
    )
    filled = [
        AtenOp(
            target="aten.full.default",
            arguments=((3,), value),
            keywords=keywords,
            result_types=[VECTOR],
        )
        for value in (float("inf"), float("-inf"), float("nan"), 2, True, 0.1)
    ]
    copied = AtenOp(
        target="aten.clone.default",
        arguments=(filled[-1].out,),
        keywords=(("memory_format", MemoryFormat.CONTIGUOUS),),
        result_types=[VECTOR],
    )
    gelu = AtenOp(
        target="aten.gelu.default",
        arguments=(filled[3].out,),
        keywords=(("approximate", "tanh"),),
        result_types=[VECTOR],
    )
    payload = load_backend("torch").emit(function(*filled, copied, gelu))
    results = load_engine("torch").prepare(payload, {})([])
    expected = [numpy.inf, -numpy.inf, numpy.nan, 2, 1, 0.1, 0.1, 1.954597]
    for result, value in zip(results, expected, strict=True):
        numpy.testing.assert_allclose(result, numpy.full(3, value, numpy.float32), rtol=1e-6)


def test_parameters_say_what_they_are():
    func = Func(Symbol("made"), "graph")
    block = func.body.add_block()
    x = block.add_argument(TensorType((3,), DType.BF16))
    n, f = block.add_argument(I64), block.add_argument(F64)
    kind = TensorType((3,), DType.BF16)
    added = AtenOp(target="aten.add.Tensor", arguments=(x, n), result_types=[kind])
    scaled = AtenOp(target="aten.mul.Tensor", arguments=(added.out, f), result_types=[kind])
    for op in (added, scaled):
        block.append(op)
    block.append(FuncReturn(values=(scaled.out,)))
    program = json.loads(load_backend("torch").emit(func))
    assert program["parameters"] == ["bf16", "number", "number"]
    assert program["results"] == [4]
    bits = numpy.array([0x3F80, 0, 0xBF80], numpy.uint16)  # 1, 0, -1
    (result,) = load_engine("torch").prepare(json.dumps(program).encode(), {})([bits, 1, 2.0])
    assert [hex(one) for one in result] == ["0x4080", "0x4000", "0x0"]  # 4, 2, 0


@pytest.mark.parametrize(
    ("target", "reason"),
    [("aten.no_such_operator.default", "no operator"), ("aten.relu_.default", "mutates")],
)
def test_what_torch_does_not_run_is_refused(target: str, reason: str):
    op = AtenOp(target=target, arguments=(), result_types=[VECTOR])
    offer = load_backend("torch").bid(op)
    assert isinstance(offer, Miss)
    assert reason in offer.reason


def test_random_operators_are_taken():
    op = AtenOp(target="aten.rand.default", arguments=((3,),), result_types=[VECTOR])
    assert isinstance(load_backend("torch").bid(op), Bid)
