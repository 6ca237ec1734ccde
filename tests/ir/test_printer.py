"""The text form: what modules, ops, literals and locations look like."""

import math
from typing import Any

import pytest

from modelc.diagnostics import Location
from modelc.ir import (
    I64,
    Cell,
    Constant,
    DimRange,
    DType,
    Func,
    Leaf,
    Mapping,
    Module,
    Record,
    Sequence,
    Successor,
    Symbol,
    TensorType,
    Weight,
    format_op,
    print_func,
    print_module,
    symbol,
)
from modelc.ir.graph import AtenOp, Device, FuncReturn, Layout, MemoryFormat
from modelc.ir.host import Branch, CondBranch, Item, LoadWeight, Return, arith
from modelc.ir.structure import Structure
from modelc.ir.types import Dim


def tensor(*shape: Dim) -> TensorType:
    return TensorType(shape, DType.F32)


def early_exit() -> Module:
    """Return a small captured module, built by hand."""
    module = Module("demo", target="cpu")
    batch = symbol("B")
    module.dims["B"] = DimRange("B", 1, 64)
    weight = Symbol("fc.weight")
    module.weights[weight] = Weight(weight, tensor(8, 8), "00ff")
    module.cells[Symbol("count")] = Cell(Symbol("count"), "count", 0)
    func = module.add(Func(Symbol("main"), "host", inputs=Mapping(("x",), (Leaf(0),))))
    entry, last = func.body.add_block(), func.body.add_block("exit")
    other = func.body.add_block()
    x = entry.add_argument(tensor(batch, 8), "x")
    loaded = entry.append(LoadWeight(weight, result_types=[tensor(8, 8)]))
    loaded.out.name = "w"
    y = entry.append(AtenOp((x, loaded.out), "aten.mm.default", result_types=[tensor(batch, 8)]))
    y.out.name = "y"
    top = entry.append(AtenOp((y.out,), "aten.max.default", result_types=[tensor()]))
    item = entry.append(Item(top.out))
    half = entry.append(arith.Constant(0.5))
    sure = entry.append(arith.Compare(item.out, half.out, arith.Predicate.GT))
    sure.out.name = "sure"
    entry.append(CondBranch(sure.out, Successor(last, (y.out,)), Successor(other)))
    z = last.add_argument(tensor(batch, 8), "y")
    last.append(Return((z,), Sequence("tuple", (Leaf(0), Constant(1)))))
    scaled = other.append(AtenOp((y.out, 2.0), "aten.mul.Tensor", result_types=[tensor(batch, 8)]))
    other.append(Branch(Successor(last, (scaled.out,))))
    return module


EARLY_EXIT = """\
module @demo {level = captured, target = "cpu"} {
  dim B {min = 1, max = 64}

  weight @fc.weight : tensor<[8, 8], f32> {digest = "00ff"}

  cell @count {path = "count", initial = 0}

  host func @main(%x: tensor<[B, 8], f32>) {inputs = dict(["x", leaf(0)])} {
    %w = host.weight {symbol = @fc.weight} : tensor<[8, 8], f32>
    %y = aten.mm.default(%x, %w) : tensor<[B, 8], f32>
    %0 = aten.max.default(%y) : tensor<[], f32>
    %1 = host.item(%0) : f64
    %2 = arith.constant {value = 0.5} : f64
    %sure = arith.compare(%1, %2) {predicate = gt} : i1
    cf.cond_br(%sure, ^exit(%y), ^bb2)

    ^exit(%y_1: tensor<[B, 8], f32>) {
      host.return([%y_1]) {structure = tuple(leaf(0), 1)}
    }

    ^bb2 {
      %3 = aten.mul.Tensor(%y, 2.0) : tensor<[B, 8], f32>
      cf.br(^exit(%3))
    }
  }
}
"""


def test_a_module_reads_from_top_to_bottom():
    assert print_module(early_exit()) == EARLY_EXIT


def test_printing_twice_gives_the_same_text():
    module = early_exit()
    assert print_module(module) == print_module(module)


def graph_func(argument: Any, keywords: tuple[tuple[str, Any], ...] = ()) -> Func:
    """Return a function with one op on its parameter and `argument`."""
    func = Func(Symbol("f"), "graph")
    block = func.body.add_block()
    x = block.add_argument(tensor(2), "x")
    op = block.append(AtenOp((x, argument), "aten.op.out", keywords, result_types=[tensor(2)]))
    block.append(FuncReturn((op.out,)))
    return func


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (None, "none"),
        (True, "true"),
        (False, "false"),
        (-3, "-3"),
        (2.0, "2.0"),
        (1e-05, "1e-05"),
        (-0.0, "-0.0"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (-1.5j, "complex(-0.0, -1.5)"),
        ('a "b"\n', r'"a \"b\"\n"'),
        (DType.BF16, "bf16"),
        (Device("cuda:0"), 'device("cuda:0")'),
        (MemoryFormat.CHANNELS_LAST, 'memory("channels_last")'),
        (Layout.STRIDED, 'layout("strided")'),
        ((1, (2.5, None)), "[1, [2.5, none]]"),
        ((), "[]"),
    ],
)
def test_arguments_print_as_literals(literal: object, text: str):
    (op, _) = graph_func(literal).ops
    assert format_op(op) == f"%0 = aten.op.out(%x, {text}) : tensor<[2], f32>"


