"""Each rule of the verifier has a module that violates it, and only it."""

from collections.abc import Callable

import pytest

from modelc.diagnostics import DiagnosticError
from modelc.ir import (
    F64,
    I64,
    Block,
    Cell,
    DimRange,
    Func,
    Module,
    Op,
    Successor,
    Symbol,
    check,
    parse_module,
    verify,
)
from modelc.ir.core import define
from modelc.ir.graph import AtenOp
from modelc.ir.host import Branch, Return, arith
from modelc.ir.structure import Leaf


def messages(module: Module, *, types: bool = False) -> list[str]:
    """Return what is wrong with `module`."""
    found = verify(module, types=types)
    assert {diagnostic.code for diagnostic in found} <= {"MC0203"}
    return [diagnostic.message for diagnostic in found]


def host(body: str, head: str = "", *, params: str = "%n: i64, %x: tensor<[4], f32>") -> Module:
    """Return a captured module with one host function."""
    return parse_module(f"module @m {{{head} host func @main({params}) {{{body}}}}}")


def outlined(call: str, body: str = "func.return(%a)", params: str = "%a: tensor<[?u0], f32>"):
    """Return an outlined module whose host function makes one call."""
    return parse_module(
        f"""module @m {{level = outlined}} {{
        host func @main(%n: i64, %x: tensor<[4], f32>, %y: tensor<[2, 2], f32>) {{
          {call}
          host.return([]) {{structure = tuple()}}
        }}
        graph func @f({params}) {{ {body} }} }}"""
    )


