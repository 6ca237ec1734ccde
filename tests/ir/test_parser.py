"""From text to modules: what is read, and what every mistake is answered with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from modelc.diagnostics import UNKNOWN, Diagnostic, DiagnosticError, Location
from modelc.ir import F64, I64, ListType, Module, Symbol, parse_module, print_module, verify
from modelc.ir.graph import AtenOp


def test_printing_the_parsed_text_gives_the_text(program_text: str):
    assert print_module(parse_module(program_text)) == program_text


def test_locations_survive(program_text: str):
    text = print_module(parse_module(program_text, "program.mc"), locations=True)
    again = parse_module(text)
    assert print_module(again, locations=True) == text
    assert print_module(again) == program_text


def test_the_programs_verify(program_text: str):
    assert verify(parse_module(program_text), types=True) == []


def test_ops_are_located_in_the_text_if_it_has_no_table(load: Callable[[str], Module]):
    op = next(load("early_exit").host_funcs[0].ops)
    assert op.loc == Location("early_exit.mc", 7, 10, 21)


def test_locations_of_the_table_are_restored():
    text = (
        "module @m {graph func @f() {func.return loc(#1) func.return}}\n"
        'locations {#0 = "a.py":1:2-3 {function = "f"}\n'
        '#1 = "b.py":4:5-6 {module = "layers.0", caller = #0}}'
    )
    first, second = parse_module(text).funcs[Symbol("f")].ops
    caller = Location("a.py", 1, 2, 3, "f")
    assert first.loc == Location("b.py", 4, 5, 6, "", "layers.0", caller)
    assert second.loc == UNKNOWN


def graph_text(body: str, params: str = "%x: tensor<[4], f32>") -> str:
    """Return the text of a module with one graph function, whose body begins in line 3."""
    return f"module @m {{level = outlined}} {{\n  graph func @f({params}) {{\n{body}\n  }}\n}}\n"


def host_text(body: str) -> str:
    """Return the text of a module with one host function, whose body begins in line 3."""
    return f"module @m {{\n  host func @f(%n: i64, %t: f64) {{\n{body}\n  }}\n}}\n"


def test_types_that_follow_need_not_be_written():
    module = parse_module(host_text("%a = arith.add(%n, %t)\n%b = arith.add(%n, %n)"))
    add, other = module.host_funcs[0].ops
    assert (add.out.type, other.out.type) == (F64, I64)


def test_types_of_aten_ops_that_follow_need_not_be_written():
    module = parse_module(graph_text("%y, %i = aten.max.dim(%x, 0)\nfunc.return(%y, %i)"))
    assert "%y, %i = aten.max.dim(%x, 0) : (tensor<[], f32>, tensor<[], i64>)" in print_module(
        module
    )


def test_a_value_may_be_defined_further_down():
    text = host_text(
        "cf.br(^b)\n^a {%c = arith.add(%d, %n) : i64  host.return([%c]) {structure = leaf(0)}}\n"
        "^b {%d = arith.neg(%n) : i64  cf.br(^a)}"
    )
    module = parse_module(text)
    assert verify(module) == []
    assert list(module.host_funcs[0].body.blocks[2].ops[0].out.users)[0].name == "arith.add"


def test_comments_are_ignored():
    assert parse_module("// first\nmodule @m { // empty\n}").name == "m"


def test_numbers_keep_their_kind():
    (op, _) = (
        parse_module(
            graph_text(
                "%y = aten.add.Tensor(%x, -1) {alpha = -2.5} : tensor<[4], f32>\nfunc.return"
            )
        )
        .graph_funcs[0]
        .ops
    )
    assert isinstance(op, AtenOp)
    assert op.arguments[1:] == (-1,)
    assert op.keywords == (("alpha", -2.5),)


def test_nested_types_are_read():
    module = parse_module(host_text("%l = list.make {element = list<f64>}"))
    assert next(module.host_funcs[0].ops).out.type == ListType(ListType(F64))


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a text that cannot be parsed."""
    with pytest.raises(DiagnosticError) as error:
        parse_module(text, "broken.mc")
    return error.value.diagnostics


def only_mistake(text: str) -> tuple[str, int, int]:
    """Return code, line and column of the one mistake in `text`."""
    (mistake,) = mistakes(text)
    assert mistake.location is not None
    return mistake.code, mistake.location.line, mistake.location.column


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("module @m {\n  host func", 2, 12),
        ("module @m {\n  host funk @f() {}\n}", 2, 8),
        ("module @m {} $", 1, 14),
        ("module @m {level = }", 1, 20),
        ("module @m {\n  dim B {max = 1\n}", 3, 2),
        (host_text("  %a = arith.add(%n %n)"), 3, 21),
        (host_text("  %a = add(%n, %n)"), 3, 8),
        (host_text('  host.raise {exception = "a\n"}'), 3, 27),
    ],
)
def test_text_outside_of_the_grammar(text: str, line: int, column: int):
    assert only_mistake(text) == ("MC0201", line, column)