def test_keywords_print_as_attributes():
    func = graph_func(1, (("alpha", 2), ("dtype", DType.F16)))
    (op, _) = func.ops
    assert format_op(op).startswith("%0 = aten.op.out(%x, 1) {alpha = 2, dtype = f16} : ")


def test_a_function_prints_alone():
    assert print_func(graph_func(1)) == (
        "graph func @f(%x: tensor<[2], f32>) -> tensor<[2], f32> {\n"
        "  %0 = aten.op.out(%x, 1) : tensor<[2], f32>\n"
        "  func.return(%0)\n"
        "}\n"
    )


def test_a_long_head_has_a_line_per_parameter():
    func = Func(Symbol("f"), "graph")
    block = func.body.add_block()
    for _ in range(4):
        block.add_argument(tensor(2, 3, 4), "weight")
    block.append(FuncReturn(()))
    assert print_func(func).splitlines()[:6] == [
        "graph func @f(",
        "    %weight: tensor<[2, 3, 4], f32>,",
        "    %weight_1: tensor<[2, 3, 4], f32>,",
        "    %weight_2: tensor<[2, 3, 4], f32>,",
        "    %weight_3: tensor<[2, 3, 4], f32>",
        ") {",
    ]


def names(*hints: str) -> list[str]:
    """Return the names that parameters with these hints print under."""
    func = Func(Symbol("f"), "graph")
    block = func.body.add_block()
    for hint in hints:
        block.add_argument(I64, hint)
    block.append(FuncReturn(tuple(block.args)))
    return print_func(func).splitlines()[-2].strip().removeprefix("func.return(")[:-1].split(", ")


def test_equal_hints_are_numbered():
    assert names("x", "x", "x_1", "x") == ["%x", "%x_1", "%x_1_1", "%x_2"]


def test_values_without_hint_are_counted():
    assert names("", "x", "7", "") == ["%0", "%x", "%1", "%2"]


def test_hints_become_words():
    assert names("layer.0/weight", "größe") == ["%layer_0_weight", "%gr__e"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layer.0.weight", "@layer.0.weight"),
        ("0.weight", "@0.weight"),
        ("a-b.c", '@"a-b.c"'),
        ("größe", '@"größe"'),
    ],
)
def test_odd_symbols_are_quoted(name: str, text: str):
    module = Module("m")
    module.weights[Symbol(name)] = Weight(Symbol(name), tensor(2))
    assert f"  weight {text} : tensor<[2], f32>\n" in print_module(module)


@pytest.mark.parametrize(
    ("structure", "text"),
    [
        (Leaf(3), "leaf(3)"),
        (Constant(None), "none"),
        (Sequence("list", ()), "list()"),
        (Mapping(("a", 1), (Leaf(0), Constant("b"))), 'dict(["a", leaf(0)], [1, "b"])'),
        (
            Record("namedtuple", "models:Output", ("logits",), (Leaf(0),)),
            'namedtuple("models:Output", ["logits", leaf(0)])',
        ),
        (Record("dataclass", "models:Nothing", (), ()), 'dataclass("models:Nothing")'),
    ],
)
def test_structures_print_as_calls(structure: Structure, text: str):
    assert format_op(Return((), structure)) == f"host.return([]) {{structure = {text}}}"


def test_default_operands_and_attributes_are_not_written():
    op = Return((), Leaf(0), copied_inputs=(1,))
    assert format_op(op) == "host.return([]) {structure = leaf(0), copied_inputs = [1]}"


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (4, "4"),
        (symbol("B"), "B"),
        (symbol("u0") + 1, "?u0 + 1"),
        (2 * symbol("B") * symbol("u12"), "2*B*?u12"),
    ],
)
def test_dims_print_infix(dim: Dim, text: str):
    assert str(tensor(dim, 3)) == f"tensor<[{text}, 3], f32>"


def test_other_devices_are_part_of_the_type():
    assert str(TensorType((2,), DType.F16, "cuda:0")) == 'tensor<[2], f16, "cuda:0">'


def test_locations_stand_in_a_table_callers_first():
    module = early_exit()
    (func,) = module.host_funcs
    caller = Location("main.py", 3, 1, 9, "run")
    place = Location("model.py", 12, 5, 20, "forward", "layers.0", caller)
    next(func.ops).loc = place
    text = print_module(module, locations=True)
    assert "host.weight {symbol = @fc.weight} : tensor<[8, 8], f32> loc(#1)\n" in text
    assert text.endswith(
        "}\n\n"
        "locations {\n"
        '  #0 = "main.py":3:1-9 {function = "run"}\n'
        '  #1 = "model.py":12:5-20 {function = "forward", module = "layers.0", caller = #0}\n'
        "}\n"
    )
    assert print_module(module) == EARLY_EXIT
