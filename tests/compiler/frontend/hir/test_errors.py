"""What the front end refuses: code, line, column, caret, help."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import pytest

from modelc.compiler.frontend.hir import lower_function
from modelc.diagnostics import Diagnostic, DiagnosticError

_REFUSED = {
    "await": ("async def g(): pass\ndef f():\n    async def h():\n        await g()", 3, 5),
    "async-def": ("async def f(x):\n    return x", 1, 1),
    "async-for": ("async def f(x):\n    async for y in x: pass", 2, 5),
    "async-with": ("async def f(x):\n    async with x: pass", 2, 5),
    "async-comprehension": ("async def f(x):\n    return [1 async for y in x]", 2, 25),
    "class": ("def f(x):\n    if x:\n        class Inner(*x):\n            pass", 3, 9),
    "except-star": ("def f(x):\n    try:\n        x()\n    except* ValueError: pass", 2, 5),
    "bare-raise": ("def f(x):\n    if x:\n        raise", 3, 9),
}


def refused(function: FunctionType) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that lowering `function` raises."""
    with pytest.raises(DiagnosticError) as caught:
        lower_function(function)
    return caught.value.diagnostics


@pytest.mark.parametrize("name", _REFUSED)
def test_refuses_a_construct(define: Callable[[str], FunctionType], name: str) -> None:
    source, line, column = _REFUSED[name]
    places = [
        (each.code, each.location.line, each.location.column)
        for each in refused(define(source))
        if each.location is not None
    ]
    assert ("MC0101", line, column) in places
    assert {code for code, _, _ in places} == {"MC0101"}


def test_reports_every_construct_at_once_in_source_order(
    define: Callable[[str], FunctionType],
) -> None:
    diagnostics = refused(
        define("""
            def f(x):
                def inner():
                    raise
                async def method():
                    return x
                try:
                    x()
                except* ValueError:
                    async def deep():
                        await x
                finally:
                    raise
                return inner
        """)
    )
    lines = [each.location.line for each in diagnostics if each.location is not None]
    assert lines == [3, 4, 6, 9, 10]


def test_message_shows_the_place_and_what_to_write(
    define: Callable[[str], FunctionType],
) -> None:
    function = define("""
        def f(x):
            try: x()
            except* ValueError: pass
    """)
    (diagnostic,) = refused(function)
    file = function.__code__.co_filename
    assert diagnostic.render().splitlines() == [
        f"{file}:2:5: error[MC0101]: unsupported Python construct: `except*`",
        "    2 |     try: x()",
        "      |     ^^^^^^^^",
        "  help: use `except`",
    ]


def test_nothing_is_refused_in_what_is_not_lowered(
    define: Callable[[str], FunctionType],
) -> None:
    function = define("""
        def generate():
            yield 1
        def f():
            return list(generate())
    """)
    assert lower_function(function).name == "f"
