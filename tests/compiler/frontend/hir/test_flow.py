"""Control and data flow of register code: order, joins, loops, handlers, liveness, scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType

import pytest

from modelc.compiler.frontend import hir
from modelc.compiler.frontend.hir import Code, Instruction, LoopKind, lower_function

from .programs import CASES

Define = Callable[[str], FunctionType]


def with_nested(code: Code) -> Iterator[Code]:
    """Yield a code and those of the functions defined in it."""
    yield code
    for instruction in code.instructions:
        if isinstance(instruction, hir.MakeFunction):
            yield from with_nested(instruction.code)


ALL_CODES = [code for function, _ in CASES for code in with_nested(lower_function(function))]


def counters(code: Code, kind: type[Instruction]) -> list[int]:
    """Return the program counters of the instructions of a class."""
    return [pc for pc, each in enumerate(code.instructions) if isinstance(each, kind)]


def predecessors(code: Code, counter: int) -> set[int]:
    """Return where control may come from, directly."""
    return {
        pc
        for pc in range(len(code.instructions))
        if counter in code.successors(pc) or counter == code.handlers[pc]
    }


# --- order and joins


def test_every_class_of_instruction_occurs_in_the_programs() -> None:
    concrete = {getattr(hir, name) for name in hir.__all__}
    kinds = {kind for kind in concrete if isinstance(kind, type) and issubclass(kind, Instruction)}
    used = {type(each) for code in ALL_CODES for each in code.instructions}
    assert kinds - used == {hir.Instruction, hir.ValueInstruction}


@pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.qualified_name)
def test_edges_go_forward_except_to_the_header_of_their_loop(code: Code) -> None:
    for counter in range(len(code.instructions)):
        headers = {loop.header for loop in code.enclosing[counter]}
        for successor in code.successors(counter):
            assert successor > counter or successor in headers
        handler = code.handlers[counter]
        assert handler is None or handler > counter
        assert handler is None or isinstance(code.instructions[handler], hir.Catch)


@pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.qualified_name)
def test_merge_points_are_those_with_several_predecessors(code: Code) -> None:
    several = {pc for pc in range(len(code.instructions)) if len(predecessors(code, pc)) > 1}
    assert code.merge_points == several
    for counter in several:
        kind = type(code.instructions[counter])
        assert kind in (hir.Nop, hir.LoopHeader, hir.Catch)


@pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.qualified_name)
def test_every_instruction_can_be_reached(code: Code) -> None:
    unreached = [pc for pc in range(1, len(code.instructions)) if not predecessors(code, pc)]
    assert unreached == []
    assert not code.instructions[-1].falls_through


def test_code_after_a_return_is_dropped(define: Define) -> None:
    code = lower_function(define("def f(x):\n    return x\n    x = 1\n    while x: pass"))
    assert [type(each) for each in code.instructions] == [hir.Return]
    assert code.loops == ()


def test_a_constant_condition_takes_no_branch(define: Define) -> None:
    code = lower_function(define("def f(x):\n    while True:\n        if x(): return x"))
    assert len(counters(code, hir.Branch)) == 1


def test_conditions_branch_once_for_each_operand(define: Define) -> None:
    code = lower_function(
        define("def f(a, b, c):\n    if a and not (b or c) or a < b < c: return 1")
    )
    assert len(counters(code, hir.Branch)) == 5
    assert counters(code, hir.Unary) == []


# --- loops and handlers


def test_loops_nest_and_know_their_kind(define: Define) -> None:
    code = lower_function(
        define("""
            def f(xs):
                for x in xs:
                    while x:
                        x -= 1
                else:
                    ys = [y for y in xs]
                return any(y for y in ys)
        """)
    )
    kinds = [LoopKind.FOR, LoopKind.WHILE, LoopKind.COMPREHENSION]
    assert [loop.kind for loop in code.loops] == kinds
    outer, inner, comprehension = code.loops
    assert outer.header < inner.header < inner.end <= outer.end <= comprehension.header
    (subtraction,) = counters(code, hir.InPlace)
    assert code.enclosing[subtraction] == (outer, inner)
    assert code.enclosing[comprehension.header] == (comprehension,)


def test_a_generator_expression_is_a_nested_generator(define: Define) -> None:
    code = lower_function(define("def f(xs, n):\n    return sum(x + n for x in xs)"))
    (made,) = counters(code, hir.MakeFunction)
    nested = code.instructions[made]
    assert isinstance(nested, hir.MakeFunction)
    assert (nested.code.is_generator, code.is_generator) == (True, False)
    assert nested.code.free_variables == ("n",)
    assert [loop.kind for loop in nested.code.loops] == [LoopKind.FOR]


@pytest.mark.parametrize(
    ("iterable", "closes"),
    [("steps(x)", True), ("enumerate(steps(x))", True), ("enumerate(x)", False), ("x", False)],
)
def test_a_loop_that_is_left_closes_what_only_it_refers_to(
    define: Define, iterable: str, closes: bool
) -> None:
    code = lower_function(define(f"def f(x, steps):\n    for y in {iterable}:\n        break"))
    assert len(counters(code, hir.CloseIterator)) == closes


def test_handlers_cover_the_body_only(define: Define) -> None:
    code = lower_function(
        define("""
            def f(a, b, c, d, e):
                a()
                try:
                    b()
                except c():
                    d()
                else:
                    e()
        """)
    )
    calls = {code.instructions[pc].uses[0]: pc for pc in counters(code, hir.Call)}
    (handler,) = counters(code, hir.Catch)
    assert {name: code.handlers[pc] for name, pc in calls.items()} == {
        "a": None,
        "b": handler,
        "c": None,
        "d": None,
        "e": None,
    }


def test_a_finally_on_the_way_out_is_not_covered_by_itself(define: Define) -> None:
    code = lower_function(
        define("""
            def f(a, b):
                try:
                    return a()
                finally:
                    b()
        """)
    )
    (handler,) = counters(code, hir.Catch)
    covered = {code.instructions[pc].uses[0]: code.handlers[pc] for pc in counters(code, hir.Call)}
    assert covered == {"a": handler, "b": None}


# --- liveness


def test_dead_temporaries_are_not_live_at_a_join(define: Define) -> None:
    code = lower_function(
        define("""
            def f(model, x):
                if model.gate(x).item() > model.limits["low"]:
                    y = model.layer(x)
                else:
                    y = x
                return y * 2
        """)
    )
    (join,) = code.merge_points
    assert code.live[join] == {"y"}


def test_a_loop_keeps_what_its_next_iteration_reads(define: Define) -> None:
    code = lower_function(
        define("""
            def f(xs, n):
                total = step = 0
                for x in xs:
                    step = x + n
                    total += step
                return total
        """)
    )
    (header,) = counters(code, hir.LoopHeader)
    iterator = code.instructions[header].uses[0]
    assert code.live[header] == {"n", "total", iterator}


def test_a_handler_reads_the_value_from_before_the_assignment(define: Define) -> None:
    code = lower_function(
        define("""
            def f(x):
                y = 1
                try:
                    y = x.value
                    y = y.other
                except AttributeError:
                    return y
                return 0
        """)
    )
    first, second = counters(code, hir.GetAttribute)
    assert code.live[first] == {"x", "y"}
    assert code.live[second] >= {"y"}


def test_a_waiting_frame_keeps_what_it_reads_after_the_call(define: Define) -> None:
    code = lower_function(
        define("""
            def f(g, a, b, c):
                try:
                    a = g(a, b)
                except ValueError:
                    return c
                return a
        """)
    )
    call = counters(code, hir.Call)[0]
    assert code.live[call] == {"g", "a", "b", "c"}
    assert code.live_across(call) == {"c"}


def test_an_unbound_variable_is_live_from_the_start(define: Define) -> None:
    code = lower_function(define("def f(x):\n    if x: y = 1\n    return y"))
    assert code.live[0] == {"x", "y"}


@pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.qualified_name)
def test_nothing_but_variables_and_closure_cells_is_live_at_entry(code: Code) -> None:
    cells = {"&" + name for name in code.free_variables}
    assert {name for name in code.live[0] if name[0] in "%&"} <= cells


# --- scopes


def test_captured_variables_live_in_cells(define: Define) -> None:
    code = lower_function(
        define("""
            def f(a, b):
                c = a
                def g():
                    nonlocal c
                    c += b
                    return lambda: (c, d, __name__)
                d = 1
                return g
        """)
    )
    (make,) = [each for each in code.instructions if isinstance(each, hir.MakeFunction)]
    assert code.cell_variables == ("b", "c", "d")
    assert make.code.free_variables == ("b", "c", "d")
    assert make.captures == ("&b", "&c", "&d")
    (inner,) = [each for each in make.code.instructions if isinstance(each, hir.MakeFunction)]
    assert inner.captures == ("&c", "&d")
    cells = [each for each in code.instructions if isinstance(each, hir.MakeCell)]
    assert [(each.destination, each.initial) for each in cells] == [
        ("&b", "b"),
        ("&c", None),
        ("&d", None),
    ]


def test_targets_of_a_comprehension_are_its_own(define: Define) -> None:
    code = lower_function(define("def f(x):\n    return [[x for x in x] for x in x], x"))
    steps = [each for each in code.instructions if isinstance(each, hir.ForNext)]
    moves = [each for each in code.instructions if isinstance(each, hir.Move)]
    assert len(steps) == 2
    assert [each.destination for each in moves] == ["x@1", "x@2"]


def test_super_gets_its_class_and_instance(define: Define) -> None:
    code = lower_function(
        define("""
            class C:
                def f(self):
                    return super().f()
            f = C.f
        """)
    )
    assert code.free_variables == ("__class__",)
    call = code.instructions[counters(code, hir.Call)[0]]
    (cell,) = [each for each in code.instructions if isinstance(each, hir.LoadCell)]
    assert call.uses[1:] == (cell.destination, "self")


def test_parameters_of_every_kind(define: Define) -> None:
    code = lower_function(define("def f(a, /, b, *c, d=1, **e): pass"))
    assert code.parameters == hir.Parameters(("a",), ("b",), "c", ("d",), "e")
    assert list(code.parameters.names()) == ["a", "b", "c", "d", "e"]
