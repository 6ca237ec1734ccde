"""Random expressions of each kind of variable that random programs have."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from hypothesis import strategies as st

Text = st.SearchStrategy[str]

_VECTORS = st.sampled_from(["v", "w", "row", "x", "y", "pair[0]", "seen[-1]", "m[1]", "self.total"])
_INTS = st.sampled_from(["i", "j", "0", "1", "2", "pair[1]", "len(seen)", "self.calls", "int(n)"])
_FLOATS = st.sampled_from(["f", "0.5", "-1.0", "2.0"])


@dataclass(frozen=True)
class Expressions:
    """Expressions of each kind, that are nested up to some depth."""

    vector: Text
    integer: Text
    real: Text
    condition: Text


def _expressions(depth: int) -> Expressions:
    comparison = st.builds(
        "({}.sum() {} {})".format, _VECTORS, st.sampled_from(["<", ">"]), _FLOATS
    )
    if depth == 0:
        ints = st.builds("({} < {})".format, _INTS, _INTS)
        return Expressions(_VECTORS, _INTS, _FLOATS, st.one_of(comparison, ints, st.just("b")))
    inner = _expressions(depth - 1)
    return Expressions(
        _opaque(_larger_vector(inner)),
        _opaque(_larger_integer(inner)),
        _opaque(_larger_real(inner)),
        _opaque(_larger_condition(inner)),
    )


def _opaque(strategy: Text) -> Text:
    """Return a strategy like `strategy` that is not written out in the representation of others."""

    @st.composite
    def expression(draw: st.DrawFn) -> str:
        return draw(strategy)

    return expression()


def _larger_vector(inner: Expressions) -> Text:
    v, i, f, c = inner.vector, inner.integer, inner.real, inner.condition
    return st.one_of(
        v,
        st.builds("({} {} {})".format, v, st.sampled_from(["+", "-", "*"]), v),
        st.builds("({} * {})".format, v, f),
        st.builds("({} + {})".format, v, i),
        st.builds("({} if {} else {})".format, v, c, v),
        st.builds("torch.where({} > {}, {}, {})".format, v, f, v, v),
        st.builds("{}.{}()".format, v, st.sampled_from(["relu", "tanh", "neg", "clone", "abs"])),
        st.builds("self.helper({}, {})".format, v, i),
        st.builds("self.helper({}, k={}, scale={})".format, v, i, f),
        st.builds("self.linear({})".format, v),
        st.builds("m[{} % 2]".format, i),
        st.builds("seen[{} % len(seen)]".format, i),
        st.just("sum(seen)"),
        st.just("torch.stack(seen).mean(0)"),
        st.just("torch.stack([t for t in seen]).amax(0)"),
        st.builds("(lambda t: t * f + {})({})".format, v, v),
    )


def _larger_integer(inner: Expressions) -> Text:
    v, i, c = inner.vector, inner.integer, inner.condition
    return st.one_of(
        i,
        st.builds("({} + {}) % 5".format, i, i).map("({})".format),
        st.builds("({} - {})".format, i, i),
        st.builds("int({}.argmax())".format, v),
        st.builds("({} if {} else {})".format, i, c, i),
        st.builds("max({}, {})".format, i, i),
        st.builds("int(({} > 0).sum())".format, v),
        st.builds("int({})".format, c),
    )


def _larger_real(inner: Expressions) -> Text:
    v, i, f, c = inner.vector, inner.integer, inner.real, inner.condition
    return st.one_of(
        f,
        st.builds("({} * 0.5 + {})".format, f, f),
        st.builds("{}.{}().item()".format, v, st.sampled_from(["sum", "max"])),
        st.builds("float({})".format, i),
        st.builds("min({}, {})".format, f, f),
        st.builds("({} if {} else {})".format, f, c, f),
        st.builds("{}.tolist()[{} % 3]".format, v, i),
    )


def _larger_condition(inner: Expressions) -> Text:
    v, i, f, c = inner.vector, inner.integer, inner.real, inner.condition
    return st.one_of(
        c,
        st.builds("(not {})".format, c),
        st.builds("({} {} {})".format, c, st.sampled_from(["and", "or"]), c),
        st.builds("({} < {} <= {})".format, f, f, f),
        st.builds("({} {} {})".format, i, st.sampled_from(["<", "==", ">=", "!="]), i),
        st.builds("bool(({} > {}).{}())".format, v, f, st.sampled_from(["any", "all"])),
        st.builds("({}[{} % 3] > {})".format, v, i, f),
        st.builds("(len(seen) {} {})".format, st.sampled_from(["<", ">", "=="]), i),
        st.builds("any(t.sum() > {} for t in seen)".format, f),
        st.just("(self.cache is None)"),
    )


_E = _expressions(2)
VECTORS, INTS, FLOATS, CONDITIONS = _E.vector, _E.integer, _E.real, _E.condition


@functools.cache
def templates(*texts: str) -> Text:
    """Return a strategy for one of `texts`, in which V, I, F and C become expressions."""
    return st.one_of([_template(text) for text in texts])


@functools.cache
def _template(text: str) -> Text:
    slots = {"V": VECTORS, "I": INTS, "F": FLOATS, "C": CONDITIONS}
    pieces = re.split(r"\b([VIFC])\b", text)
    return st.tuples(*[slots.get(piece, st.just(piece)) for piece in pieces]).map("".join)
