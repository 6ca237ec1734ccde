"""Random programs of branches, loops and exceptions: register code agrees with Python."""

from __future__ import annotations

import linecache
from types import FunctionType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .evaluator import evaluate

Lines = list[str]

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
    st.just("del d"),
    st.just("leave"),
    st.just("skip"),
).map(lambda line: [line])


def _indent(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


def _block(header: str, body: Lines, *rest: str | Lines) -> Lines:
    lines = [header, *_indent(body)]
    for part in rest:
        lines += [part] if isinstance(part, str) else _indent(part)
    return lines


def _loop(header: str, body: Lines, otherwise: Lines) -> Lines:
    """Return a loop; `leave` and `skip` in its body mean break and continue."""
    kinds = {"leave": "break", "skip": "continue"}
    meant = [line.replace(line.strip(), kinds.get(line.strip(), line.strip())) for line in body]
    return _block(header, meant, "else:", otherwise)


def _compound(blocks: st.SearchStrategy[Lines]) -> st.SearchStrategy[Lines]:
    conditions = _EXPRESSIONS
    return st.one_of(
        st.builds(lambda c, x, y: _block(f"if {c}:", x, "else:", y), conditions, blocks, blocks),
        st.builds(lambda n, x, y: _loop(f"for c in range({n}):", x, y), _ATOMS, blocks, blocks),
        st.builds(lambda x, y: _loop("while next(fuel):", x, y), blocks, blocks),
        st.builds(lambda x, y: _block("try:", x, "finally:", y), blocks, blocks),
        st.builds(
            lambda x, y, z: _block("try:", x, "except ValueError as d:", y, "finally:", z),
            blocks,
            blocks,
            blocks,
        ),
        st.builds(
            lambda x, y: _block("try:", x, "except (TypeError, NameError):", y), blocks, blocks
        ),
        st.builds(lambda x: _block("with suppress(ZeroDivisionError):", x), blocks),
    )


def _joined(statements: st.SearchStrategy[Lines]) -> st.SearchStrategy[Lines]:
    return st.lists(statements, min_size=1, max_size=3).map(lambda parts: sum(parts, []))


_BODIES = _joined(st.recursive(_SIMPLE, lambda inner: _compound(_joined(inner)), max_leaves=12))
_HEADER = ["def f(a, b, log, fuel):"]


def _define(body: Lines, number: int) -> FunctionType:
    """Return the function; outside of a loop, `leave` and `skip` do nothing."""
    kinds = {"leave": "pass", "skip": "pass"}
    meant = [line.replace(line.strip(), kinds.get(line.strip(), line.strip())) for line in body]
    lines = [line + "\n" for line in [*_HEADER, *_indent(meant)]]
    filename = f"<random program {number}>"
    linecache.cache[filename] = (0, None, lines, filename)
    namespace: dict[str, Any] = {}
    exec("from contextlib import suppress", namespace)
    exec(compile("".join(lines), filename, "exec"), namespace)
    return namespace["f"]


def _outcome(function: Any, a: int, b: int) -> object:
    log: list[object] = []
    fuel = iter([True, True, False, True, True, True, False, *[False] * 1000])
    try:
        result = function(a, b, log, fuel)
    except Exception as error:
        result = NameError if isinstance(error, NameError) else (type(error), error.args)
    return result, log, [type(each) for each in log]


@settings(max_examples=150, deadline=None)
@given(_BODIES, st.integers(-2, 3), st.integers(-2, 3))
def test_random_programs_mean_the_same(body: Lines, a: int, b: int) -> None:
    function = _define(body, abs(hash("\n".join(body))))
    expected = _outcome(function, a, b)
    assert _outcome(lambda *args: evaluate(function, *args), a, b) == expected
