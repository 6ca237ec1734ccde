"""Every instruction points at the text that it comes from."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import FunctionType

from modelc.compiler.frontend import hir
from modelc.compiler.frontend.hir import Code, Instruction, lower_function
from modelc.diagnostics import Location

from .programs import CASES

Define = Callable[[str], FunctionType]


def text_at(location: Location) -> str:
    """Return the source text that a location spans."""
    line = linecache.getline(location.file, location.line)
    return line[location.column - 1 : location.end_column - 1]


def texts(code: Code, kind: type[Instruction]) -> list[str]:
    """Return the text of each instruction of a class."""
    return [text_at(each.location) for each in code.instructions if isinstance(each, kind)]


def test_expressions_span_their_text(define: Define) -> None:
    code = lower_function(
        define("""
            def f(model, x, i):
                y = model.layer(x)[i + 1:] * -x
                return y if x.any() < y <= 3 else f"{model!r:>{i}} {x}"
        """)
    )
    assert texts(code, hir.GetAttribute) == ["model.layer", "x.any"]
    assert texts(code, hir.Call) == ["model.layer(x)", "x.any()"]
    assert texts(code, hir.Binary) == ["i + 1", "model.layer(x)[i + 1:] * -x"]
    assert texts(code, hir.BuildSlice) == ["i + 1:"]
    assert texts(code, hir.Unary) == ["-x"]
    assert texts(code, hir.Compare) == ["x.any() < y", "y <= 3"]
    assert texts(code, hir.FormatValue) == ["i", "model", "x"]


def test_statements_span_their_text(define: Define) -> None:
    code = lower_function(
        define("""
            def f(xs, d):
                a, (b, *c) = xs
                d["k"] += a
                del d["k"], a
                for x in sorted(xs):
                    if x:
                        raise ValueError(x) from None
                with d as e:
                    return c
        """)
    )
    assert texts(code, hir.Unpack) == ["a, (b, *c)", "(b, *c)"]
    assert texts(code, hir.Extract) == ["a", "(b, *c)", "b", "*c"]
    assert texts(code, hir.InPlace) == ['d["k"] += a']
    assert texts(code, hir.DeleteItem) == ['d["k"]']
    assert texts(code, hir.ForNext) == ["sorted(xs)"]
    assert texts(code, hir.Raise) == ["raise ValueError(x) from None"]
    assert texts(code, hir.EnterContext) == ["d"]
    assert texts(code, hir.Return)[0] == "return c"


def test_columns_count_characters_not_bytes(define: Define) -> None:
    code = lower_function(define('def f(é):\n\tß = "äöü" + é; z = ß.ñ\n\treturn z'))
    assert texts(code, hir.Binary) == ['"äöü" + é']
    assert texts(code, hir.GetAttribute) == ["ß.ñ"]
    assert [each.location.column for each in code.instructions[:2]] == [6, 6]


def test_a_span_ends_with_its_first_line(define: Define) -> None:
    code = lower_function(
        define("""
            def f(g, x):
                return g(
                    x,
                    [1 +
                     x],
                )
        """)
    )
    assert texts(code, hir.Call) == ["g("]
    assert texts(code, hir.Binary) == ["1 +"]
    (place,) = [e.location for e in code.instructions if isinstance(e, hir.Binary)]
    assert (place.line, place.column, place.end_column) == (4, 10, 13)


def test_locations_name_the_file_and_the_function(define: Define) -> None:
    function = define("""
        class C:
            def method(self):
                return [lambda: self for _ in self]
        f = C.method
    """)
    code = lower_function(function)
    (make,) = [each for each in code.instructions if isinstance(each, hir.MakeFunction)]
    assert {each.location.function for each in code.instructions} == {"C.method"}
    assert {each.location.file for each in code.instructions} == {function.__code__.co_filename}
    assert make.code.instructions[0].location.function == "C.method.<locals>.<lambda>"
    assert make.code.qualified_name == "C.method.<locals>.<lambda>"
    assert text_at(make.code.location) == "lambda: self"


def test_a_decorated_function_is_located_at_its_def(define: Define) -> None:
    code = lower_function(
        define("""
            def same(g): return g
            @same
            @same
            def f(x):
                @same
                def inner(): pass
                return inner
        """)
    )
    assert (code.location.line, code.location.column) == (4, 1)
    assert texts(code, hir.Call) == ["same"]
    assert texts(code, hir.MakeFunction) == ["def inner(): pass"]


def test_assignments_name_every_place_that_binds_a_variable(define: Define) -> None:
    code = lower_function(
        define("""
            def f(x, key):
                if x:
                    y = 1
                else:
                    for y, z in x: pass
                y += (w := 2)
                return lambda: (key, [v for v in x])
        """)
    )
    places = {name: [text_at(each) for each in code.assignments[name]] for name in code.assignments}
    assert places == {
        "&x": ["x"],
        "&key": ["key"],
        "y": ["y", "y", "y"],
        "z": ["z"],
        "w": ["w"],
    }
    assert [(each.line, each.column) for each in code.assignments["y"]] == [(3, 9), (5, 13), (6, 5)]


def test_no_location_is_outside_of_its_line() -> None:
    for function, _ in CASES:
        for instruction in lower_function(function).instructions:
            place = instruction.location
            line = linecache.getline(place.file, place.line).rstrip("\n")
            assert 1 <= place.column <= place.end_column <= len(line) + 1
