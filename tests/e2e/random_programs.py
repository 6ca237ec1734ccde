"""Random dynamic programs, as text: what people write in `forward`, in any order.

Variables have a kind for their whole life, so that most programs are valid: `v`, `w` and `row` are
vectors (`row` often a view of the matrix `m`), `i` and `j` ints, `f` a float, `b` a bool, `seen` a
list of vectors, `pair` a tuple. Loops end: each has fuel. The module keeps state between calls.
"""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

from ..programs import Call, Program, instantiate
from ..random_lines import Blocks, Lines, clause, clauses, concatenate, indent, line, loop, replace

Text = st.SearchStrategy[str]

CALLS = 6

_HEADER = """
import torch
from torch import nn

class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.calls = 0
        self.cache = None
        self.register_buffer("total", torch.zeros(3))

    def helper(self, a, k, scale=2.0):
        if k > 1:
            return a * scale
        if a.sum() > 0:
            a = a - 1
        return self.linear(a)

    def changes(self, a, items):
        a.add_(1)
        items.append(a * 2)
        return len(items)

    def forward(self, x, y, n):
        v = x + 1
        w = y.clone()
        m = torch.stack([x, y])
        row = m[0]
        i, j, f, b = 0, 2, 0.5, True
        seen = [x * 2]
        pair = (w + v, 1)
""".strip("\n").split("\n")

_RETURN = "return v, w, m, row, i, j, f, b, seen, pair"

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
_V, _I, _F, _C = _E.vector, _E.integer, _E.real, _E.condition
_OWN = st.sampled_from(["v", "w", "row"])


_ASSIGNMENTS = st.one_of(
    st.builds("{} = {}".format, _OWN, _V),
    st.builds("i = {}".format, _I),
    st.builds("j = {}".format, _I),
    st.builds("f = {}".format, _F),
    st.builds("b = {}".format, _C),
    st.builds("m = torch.stack([{}, {}])".format, _V, _V),
    st.builds("row = m[{}]".format, st.sampled_from(["0", "1", "-1", "i % 2"])),
    st.builds("v = m[:, {}].repeat(2)[:3]".format, st.sampled_from(["0", "1", "i % 3"])),
    st.builds("pair = ({}, {})".format, _V, _I),
    st.sampled_from(
        ["v, i = pair", "v, w = w, v", "i, j = j, i", "pair = (*pair[:1], j)", "first, *_ = seen"]
    ),
    st.builds("i {}= {}".format, st.sampled_from(["+", "-"]), _I),
    st.builds("f {}= {}".format, st.sampled_from(["+", "*"]), _F),
)
_MUTATIONS = st.one_of(
    st.builds("{} += {}".format, _OWN, _V),
    st.builds("{}.mul_({})".format, _OWN, _F),
    st.builds("{}.add_({})".format, _OWN, _V),
    st.builds("m[{} % 2] = {}".format, _I, _V),
    st.builds("m[:, {}] += {}".format, st.sampled_from(["0", "1", "2"]), _F),
    st.builds("{}[{} % 3] = {}".format, _OWN, _I, _F),
    st.builds("{0}[{0} > {1}] = {2}".format, _OWN, _F, _F),
    st.builds("{}.clamp_(max={})".format, _OWN, _F),
    st.builds("seen[{} % len(seen)].add_(1)".format, _I),
)
_LISTS = st.one_of(
    st.builds("seen.append({})".format, _V),
    st.builds("seen = [{}]".format, _V),
    st.builds("seen = seen + [{}]".format, _V),
    st.builds("seen[-1] = {}".format, _V),
    st.builds("seen = [t * {} for t in seen]".format, _F),
    st.just("seen = seen[-2:]"),
    st.just("i = self.changes(v, seen)"),
)
_STATE = st.one_of(
    st.just("self.calls += 1"),
    st.builds("self.cache = {}".format, st.sampled_from(["None", "v", "w + 1"])),
    st.builds("self.total = self.total * 0.5 + {}".format, _V),
    st.just("self.total.add_(v)"),
)
_LEAVING = st.one_of(
    st.just("leave"),
    st.just("skip"),
    st.just(_RETURN),
    st.builds("return {}".format, _V),
    st.just('raise ValueError("random")'),
    st.builds("assert {}".format, _C),
)
_SIMPLE = st.one_of(
    _ASSIGNMENTS, _ASSIGNMENTS, _ASSIGNMENTS, _MUTATIONS, _LISTS, _STATE, _LEAVING
).map(line)


