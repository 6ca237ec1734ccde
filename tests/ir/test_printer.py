"""The text form: what a module looks like."""

from modelc.ir import (
    Cell,
    Constant,
    DimRange,
    DType,
    Func,
    Leaf,
    Mapping,
    Module,
    Sequence,
    Successor,
    Symbol,
    TensorType,
    Weight,
    symbol,
)
from modelc.ir.graph import AtenOp
from modelc.ir.host import Branch, CondBranch, Item, LoadWeight, Return, arith
from modelc.ir.text import print_module


def tensor(*shape: object, dtype: DType = DType.F32) -> TensorType:
    return TensorType(tuple(shape), dtype)  # pyright: ignore[reportArgumentType]: test shorthand


def early_exit() -> Module:
    """Return a small captured module that uses most of the text form."""
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
