"""The source of a function is found for certain, or refused."""

from __future__ import annotations

import functools
import linecache
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from modelc.compiler.frontend.hir import Code, Constant, lower_function
from modelc.diagnostics import DiagnosticError

from .evaluator import evaluate

Define = Callable[[str], FunctionType]


def constants(code: Code) -> list[object]:
    """Return the literals of the code, in order."""
    return [each.value for each in code.instructions if isinstance(each, Constant)]


def test_a_wrapper_is_not_taken_for_what_it_wraps() -> None:
    def plain(x: int) -> int:
        return x + 1

    @functools.wraps(plain)
    def wrapper(x: int) -> int:
        return plain(x) * 100

    wrapped: Any = wrapper
    assert evaluate(wrapped, 1) == 200


def test_lambdas_of_one_line_are_told_apart() -> None:
    one, two, nested = lambda: 1, lambda: 2, lambda: (lambda x=3: (lambda: x + 4))  # fmt: skip
    functions: list[Any] = [one, two, nested, nested(), nested()()]
    assert [constants(lower_function(function)) for function in functions] == [
        [1],
        [2],
        [3],
        [],
        [4],
    ]


def test_lambdas_that_span_lines_and_have_equal_bodies() -> None:
    x = 1
    pair: list[Any] = [
        lambda: x, lambda: (
            x
        ),
    ]  # fmt: skip
    columns = [lower_function(each).location.column for each in pair]
    assert columns == [9, 20]


def test_lambdas_without_columns_are_refused(define: Define) -> None:
    function = define("f, g = lambda: 1, lambda: 2")
    with pytest.raises(DiagnosticError) as caught:
        lower_function(without_columns(function))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "MC0109"
    assert "2 functions of its line" in diagnostic.message


def test_a_single_lambda_needs_no_columns(define: Define) -> None:
    assert constants(lower_function(without_columns(define("f = lambda: 7")))) == [7]


def without_columns(function: FunctionType) -> FunctionType:
    """Return the function as Python compiles it with `-X no_debug_ranges`."""
    units = len(function.__code__.co_code) // 2
    chunks = [min(8, units - start) for start in range(0, units, 8)]
    only_lines = b"".join(bytes([0x80 | 13 << 3 | size - 1, 0]) for size in chunks)
    return FunctionType(function.__code__.replace(co_linetable=only_lines), {})


def test_a_function_without_file_is_refused() -> None:
    namespace: dict[str, Any] = {}
    exec("def f(x):\n    return x", namespace)
    with pytest.raises(DiagnosticError) as caught:
        lower_function(namespace["f"])
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, str(diagnostic.location)) == ("MC0109", "<string>:1:1")
    assert diagnostic.help


@pytest.mark.parametrize(
    "edited",
    [
        "\ndef f(x):\n    return x",
        "def f(y):\n    return y",
        "def g(x):\n    return x",
        "def f(x):\n    return x + z",
        "def f(x):\n    return x - q",
        "def f(x):\n    return x + q + 1",
        "def f(x:\n    return x",
    ],
)
def test_a_file_that_changed_is_refused(define: Define, edited: str) -> None:
    function = define("def f(x):\n    return x + q")
    Path(function.__code__.co_filename).write_text(edited, encoding="utf-8")
    linecache.checkcache(function.__code__.co_filename)
    with pytest.raises(DiagnosticError) as caught:
        lower_function(function)
    assert [each.code for each in caught.value.diagnostics] == ["MC0109"]


@pytest.mark.parametrize(("old", "new"), [("1", "2"), ("1", "1.0"), ("0.0", "-0.0"), ("1", "y")])
def test_a_constant_that_changed_is_refused(define: Define, old: str, new: str) -> None:
    function = define(f"def f(x):\n    return (lambda: {old})()")
    Path(function.__code__.co_filename).write_text(
        f"def f(x):\n    return (lambda: {new})()", encoding="utf-8"
    )
    linecache.checkcache(function.__code__.co_filename)
    with pytest.raises(DiagnosticError, match="MC0109"):
        lower_function(function)


def test_equal_functions_of_two_files_keep_their_files(tmp_path: Path) -> None:
    files: list[str] = []
    for name in ["a.py", "b.py"]:
        path = tmp_path / name
        path.write_text("def f(x):\n    return x\n", encoding="utf-8")
        namespace: dict[str, Any] = {}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
        files.append(lower_function(namespace["f"]).filename)
    assert files == [str(tmp_path / "a.py"), str(tmp_path / "b.py")]


def test_lowering_is_cached_for_a_code_object() -> None:
    def make() -> FunctionType:
        def inner() -> None:
            pass

        return inner

    assert lower_function(make()) is lower_function(make())


def test_a_nested_function_has_the_code_object_that_python_makes(define: Define) -> None:
    function = define("""
        def f(x):
            def g():
                return [lambda: y for y in x]
            return g()
    """)
    inner: Any = function([1])[0]
    code = lower_function(inner)
    assert (code.code_object, code.free_variables) == (inner.__code__, ("y",))


class __Underscored:
    """A class whose name is shortened in private names."""

    __factor = 3

    def scaled(self, __value: int) -> int:
        def __twice(__number: int) -> int:
            return 2 * __number

        return __twice(__value) * self.__factor


def test_private_names_are_those_of_the_class() -> None:
    assert evaluate(__Underscored.scaled, __Underscored(), 2) == 12
    assert lower_function(__Underscored.scaled).parameters.positional == (
        "self",
        "_Underscored__value",
    )


def test_asserts_that_pytest_rewrote_are_those_of_the_source() -> None:
    def checked(x: int) -> int:
        assert x > 0, "positive"
        return x

    assert evaluate(checked, 1) == 1
    with pytest.raises(AssertionError, match="^positive$"):
        evaluate(checked, 0)
