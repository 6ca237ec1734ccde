"""Hints for values without one."""

from modelc.ir import name_results, parse_module, print_module

BEFORE = """\
module @m {level = captured} {
  weight @block.0.weight : tensor<[4], f32>

  cell @count {path = "count", initial = 0}

  host func @main(%x: tensor<[4], f32>) {
    %0 = host.weight {symbol = @block.0.weight} : tensor<[4], f32>
    %1 = host.read_cell {cell = @count} : i64
    %kept = aten._softmax.default(%x, 0, false) : tensor<[4], f32>
    %2 = aten._softmax.default(%x, 0, false) : tensor<[4], f32>
    %3, %4 = aten.max.dim(%0, 0) : (tensor<[], f32>, tensor<[], i64>)
    %5 = arith.constant {value = -2} : i64
    %6 = arith.constant {value = 0.5} : f64
    %7 = arith.truediv(%1, %5) : f64
    %8 = arith.math(%7) {function = "sqrt", kind = f64} : f64
    host.return([%8]) {structure = leaf(0)}
  }
}
"""

AFTER = """\
module @m {level = captured} {
  weight @block.0.weight : tensor<[4], f32>

  cell @count {path = "count", initial = 0}

  host func @main(%x: tensor<[4], f32>) {
    %block_0_weight = host.weight {symbol = @block.0.weight} : tensor<[4], f32>
    %count = host.read_cell {cell = @count} : i64
    %kept = aten._softmax.default(%x, 0, false) : tensor<[4], f32>
    %softmax = aten._softmax.default(%x, 0, false) : tensor<[4], f32>
    %max, %max_1 = aten.max.dim(%block_0_weight, 0) : (tensor<[], f32>, tensor<[], i64>)
    %cm2 = arith.constant {value = -2} : i64
    %c0_5 = arith.constant {value = 0.5} : f64
    %truediv = arith.truediv(%count, %cm2) : f64
    %sqrt = arith.math(%truediv) {function = "sqrt", kind = f64} : f64
    host.return([%sqrt]) {structure = leaf(0)}
  }
}
"""


def test_results_are_named_after_what_they_come_from():
    module = parse_module(BEFORE)
    name_results(module.host_funcs[0])
    assert print_module(module) == AFTER


def test_naming_twice_changes_nothing():
    module = parse_module(AFTER)
    name_results(module.host_funcs[0])
    assert print_module(module) == AFTER