END = " host.return([]) {structure = tuple()}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        # edges
        ("cf.br(^a(%n)) ^a {%END}", "@main: cf.br: passes 1 arguments to a block that has 0"),
        (
            "cf.br(^a(%n)) ^a(%t: f64) {%END}",
            "@main: cf.br: passes i64 where the block takes f64",
        ),
        (
            "cf.br(^a(%x)) ^a(%y: tensor<[5], f32>) {%END}",
            "@main: cf.br: passes tensor<[4], f32> where the block takes tensor<[5], f32>",
        ),
        # control flow
        ("%END ^a {%END}", "@main: no path leads to the block a"),
        (
            "%c = arith.compare(%n, %n) {predicate = eq} cf.cond_br(%c, ^a, ^b)"
            "^a {%m = arith.neg(%n) %END} ^b {%k = arith.neg(%m) : i64 %END}",
            "@main: arith.neg: %m is not defined on every path to this use",
        ),
        (
            "%a = arith.neg(%b) : i64 %b = arith.neg(%n) %END",
            "@main: arith.neg: %b is not defined on every path to this use",
        ),
        # ops alone
        ("cf.cond_br(%n, ^a, ^a) ^a {%END}", "@main: cf.cond_br: condition has type i64, not i1"),
        (
            "%f = arith.constant {value = 0.5} cf.switch(%f, [^a]) ^a {%END}",
            "@main: cf.switch: index has type f64, not i64",
        ),
        (
            'host.assert(%n) {message = ""} %END',
            "@main: host.assert: condition has type i64, not i1",
        ),
        (
            "%y = arith.add(%n, %x) : i64 %END",
            "@main: arith.add: operand of type tensor<[4], f32> is no host number",
        ),
        ("%b = arith.not(%n) %END", "@main: arith.not: operand has type i64, not i1"),
        (
            "%c = arith.compare(%n, %n) {predicate = eq} %s = arith.select(%c, %n, %x) %END",
            "@main: arith.select: tensor<[4], f32> is no i64",
        ),
        ("%y = host.item(%n) : i64 %END", "@main: host.item: i64 is no tensor"),
        ("%y = host.size(%n) {dim = 0} %END", "@main: host.size: i64 is no tensor"),
        (
            "%y = host.size(%x) {dim = 1} %END",
            "@main: host.size: tensor<[4], f32> has no dim 1",
        ),
        ("%l = list.make(%x) {element = i64} %END", "@main: list.make: tensor<[4], f32> is no i64"),
        ("%l = list.append(%n, %n) : list<i64> %END", "@main: list.append: i64 is no list"),
        (
            "%l = list.make {element = i64} %m = list.append(%l, %x) %END",
            "@main: list.append: tensor<[4], f32> is no i64",
        ),
        (
            "%l = list.make {element = i64} %m = list.get(%l, %x) %END",
            "@main: list.get: tensor<[4], f32> is no i64",
        ),
        (
            "%l = list.make {element = i64} %m = list.set(%l, %n, %x) %END",
            "@main: list.set: tensor<[4], f32> is no i64",
        ),
        (
            "%l = list.make {element = i64} %m = list.extend(%l, %n) %END",
            "@main: list.extend: i64 is no list<i64>",
        ),
        (
            "%l = list.make {element = i64} %m = list.slice(%l, %n, %x) %END",
            "@main: list.slice: tensor<[4], f32> is no i64",
        ),
        (
            "%l = list.make {element = i64} %m = list.take(%l, %n) %END",
            "@main: list.take: i64 is no list<i64>",
        ),
        (
            "%l = list.make {element = list<i64>} %m = list.order(%l) %END",
            "@main: list.order: list<list<i64>> is no list of what the op takes",
        ),
        ("%m = list.len(%n) %END", "@main: list.len: i64 is no list"),
        (
            "%l = list.make {element = i64} %m = list.stack(%l) {dim = 0} : tensor<[2], i64> %END",
            "@main: list.stack: list<i64> is no list of what the op takes",
        ),
        (
            "%l = list.make {element = list<i64>} %m = list.to_tensor(%l) : tensor<[2], i64> %END",
            "@main: list.to_tensor: list<list<i64>> is no list of what the op takes",
        ),
        (
            "host.return([]) {structure = leaf(0)}",
            "@main: host.return: structure names output 0 of 0",
        ),
        (
            "host.return([], [%n]) {structure = tuple()}",
            "@main: host.return: 0 cells for 1 cell values",
        ),
        (
            "host.return([], [], [%x]) {structure = tuple()}",
            "@main: host.return: 0 inputs for 1 copied values",
        ),
        (
            "%y = aten.relu.default(%x, 1, 2) : tensor<[4], f32> %END",
            "@main: aten.relu.default: aten.relu.default takes 1 arguments, not 3",
        ),
        (
            "%y = aten.relu.default(%x) {alpha = 1} : tensor<[4], f32> %END",
            "@main: aten.relu.default: aten.relu.default has no argument alpha",
        ),
        (
            "%y = aten.relu_.default(%x) : tensor<[4], f32> %END",
            "@main: aten.relu_.default: aten.relu_.default mutates its arguments",
        ),
        # results
        ("%y = arith.neg(%n) : f64 %END", "@main: arith.neg: has a result of type f64, not i64"),
        # symbols
        (
            "%w = host.weight {symbol = @v} : tensor<[2], f32> %END",
            "@main: host.weight: @v is no weight of the module",
        ),
        (
            "%w = host.weight {symbol = @w} : tensor<[3], f32> %END",
            "@main: host.weight: @w has type tensor<[2], f32>",
        ),
        (
            "%w = host.read_cell {cell = @d} : i64 %END",
            "@main: host.read_cell: @d is no cell of the module",
        ),
        (
            "cf.br(^a) ^a {%w = host.read_cell {cell = @c} : i64 %END}",
            "@main: host.read_cell: stands outside the entry block",
        ),
        (
            "host.return([], [%n]) {structure = tuple(), cells = [@d]}",
            "@main: host.return: @d is no cell of the module",
        ),
        (
            "host.return([]) {structure = tuple(), cleared_cells = [@d]}",
            "@main: host.return: @d is no cell of the module",
        ),
        (
            "host.return([], [%n]) {structure = tuple(), cells = [@c], cleared_cells = [@c]}",
            "@main: host.return: both sets and clears @c",
        ),
        (
            "host.return([], [], [%x]) {structure = tuple(), copied_inputs = [0]}",
            "@main: host.return: copies into parameter 0, which is no tensor",
        ),
        (
            "host.return([], [], [%n]) {structure = tuple(), copied_inputs = [1]}",
            "@main: host.return: copies i64 into a parameter of type tensor<[4], f32>",
        ),
        # dims
        (
            "%y = aten.relu.default(%x) : tensor<[T], f32> %END",
            "@main: %y has the undeclared dim T",
        ),
        # legality
        ("func.return(%n)", "@main: func.return: not legal in a host function at level captured"),
    ],
)
def test_a_wrong_host_function_is_rejected(body: str, message: str):
    head = 'weight @w : tensor<[2], f32> cell @c {path = "c", initial = 0}'
    assert messages(host(body.replace("%END", END), head)) == [message]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("host.call(%x) {callee = @g}", "@g is no graph function of the module"),
        ("host.call(%x) {callee = @main}", "@main is no graph function of the module"),
        (
            "%r = host.call {callee = @f} : tensor<[4], f32>",
            "passes 0 arguments to @f, which takes 1",
        ),
        ("host.call(%x) {callee = @f}", "has 0 results of @f, which returns 1"),
        (
            "%r = host.call(%y) {callee = @f} : tensor<[4], f32>",
            "passes tensor<[2, 2], f32> where @f takes tensor<[?u0], f32>",
        ),
        (
            "%r = host.call(%x) {callee = @f} : tensor<[5], f32>",
            "has a result of type tensor<[5], f32> where @f returns tensor<[?u0], f32>",
        ),
    ],
)
def test_a_wrong_call_is_rejected(call: str, message: str):
    assert messages(outlined(call)) == [f"@main: host.call: {message}"]


