"""How sub-networks are cut and named."""

from __future__ import annotations

import pytest

from modelc.diagnostics import Location
from modelc.ir import Module, Op
from modelc.ir.graph import AtenOp
from modelc.ir.text import parse_module
from modelc.passes import PassContext, run_pipeline, verify_passes

CHAIN = ["relu", "exp", "neg", "sin", "abs"]


def chain(*targets: str) -> Module:
    """Return the program that applies `targets` one after the other."""
    values = ["x", *(f"v{number}" for number in range(len(targets)))]
    lines = [
        f"%{result} = aten.{target}.default(%{operand}) : tensor<[4], f32>"
        for target, operand, result in zip(targets, values, values[1:], strict=False)
    ]
    body = "\n".join(lines)
    text = f"""
module @m {{level = captured}} {{
  host func @main(%x: tensor<[4], f32>) {{
{body}
    host.return([%{values[-1]}]) {{structure = tuple(leaf(0))}}
  }}
}}
"""
    return parse_module(text, "m.mc")


def outlined(module: Module, context: PassContext) -> dict[str, list[str]]:
    """Return the ATen ops of each graph function after outlining."""
    run_pipeline(module, "outline-subnets", context, [verify_passes])
    return {
        str(func.symbol): [op.name.split(".")[1] for op in func.ops if isinstance(op, AtenOp)]
        for func in module.graph_funcs
    }


def test_one_engine_takes_a_run():
    assert outlined(chain(*CHAIN), PassContext()) == {"main_0": CHAIN}


def test_a_run_ends_where_the_engine_changes():
    def engine_of(op: Op) -> str:
        return "torch" if op.name == "aten.neg.default" else "onnxruntime"

    context = PassContext(engine_of=engine_of)
    assert list(outlined(chain(*CHAIN), context).values()) == [CHAIN[:2], ["neg"], CHAIN[3:]]
    assert [decision.text for decision in context.decisions] == [
        "@main_0: 2 ops for the engine onnxruntime",
        "@main_1: 1 ops for the engine torch",
        "@main_2: 2 ops for the engine onnxruntime",
    ]


def test_engines_may_come_as_a_mapping():
    module = chain("relu", "exp")
    ops = [op for op in module.host_funcs[0].ops if isinstance(op, AtenOp)]
    engines: dict[Op, str] = {ops[0]: "one", ops[1]: "two"}
    assert len(outlined(module, PassContext(engine_of=engines))) == 2


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["layer1.0", "layer1.0"], "layer1_0_0"),
        (["layer1.0.conv", "layer1.0.bn"], "layer1_0_0"),
        (["layer1.0", "layer1.10"], "layer1_0"),
        (["", "layer1.0"], "layer1_0"),
        (["gate", "layer1.0", "layer1.1"], "layer1_0"),
        (["", ""], "main_0"),
        (["0.conv", "0.bn"], "_0_0"),
    ],
)
def test_name_tells_the_module(paths: list[str], name: str):
    module = chain(*CHAIN[: len(paths)])
    ops = [op for op in module.host_funcs[0].ops if isinstance(op, AtenOp)]
    for op, path in zip(ops, paths, strict=True):
        op.loc = Location("model.py", 1, module_path=path)
    assert list(outlined(module, PassContext())) == [name]
    (func,) = module.graph_funcs
    assert func.loc == ops[0].loc


def test_views_of_weights_stand_where_they_are_read():
    text = """
module @m {level = captured} {
  weight @w : tensor<[4, 4], f32>
  host func @main(%x: tensor<[4, 4], f32>) {
    %w = host.weight {symbol = @w} : tensor<[4, 4], f32>
    %0 = aten.relu.default(%x) : tensor<[4, 4], f32>
    %1 = aten.sum.default(%0) : tensor<[], f32>
    %2 = host.item(%1) : f64
    %3 = aten.t.default(%w) : tensor<[4, 4], f32>
    %4 = aten.mul.Tensor(%3, %2) : tensor<[4, 4], f32>
    host.return([%4]) {structure = tuple(leaf(0))}
  }
}
"""
    names = outlined(parse_module(text, "m.mc"), PassContext())
    assert list(names.values()) == [["relu", "sum"], ["t", "mul"]]


def test_constants_that_leave_the_block_stay_before_what_reads_them():
    text = """
module @m {level = captured} {
  host func @main() {
    %0 = aten.ones.default([4]) : tensor<[4], f32>
    %1 = aten.mul.Tensor(%0, %0) : tensor<[4], f32>
    %2 = aten.neg.default(%1) : tensor<[4], f32>
    host.return([%0, %2]) {structure = tuple(leaf(0), leaf(1))}
  }
}
"""
    names = outlined(parse_module(text, "m.mc"), PassContext())
    assert list(names.values()) == [["ones", "mul", "neg"]]
