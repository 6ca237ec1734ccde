"""Building, cloning, splitting and comparing."""

from collections.abc import Callable

import pytest

from modelc.diagnostics import UNKNOWN, DiagnosticError, Location
from modelc.ir import (
    I64,
    Builder,
    DType,
    Func,
    Module,
    Symbol,
    TensorType,
    are_equal,
    canonical_text,
    clone_func,
    clone_op,
    parse_module,
    print_func,
    print_module,
    split_block,
    symbol,
    verify,
)
from modelc.ir.core import Successor
from modelc.ir.graph import FuncReturn
from modelc.ir.host import Branch, arith

MATRIX = TensorType((symbol("B"), 8), DType.F32)
HERE, THERE = Location("model.py", 1), Location("model.py", 2)


def graph_func() -> Func:
    """Return a function with one parameter and nothing else."""
    func = Func(Symbol("f"), "graph")
    func.body.add_block().add_argument(MATRIX, "x")
    return func


def test_a_builder_appends():
    func = graph_func()
    builder, (x,) = Builder(func.body.entry, loc=HERE), func.params
    y = builder.aten("mul.Tensor", x, 2.0, name="y")
    low, _ = builder.aten("max.dim", y.out, 1, True).results
    z = builder.aten("cat.default", [y.out, low], 1)
    builder.insert(FuncReturn((z.out,)))
    assert print_func(func).splitlines()[1:-1] == [
        "  %y = aten.mul.Tensor(%x, 2.0) : tensor<[B, 8], f32>",
        "  %0, %1 = aten.max.dim(%y, 1, true) : (tensor<[B, 1], f32>, tensor<[B, 1], i64>)",
        "  %2 = aten.cat.default([%y, %0], 1) : tensor<[B, 9], f32>",
        "  func.return(%2)",
    ]
    assert {op.loc for op in func.ops} == {HERE}


def test_a_builder_takes_types_and_keywords():
    func = graph_func()
    op = Builder(func.body.entry).aten("add.Tensor", func.params[0], 1, alpha=2, types=[MATRIX])
    assert (op.keywords, op.out.type) == ((("alpha", 2),), MATRIX)


def test_a_builder_reports_what_torch_refuses():
    func = graph_func()
    with pytest.raises(DiagnosticError, match="MC0203"):
        Builder(func.body.entry).aten("mm.default", func.params[0], func.params[0])


def test_locations_nest():
    func = graph_func()
    builder = Builder(func.body.entry)
    with builder.at(HERE):
        with builder.at(THERE):
            inner = builder.insert(arith.Constant(1))
        outer = builder.insert(arith.Constant(2))
        own = builder.insert(arith.Constant(3, loc=THERE))
    last = builder.insert(arith.Constant(4), "four")
    assert [op.loc for op in (inner, outer, own, last)] == [THERE, HERE, THERE, UNKNOWN]
    assert last.out.name == "four"


def test_a_builder_inserts_before_an_op_in_order():
    func = graph_func()
    end = Builder(func.body.entry).insert(FuncReturn((), loc=HERE))
    builder = Builder.before(end)
    first, second = builder.insert(arith.Constant(1)), builder.insert(arith.Constant(2))
    assert func.body.entry.ops == [first, second, end]
    assert first.loc == HERE


def test_a_clone_reads_through_the_mapping():
    func = graph_func()
    block = func.body.entry
    one, two = block.append(arith.Constant(1)), block.append(arith.Constant(2))
    add = block.append(arith.Add(one.out, one.out, loc=HERE))
    add.out.name = "sum"
    values = {one.out: two.out}
    copy = clone_op(add, values)
    assert (copy.left, copy.right, copy.loc, copy.out.name) == (two.out, two.out, HERE, "sum")
    assert values[add.out] is copy.out
    assert copy.parent is None
    assert two.out.users == {copy: 2}


def test_a_cloned_function_is_equal_and_independent(load: Callable[[str], Module]):
    module = load("loop")
    (func,) = module.host_funcs
    before = print_module(module)
    copy = module.add(clone_func(func, Symbol("copy")))
    assert are_equal(func, copy)
    assert verify(module) == []
    for block in copy.body.blocks:
        block.terminator.drop()
    del module.funcs[copy.symbol]
    assert print_module(module) == before
    assert verify(module) == []