def test_a_call_may_instantiate_the_dims_of_the_callee():
    assert messages(outlined("%r = host.call(%x) {callee = @f} : tensor<[4], f32>")) == []


def test_dims_may_become_data_dependent_along_an_edge():
    assert messages(host(f"cf.br(^a(%x)) ^a(%y: tensor<[?u0], f32>) {{{END}}}")) == []


def test_ops_must_be_legal_at_the_level():
    module = outlined("%y_1 = aten.relu.default(%x) : tensor<[4], f32>")
    assert messages(module) == [
        "@main: aten.relu.default: not legal in a host function at level outlined"
    ]


def test_functions_must_be_legal_at_the_level():
    module = parse_module("module @m {graph func @f() {func.return}}")
    assert messages(module) == ["@f: a graph function is not legal at level captured"]


def test_the_level_must_exist():
    module = parse_module("module @m {level = molten} {}")
    assert messages(module) == ["no level is named molten; there are captured, outlined"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("cf.br(^b) ^b {func.return(%a)}", "@f: a graph function has one block"),
        ("cf.br(^b) ^b {func.return(%a)}", "@f: cf.br: a graph function ends in func.return"),
        ("%n = arith.constant {value = 1} func.return(%a)", "@f: arith.constant: not legal"),
    ],
)
def test_a_wrong_graph_function_is_rejected(body: str, message: str):
    found = messages(outlined("", body))
    assert any(one.startswith(message) for one in found)


def test_graph_functions_bind_no_inputs():
    module = outlined("")
    module.graph_funcs[0].inputs = Leaf(0)
    assert "@f: only host functions bind inputs and cells" in messages(module)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ('dict(["n", leaf(0)])', "@main: inputs name the parameters [0], the entry block has 2"),
        ("tuple(leaf(0), leaf(1))", "@main: inputs are no mapping from parameter names"),
    ],
)
def test_inputs_must_name_the_parameters(inputs: str, message: str):
    text = f"host func @main(%n: i64, %m: i64) {{inputs = {inputs}}} {{{END}}}"
    assert messages(parse_module(f"module @m {{{text}}}")) == [message]


def test_absent_cells_must_exist_and_not_be_read():
    text = f"""cell @c {{path = "c", initial = none}}
    host func @main() {{absent_cells = [@c, @d]}} {{
      %c = host.read_cell {{cell = @c}} : i64 {END} }}"""
    assert messages(parse_module(f"module @m {{{text}}}")) == [
        "@main: host.read_cell: reads @c, which is None at this entry",
        "@main: @d is no cell of the module",
    ]


def test_cells_begin_as_weights_of_the_module():
    module = parse_module('module @m {cell @c {path = "c", initial = @w}}')
    assert messages(module) == ["cell @c begins as @w, which is no weight"]


def test_weights_have_declared_dims():
    module = parse_module("module @m {weight @w : tensor<[B], f32>}")
    assert messages(module) == ["weight @w has the undeclared dim B"]


def test_the_entry_has_no_predecessor():
    module = host(f"cf.br(^a) ^a {{{END}}}", params="")
    entry, other = module.host_funcs[0].body.blocks
    other.terminator.drop()
    other.append(Branch(Successor(entry)))
    assert messages(module) == ["@main: cf.br: the entry block has a predecessor"]


# --- what only a wrong pass can do -------------------------------------------------------------


