"""Random programs of branches, loops and exceptions: register code agrees with Python.

No variable in them is unbound: Python reports one before it evaluates the operands that follow,
register code after.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ....random_lines import (
    Blocks,
    Lines,
    clause,
    clauses,
    concatenate,
    indent,
    line,
    loop,
    replace,
)
from .evaluator import evaluate

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_ATOMS = st.one_of(_NAMES, st.integers(-3, 9).map(str))


def _binary(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["+", "-", "*", "//", "%", "<", "==", ">=", "!=", "and", "or"]
    return st.builds("({} {} {})".format, operands, st.sampled_from(operators), operands)


def _larger(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _binary(operands),
        st.builds("(not {})".format, operands),
        st.builds("({} if {} else {})".format, operands, operands, operands),
        st.builds("({} < {} <= {})".format, operands, operands, operands),
        st.builds("(a := {})".format, operands),
        st.builds("sum([{} for b in range(3) if {}])".format, operands, operands),
        st.builds("(lambda c: {})({})".format, operands, operands),
    )


_EXPRESSIONS = st.recursive(_ATOMS, _larger, max_leaves=6)
_SIMPLE = st.one_of(
    st.builds("{} = {}".format, _NAMES, _EXPRESSIONS),
    st.builds("{} += {}".format, _NAMES, _EXPRESSIONS),
    st.builds("{}, {} = {}, {}".format, _NAMES, _NAMES, _EXPRESSIONS, _EXPRESSIONS),
    st.builds("log.append({})".format, _EXPRESSIONS),
    st.builds("assert {}".format, _EXPRESSIONS),
    st.builds("return {}".format, _EXPRESSIONS),
    st.just("raise ValueError(a)"),
    st.just("del d; d = c"),
    st.just("leave"),
    st.just("skip"),
).map(line)


def _compound(blocks: Blocks) -> Blocks:
    conditions = st.builds("if {}:".format, _EXPRESSIONS)
    ranges = st.builds("for c in range({}):".format, _ATOMS)
    loops = st.one_of(ranges, st.just("while next(fuel):"))
    handlers = ["except ValueError as error:", "except (TypeError, NameError):", "except:"]
    attempt = st.builds(clause, st.just("try:"), blocks)
    otherwise = st.builds(clause, st.just("else:"), blocks)
    lastly = st.builds(clause, st.just("finally:"), blocks)
    handler = st.builds(clause, st.sampled_from(handlers), blocks)
    return st.one_of(
        clauses(st.builds(clause, conditions, blocks), otherwise),
        clauses(st.builds(loop, loops, blocks), otherwise),
        clauses(attempt, lastly),
        clauses(attempt, handler),
        clauses(attempt, handler, otherwise, lastly),
        st.builds(clause, st.just("with suppress(ZeroDivisionError):"), blocks),
    )


def _several(statements: Blocks) -> Blocks:
    return st.lists(statements, min_size=1, max_size=3).map(concatenate)


def _nested(statements: Blocks) -> Blocks:
    return _compound(_several(statements))


_BODIES = _several(st.recursive(_SIMPLE, _nested, max_leaves=12))
_HEADER = ["def f(a, b, log, fuel):", "    c = d = 5"]


def _define(body: Lines) -> FunctionType:
    """Return the function; outside of loops, there is nothing to leave."""
    lines = [line + "\n" for line in [*_HEADER, *indent(replace(body, "pass", "pass"))]]
    filename = f"<random program {hash(tuple(lines))}>"
    linecache.cache[filename] = (0, None, lines, filename)
    namespace: dict[str, Any] = {"suppress": suppress}
    exec(compile("".join(lines), filename, "exec"), namespace)
    return namespace["f"]


def _outcome(function: Callable[..., object], a: int, b: int) -> object:
    log: list[object] = []
    fuel = iter([True, True, False, True, True, True, False, *[False] * 1000])
    try:
        result = function(a, b, log, fuel)
    except NameError:
        result = NameError
    except Exception as error:
        result = type(error), error.args
    return result, log, [type(each) for each in log]


@settings(max_examples=150, deadline=None)
@given(_BODIES, st.integers(-2, 3), st.integers(-2, 3))
def test_random_programs_mean_the_same(body: Lines, a: int, b: int) -> None:
    function = _define(body)
    expected = _outcome(function, a, b)
    assert _outcome(partial(evaluate, function), a, b) == expected