def test_cloning_handles_uses_above_their_definition():
    text = """module @m { host func @main(%n: i64) {
      cf.br(^b)
      ^a { %c = arith.neg(%d) : i64 host.return([%c]) {structure = leaf(0)} }
      ^b { %d = arith.neg(%n) : i64 cf.br(^a) } } }"""
    module = parse_module(text)
    module.add(clone_func(module.host_funcs[0], Symbol("copy")))
    assert verify(module) == []


def test_a_split_block_keeps_all_ops():
    module = parse_module("""module @m { host func @main(%n: i64) {
      %a = arith.neg(%n)
      %b = arith.neg(%a)
      host.return([%b]) {structure = leaf(0)} } }""")
    (func,) = module.host_funcs
    rest = split_block(func.body.entry, 1)
    func.body.entry.append(Branch(Successor(rest)))
    assert [[op.name for op in block.ops] for block in func.body.blocks] == [
        ["arith.neg", "cf.br"],
        ["arith.neg", "host.return"],
    ]
    assert verify(module) == []


def func_of(body: str, params: str = "%x: tensor<[?u0, 4], f32>") -> Func:
    """Return a graph function."""
    return parse_module(f"module @m {{graph func @f({params}) {{{body}}}}}").graph_funcs[0]


BASE = "%y = aten.relu.default(%x) : tensor<[?u0, 4], f32> func.return(%y)"


@pytest.mark.parametrize(
    ("params", "body", "expected"),
    [
        ("%x: tensor<[?u0, 4], f32>", BASE, True),
        ("%w: tensor<[?u0, 4], f32>", BASE.replace("%x", "%w"), True),
        ("%x: tensor<[?u7, 4], f32>", BASE.replace("?u0", "?u7"), True),
        ("%x: tensor<[?u7, 4], f32>", BASE, False),
        ("%x: tensor<[?u0, 5], f32>", BASE.replace("4", "5"), False),
        ("%x: tensor<[?u0, 4], f32>", BASE.replace("relu", "tanh"), False),
        ("%x: tensor<[?u0, 4], f32>", BASE.replace("%y)", "%x)"), False),
    ],
)
def test_functions_are_equal_up_to_names(params: str, body: str, expected: bool):
    assert are_equal(func_of(BASE), func_of(body, params)) is expected


def test_the_canonical_text_mentions_no_names():
    assert canonical_text(func_of(BASE.replace("?u0", "?u5"), "%x: tensor<[?u5, 4], f32>")) == (
        "graph func @_(%0: tensor<[?u0, 4], f32>) -> tensor<[?u0, 4], f32> {\n"
        "  %1 = aten.relu.default(%0) : tensor<[?u0, 4], f32>\n"
        "  func.return(%1)\n"
        "}\n"
    )


def test_strings_that_look_like_dims_stay_different():
    texts = [f'''host.raise {{exception = "{name}", message = "m"}}''' for name in ("?u1", "?u2")]
    first, second = (
        parse_module(f"module @m {{host func @f() {{{text}}}}}").host_funcs[0] for text in texts
    )
    assert not are_equal(first, second)


def test_uses_are_counted():
    func = graph_func()
    block = func.body.entry
    one = block.append(arith.Constant(1))
    add = block.append(arith.Add(one.out, one.out))
    assert one.out.users == {add: 2}
    two = block.append(arith.Constant(2))
    add.left = two.out
    assert (one.out.users, two.out.users) == ({add: 1}, {add: 1})
    one.out.replace_all_uses_with(two.out)
    assert (one.out.users, two.out.users) == ({}, {add: 2})
    add.drop()
    assert two.out.users == {}
    assert add not in block.ops
    with pytest.raises(AssertionError, match="still used"):
        arith.Neg(two.out)
        two.drop()


def test_an_op_knows_its_function():
    func = graph_func()
    op = func.body.entry.append(arith.Constant(1))
    assert op.func is func
    assert arith.Constant(1).func is None


def test_an_op_can_get_new_results():
    op = arith.Constant(1)
    op.set_results([I64, I64])
    assert [(value.owner, value.index) for value in op.results] == [(op, 0), (op, 1)]