def _while(condition: str, body: Lines) -> Lines:
    """Return a loop of at most four iterations; `FUEL` becomes a name of its own."""
    inner = replace(body, "break", "continue")
    return ["FUEL = 0", *clause(f"while FUEL < 4 and {condition}:", ["FUEL += 1", *inner])]


def _forever(condition: str, body: Lines) -> Lines:
    inner = replace(body, "break", "continue")
    stop = [f"if FUEL > 3 or {condition}:", "    break"]
    return ["FUEL = 0", *clause("while True:", ["FUEL += 1", *stop, *inner])]


def _compound(blocks: Blocks) -> Blocks:
    conditions = st.builds("if {}:".format, _C)
    ranges = st.one_of(
        st.just("for k in range(3):"),
        st.builds("for k in range({} % 4):".format, _I),
        st.just("for t in seen[:3]:"),
        st.just("for k, t in enumerate(m):"),
        st.just("for t, u in zip(m, seen[:2]):"),
    )
    otherwise = st.builds(clause, st.just("else:"), blocks)
    elif_ = st.builds(clause, st.builds("elif {}:".format, _C), blocks)
    handler = st.builds(
        clause, st.sampled_from(["except ValueError:", "except AssertionError:"]), blocks
    )
    attempt = st.builds(clause, st.just("try:"), blocks)
    lastly = st.builds(clause, st.just("finally:"), blocks)
    branch = st.builds(clause, conditions, blocks)
    repeated = st.builds(loop, ranges, blocks)
    return st.one_of(
        branch,
        clauses(branch, otherwise),
        clauses(branch, elif_, otherwise),
        repeated,
        clauses(repeated, otherwise),
        st.builds(_while, _C, blocks),
        st.builds(_forever, _C, blocks),
        clauses(attempt, handler),
        clauses(attempt, lastly),
    )


def _several(statements: Blocks) -> Blocks:
    return st.lists(statements, min_size=1, max_size=4).map(concatenate)


def _nested(statements: Blocks) -> Blocks:
    return _compound(_several(statements))


BODIES = _several(st.recursive(_SIMPLE, _nested, max_leaves=8))
"""Lists of statements of `forward`."""


def source(body: Lines) -> str:
    """Return the program whose `forward` does what `body` says."""
    lines = [_fuel_of_depth(line) for line in replace(body, "pass", "pass")]
    return "\n".join([*_HEADER, *indent(indent([*lines, _RETURN]))]) + "\n"


def _fuel_of_depth(line: str) -> str:
    """Name the fuel of a loop by its depth: an inner one would refill that of the loop around."""
    depth = len(line) - len(line.lstrip())
    inside = line.strip() == "FUEL += 1" or line.strip().startswith("if FUEL")
    return line.replace("FUEL", f"fuel{depth - 4 if inside else depth}")


def program(body: Lines) -> Program:
    """Return the program, with calls that differ in sign and size."""
    text = source(body)
    filename = f"<random program {hash(text)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": "random_program"}
    exec(compile(text, filename, "exec"), namespace)
    cls: type[nn.Module] = namespace["Module"]
    return Program("random", lambda: instantiate(cls), _calls())


def _calls() -> tuple[Call, ...]:
    generator = torch.Generator().manual_seed(1)
    numbers = [torch.randn(2, 3, generator=generator) * 2 for _ in range(CALLS)]
    shifts = [0.0, 1.5, -1.5, 0.0, 4.0, -4.0]
    pairs = zip(numbers, shifts, strict=True)
    return tuple(
        Call((x + shift, y - shift, torch.tensor(count)))
        for count, ((x, y), shift) in enumerate(pairs)
    )
