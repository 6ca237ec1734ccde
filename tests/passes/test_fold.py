"""Folding of tensors, which needs the values of the weights."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from modelc.ir import Module, Op, Symbol
from modelc.ir.graph import AtenOp
from modelc.ir.host import LoadWeight, arith
from modelc.ir.reference import Interpreter
from modelc.ir.text import parse_module
from modelc.passes import PassContext, run_pipeline, verify_passes
from modelc.passes.fold import TensorFolder
from modelc.passes.patterns import Miss, Replacement

PROGRAM = """
module @m {{level = captured}} {{
  weight @w : tensor<[4], f32>
  weight @n : tensor<[], i64>
  host func @main(%x: tensor<[4], f32>) {{
    %w = host.weight {{symbol = @w}} : tensor<[4], f32>
    %n = host.weight {{symbol = @n}} : tensor<[], i64>
{body}
    host.return([%y]) {{structure = tuple(leaf(0))}}
  }}
}}
"""

_T = "tensor<[4], f32>"
ADD_EXP = (f"%0 = aten.exp.default(%w) : {_T}", f"%y = aten.add.Tensor(%x, %0) : {_T}")


def program(*lines: str) -> Module:
    """Return the program that computes `%y` by `lines` from input and weights."""
    return parse_module(PROGRAM.format(body="\n".join(lines)), "m.mc")


def weights() -> dict[Symbol, torch.Tensor]:
    """Return values for the weights of the program."""
    return {Symbol("w"): torch.arange(4.0), Symbol("n"): torch.tensor(3)}


def ops_after(module: Module, context: PassContext, pipeline: str = "fold,dce") -> list[Op]:
    """Return the ops of the program after `pipeline`."""
    run_pipeline(module, pipeline, context, [verify_passes])
    (func,) = module.funcs.values()
    return list(func.ops)


def results(module: Module, values: Mapping[Symbol, torch.Tensor]) -> torch.Tensor | float:
    """Return what the program computes of a fixed input."""
    (result,) = Interpreter(module, values).run(torch.tensor([1.0, -2.0, 3.0, -4.0]))
    return result


def test_a_small_weight_is_computed_once():
    lines = (
        f"%0 = aten.mul.Tensor(%w, 2) : {_T}",
        "%1 = aten.view.default(%0, [2, 2]) : tensor<[2, 2], f32>",
        "%2 = aten.exp.default(%1) : tensor<[2, 2], f32>",
        f"%3 = aten.view.default(%2, [4]) : {_T}",
        f"%y = aten.add.Tensor(%x, %3) : {_T}",
    )
    context = PassContext(weights=weights())
    module = program(*lines)
    load, view, add, _ = ops_after(module, context)
    assert isinstance(load, LoadWeight)
    assert [view.name, add.name] == ["aten.view.default", "aten.add.Tensor"]
    assert context.weights is not None
    assert torch.equal(context.weights[load.symbol], (torch.arange(4.0) * 2).exp().view(2, 2))
    assert list(module.weights) == [load.symbol]
    expected, actual = results(program(*lines), weights()), results(module, context.weights)
    assert isinstance(expected, torch.Tensor) and isinstance(actual, torch.Tensor)
    assert torch.equal(expected, actual)


def test_an_item_of_a_weight_is_a_constant():
    module = program("%y = host.item(%n) : i64")
    constant, _ = ops_after(module, PassContext(weights=weights()))
    assert isinstance(constant, arith.Constant)
    assert constant.value == 3
    assert results(module, {}) == 3


def test_an_item_of_a_filled_tensor_is_a_constant():
    line = "%0 = aten.full.default([], 2.5) {dtype = f32} : tensor<[], f32>"
    module = program(line, "%y = host.item(%0) : f64")
    constant, _ = ops_after(module, PassContext(weights=weights()))
    assert isinstance(constant, arith.Constant)
    assert constant.value == 2.5


def test_a_folded_weight_is_loaded_in_the_entry():
    lines = ("cf.br(^next)", "^next {", *ADD_EXP)
    module = parse_module(PROGRAM.format(body="\n".join(lines)) + "}", "m.mc")
    load, *_ = ops_after(module, PassContext(weights=weights()))
    assert isinstance(load, LoadWeight)
    assert load.parent is module.host_funcs[0].body.entry


REASONS = [
    (
        (f"%y = aten.exp.default(%w) : {_T}",),
        "a caller could write to the result, which every call must make anew",
    ),
    (
        (f"%0 = aten.mul.Tensor(%w, %x) : {_T}", f"%y = aten.exp.default(%0) : {_T}"),
        "an operand is not known",
    ),
    (
        (f"%0 = aten.bernoulli.default(%w) : {_T}", f"%y = aten.exp.default(%0) : {_T}"),
        "it is random",
    ),
    (
        (f"%0 = aten.zeros.default([4]) : {_T}", f"%y = aten.add.Tensor(%x, %0) : {_T}"),
        "it reads no weight",
    ),
    (
        (
            "%0 = aten.view.default(%w, [4, 1]) : tensor<[4, 1], f32>",
            "%y = aten.add.Tensor(%0, %x) : tensor<[4, 4], f32>",
        ),
        "a view costs nothing, and another layout could round differently",
    ),
    (
        (
            "%0 = aten.repeat.default(%w, [2000, 1]) : tensor<[2000, 4], f32>",
            "%y = aten.add.Tensor(%0, %x) : tensor<[2000, 4], f32>",
        ),
        "a result is large or of unknown size",
    ),
]


@pytest.mark.parametrize(("lines", "reason"), REASONS, ids=[reason for _, reason in REASONS])
def test_what_must_stay(lines: tuple[str, ...], reason: str):
    heard: list[str] = []

    def hear(pattern: str, op: Op, why: str) -> None:
        if pattern == "fold-tensor":
            heard.append(why)

    module = program(*lines)
    before = len(list(module.host_funcs[0].ops))
    ops = ops_after(module, PassContext(weights=weights(), on_miss=hear), "fold")
    assert len(ops) == before
    assert reason in heard


def test_a_large_weight_is_read_where_the_result_is_small():
    lines = (
        "%0 = aten.sum.default(%w) : tensor<[], f32>",
        f"%1 = aten.exp.default(%w) : {_T}",
        f"%2 = aten.add.Tensor(%1, %0) : {_T}",
        f"%y = aten.add.Tensor(%x, %2) : {_T}",
    )
    module = program(*lines)
    total, exp, *_ = list(module.host_funcs[0].ops)[2:]
    assert isinstance(total, AtenOp) and isinstance(exp, AtenOp)
    folder = TensorFolder(module, PassContext(weights=weights()), 2)
    assert folder.fold_tensor(exp) == Miss("a result is large or of unknown size")
    assert isinstance(folder.fold_tensor(total), Replacement)


def test_without_values_nothing_is_read():
    module = program("%y = host.item(%n) : i64")
    assert [op.name for op in ops_after(module, PassContext())][-2] == "host.item"