@pytest.fixture
def module() -> Module:
    return host(f"%m = arith.neg(%n) {END}")


def entry(module: Module) -> Block:
    return module.host_funcs[0].body.entry


def test_tables_hold_things_under_their_names(module: Module):
    module.dims["B"] = DimRange("T")
    module.cells[Symbol("c")] = Cell(Symbol("d"), "d", 0)
    module.funcs[Symbol("other")] = module.funcs.pop(Symbol("main"))
    assert messages(module) == [
        "the dim under the name B is named T",
        "the cell under the name c is named d",
        "the function under the name other is named main",
    ]


def test_a_function_has_blocks():
    module = Module("m")
    module.add(Func(Symbol("f"), "host"))
    assert messages(module) == ["@f has no block"]


def test_blocks_end_in_a_terminator(module: Module):
    entry(module).terminator.drop()
    assert messages(module) == ["@main: a block does not end in a terminator"]


def test_terminators_end_blocks(module: Module):
    entry(module).insert(0, Return((), Leaf(0)))
    assert messages(module) == ["@main: host.return stands before the end of its block"]


def test_ops_know_their_block(module: Module):
    entry(module).ops[0].parent = None
    assert messages(module) == ["@main: arith.neg belongs to another block"]


def test_blocks_know_their_region(module: Module):
    entry(module).parent = None
    assert messages(module) == ["@main: a block belongs to another region"]


def test_values_know_their_owner_and_index(module: Module):
    entry(module).args.reverse()
    assert messages(module) == [
        "@main: %x has a wrong owner or index",
        "@main: %n has a wrong owner or index",
    ]


def test_edges_stay_in_the_function(module: Module):
    block = entry(module)
    block.terminator.drop()
    block.append(Branch(Successor(Block())))
    assert messages(module) == ["@main: cf.br leaves the function"]


def test_a_missing_user_is_found(module: Module):
    entry(module).args[0].users.clear()
    assert messages(module) == ["@main: %n has a wrong list of users (arith.neg)"]


def test_a_forgotten_user_is_found(module: Module):
    arith.Neg(entry(module).args[0])
    assert messages(module) == ["@main: %n has a wrong list of users (arith.neg)"]


def test_results_are_as_many_as_inferred(module: Module):
    entry(module).ops[0].set_results([I64, F64])
    assert messages(module) == ["@main: arith.neg: has 2 results, not 1"]


def test_given_results_are_as_many_as_the_op_has():
    module = host(f"%w = host.read_cell {{cell = @c}} : i64 {END}", 'cell @c {path="c", initial=0}')
    entry(module).ops[0].set_results([I64, I64])
    assert messages(module) == ["@main: host.read_cell: has 2 results, not 1"]


def test_ops_are_registered(module: Module):
    @define("host.invented")
    class Invented(Op):
        """Do nothing."""

    entry(module).insert(0, Invented())
    assert messages(module) == ["@main: host.invented: the op is not registered"]


def test_torch_must_know_the_operator(module: Module):
    entry(module).insert(0, AtenOp((), "aten.invented.default"))
    assert messages(module) == [
        "@main: aten.invented.default: torch has no operator aten.invented.default"
    ]


# --- reports -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("%y = aten.relu.default(%x) : tensor<[5], f32>", "has a result of type tensor<[5], f32>"),
        ("%y = aten.relu.default(%x) : tensor<[4], f64>", "has a result of type tensor<[4], f64>"),
        ("%y = aten.mm.default(%x, %x) : tensor<[4], f32>", "torch refuses the operands: "),
        ("aten.relu.default(%x)", "has 0 results, not 1"),
    ],
)
def test_torch_judges_types_on_request(op: str, message: str):
    module = host(op + END)
    assert messages(module) == []
    (found,) = messages(module, types=True)
    assert message in found


def test_check_raises_all_violations_with_their_places():
    text = (
        "module @m {\n  host func @main(%n: i64) {\n    %a = arith.not(%n)\n    cf.br(^b)\n    ^a {"
    )
    with pytest.raises(DiagnosticError) as error:
        check(parse_module(text + END + "}\n^b {" + END + "}\n}}", "wrong.mc"))
    places = [(d.location.line, d.location.column) for d in error.value.diagnostics if d.location]
    assert places == [(5, 10), (3, 10)]


def test_check_accepts_what_is_right(load: Callable[[str], Module]):
    check(load("loop"), types=True)