@pytest.mark.parametrize(
    ("body", "column", "message"),
    [
        ("%a = arith.add(%n, %m)", 20, "unknown value %m"),
        ("%a = arith.add(%n)", 6, "arith.add needs the operand right"),
        ("%a = arith.add(%n, %n, %n)", 6, "arith.add takes 2 operands"),
        ("%a = arith.add(%n, 3)", 20, "expected a value such as %x, found 3"),
        ("%a = arith.neg(%n) {sign = 1}", 21, "unknown attribute sign"),
        ("%a = arith.constant", 6, "arith.constant needs the attribute value"),
        ('%a = arith.constant {value = "1"}', 30, 'expected bool or int or float, found "1"'),
        (
            "%a = arith.compare(%n, %n) {predicate = less}",
            41,
            "expected a Predicate, found less",
        ),
        ("%a = arith.neg(%n) : i63", 22, "expected a type, found i63"),
        ("%a = arith.neg(%n) : tensor<[2 + 1.5], f32>", 34, "expected a dim, found 1.5"),
        ("%a = arith.neg(%n) : tensor<[?n], f32>", 31, "expected a data-dependent dim, found n"),
        ("%a = arith.neg(%n) : tensor<[sin(2)], f32>", 30, "expected a dim, found sin"),
        ("%a = arith.neg(%n) : (i64, i64)", 6, "2 types for 1 results"),
        ("%a, %b = arith.neg(%n)", 10, "arith.neg has 1 results, but 2 are named"),
        ("arith.neg(%n)", 1, "arith.neg has 1 results, but 0 are named"),
        ("%n = arith.neg(%t)", 1, "a second value is named %n"),
        ("cf.br(^away)", 7, "unknown block ^away"),
        ("cf.br(%n)", 7, "expected a block such as ^bb1(%x), found %n"),
        ("cf.br(^a) ^a {} ^a {}", 17, "a second block is named ^a"),
        ("%w = host.weight {symbol = w} : i64", 28, "expected a symbol such as @name, found w"),
        ("%w = host.weight {symbol = @w}", 6, "the result types of this op must be written"),
        ("host.return([]) {structure = leaf(1.5)}", 35, "expected int, found 1.5"),
        ("host.return([]) {structure = set()}", 30, "expected a structure, found set"),
        ("host.return(%n) {structure = leaf(0)}", 13, "expected a list, found %n"),
        ("%c = arith.neg(%b) ^a {%b = arith.neg(%n)}", 16, None),
        ('%y = aten.full.default([2], 1) {layout = layout("x")} : i64', 49, None),
        ('host.raise {exception = "\\q", message = ""}', 25, None),
        ("%y = aten.relu.default(device(3)) : i64", 31, "expected what device takes, found 3"),
        ("%y = aten.relu.default(sin(3)) : i64", 24, "expected a literal or a value, found sin"),
    ],
)
def test_wrong_ops(body: str, column: int, message: str | None):
    (mistake,) = mistakes(host_text(body))
    assert mistake.location is not None
    assert (mistake.code, mistake.location.line, mistake.location.column) == ("MC0201", 3, column)
    assert message in (None, mistake.message)


@pytest.mark.parametrize(
    ("operation", "help"),
    [
        ("arith.ad", "did you mean arith.and or arith.add"),
        ("aten.ad.Tensor", "aten.add.Tensor"),
        ("aten.relu.defaults", "did you mean aten.relu.default"),
    ],
)
def test_an_unknown_op_is_answered_with_near_ones(operation: str, help: str):
    (mistake,) = mistakes(host_text(f"%a = {operation}(%n, %n) : i64"))
    assert mistake.code == "MC0202"
    assert mistake.location == Location("broken.mc", 3, 6, 6 + len(operation))
    assert help in mistake.help


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("module @m {colour = 1} {}", 1, 12),
        ("module @m {\ndim B dim B}", 2, 11),
        ("module @m {\nweight @w : f31}", 2, 13),
        ("module @m {\nweight @w : f64 weight @w : f64}", 2, 24),
        ("module @m {\ncell @c {initial = 0}}", 2, 6),
        ("module @m {graph func @f() {} graph func @f() {}}", 1, 42),
        ("module @m {graph func @f(%a: f31) {}}", 1, 30),
        ("module @m {graph func @f(%a: i64) -> f64 {func.return(%a)}}", 1, 23),
        ("module @m {graph func @f() loc(#0) {}} locations {}", 1, 32),
        ('module @m {} locations {#0 = "a.py":1:2-3 {caller = #1}}', 1, 25),
    ],
)
def test_wrong_declarations(text: str, line: int, column: int):
    assert only_mistake(text) == ("MC0201", line, column)


def test_all_mistakes_are_reported_and_none_twice():
    body = "%a = arith.ad(%n)\n%b = arith.neg(%a)\n%c = arith.neg(%x)\ncf.br(^away)"
    found = [(m.code, m.location.line) for m in mistakes(host_text(body)) if m.location]
    assert found == [("MC0202", 3), ("MC0201", 5), ("MC0201", 6)]


def test_the_mistake_is_shown_in_its_line():
    (mistake,) = mistakes(host_text("  %a = arith.neg(%m)"))
    assert mistake.render().splitlines()[:3] == [
        "broken.mc:3:18: error[MC0201]: unknown value %m",
        "    3 |   %a = arith.neg(%m)",
        "      |                  ^^",
    ]


def test_a_result_that_depends_on_data_needs_a_written_type():
    (mistake,) = mistakes(graph_text("%i = aten.nonzero.default(%x)\nfunc.return(%i)"))
    assert mistake.message == "the result types must be written: they depend on data"


def test_operands_that_torch_refuses_are_reported():
    (mistake,) = mistakes(graph_text("%i = aten.mm.default(%x, %x)\nfunc.return(%i)"))
    assert mistake.code == "MC0203"
    assert mistake.message.startswith("torch refuses the operands: ")


def test_the_line_is_that_of_the_file_as_it_is_now(tmp_path: Path):
    path = tmp_path / "broken.mc"
    for name in ("%first", "%second"):
        text = f"module @m {{\n  {name}\n}}"
        path.write_text(text)
        with pytest.raises(DiagnosticError) as error:
            parse_module(text, str(path))
        assert f"    2 |   {name}\n" in str(error.value)
