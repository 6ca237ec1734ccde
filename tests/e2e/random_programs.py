"""Random dynamic programs, as text: what people write in `forward`, in any order.

Variables have a kind for their whole life, so that most programs are valid: `v`, `w` and `row` are
vectors (`row` often a view of the matrix `m`), `i` and `j` ints, `f` a float, `b` a bool, `seen` a
list of vectors, `pair` a tuple. Each program has up to three families of statements besides,
with variables of their own. Loops end: each has fuel. The module keeps state between calls.
"""

from __future__ import annotations

import functools
import linecache
import re
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn

from ..programs import Call, Program, instantiate
from ..random_lines import Blocks, Lines, clause, clauses, concatenate, indent, line, loop, replace
from .random_expressions import Text, templates
from .random_families import FAMILIES, Family, preparations
from .random_surroundings import Point, Record, Surroundings

CALLS = 6

_HEADER = """
class Module(Surroundings):
    def forward(self, x, y, n):
        v = x + 1
        w = y.clone()
        m = torch.stack([x, y])
        row = m[0]
        i, j, f, b = 0, 2, 0.5, True
        seen = [x * 2]
        pair = (w + v, 1)
""".strip("\n").split("\n")

_CLASSES = {cls.__name__: cls for cls in (Surroundings, Point, Record)}

_VARIABLES = ["v", "w", "m", "row", "i", "j", "f", "b", "seen", "pair"]
_RETURN = "return all variables"

_OWN = ["v", "w", "row"]

_STATEMENTS = {
    "assignments": [
        *[f"{name} = V" for name in _OWN],
        "i = I",
        "j = I",
        "f = F",
        "b = C",
        "m = torch.stack([V, V])",
        *[f"row = m[{row}]" for row in ("0", "1", "-1", "i % 2")],
        *[f"v = m[:, {column}].repeat(2)[:3]" for column in ("0", "1", "i % 3")],
        "pair = (V, I)",
        "v, i = pair",
        "v, w = w, v",
        "i, j = j, i",
        "pair = (*pair[:1], j)",
        "first, *_ = seen",
        "i += I",
        "i -= I",
        "f += F",
        "f *= F",
    ],
    "mutations": [
        *[f"{name} += V" for name in _OWN],
        *[f"{name}.mul_(F)" for name in _OWN],
        *[f"{name}.add_(V)" for name in _OWN],
        *[f"{name}[I % 3] = F" for name in _OWN],
        *[f"{name}[{name} > F] = F" for name in _OWN],
        *[f"{name}.clamp_(max=F)" for name in _OWN],
        "m[I % 2] = V",
        "m[:, 0] += F",
        "m[:, 2] += F",
        "seen[I % len(seen)].add_(1)",
    ],
    "lists": [
        "seen.append(V)",
        "seen = [V]",
        "seen = seen + [V]",
        "seen[-1] = V",
        "seen = [t * F for t in seen]",
        "seen = seen[-2:]",
        "i = self.changes(v, seen)",
    ],
    "state": [
        "self.calls += 1",
        "self.cache = None",
        "self.cache = v",
        "self.cache = w + 1",
        "self.total = self.total * 0.5 + V",
        "self.total.add_(v)",
    ],
    "leaving": [
        "leave",
        "skip",
        _RETURN,
        "return V",
        'raise ValueError("random")',
        'raise ValueError(f"at {i}")',
        "assert C",
        'assert C, "mistake"',
    ],
}

_LOOPS = (
    ("for k in range(3):", "v = v + k"),
    ("for k in range(I % 4):", "i = i + k"),
    ("for t in seen[:3]:", "w = w * 0.5 + t"),
    ("for k, t in enumerate(m):", "v = v + t * k"),
    ("for t, u in zip(m, seen[:2]):", "v = t - u"),
)

_HANDLERS = (
    "except ValueError:",
    "except AssertionError as error:",
    "except (ValueError, AssertionError):",
    "except Exception:",
)


@functools.cache
def _statements_of(kind: str) -> Blocks:
    return templates(*_STATEMENTS[kind]).map(line)


def _simple(conditions: Text, families: list[Family]) -> Blocks:
    """Return a strategy for single statements; of assignments there are more than of the rest."""
    own = {kind: _statements_of(kind) for kind in _STATEMENTS}
    theirs = [templates(*family.statements).map(line) for family in families]
    leaving = st.builds(clause, conditions.map("if {}:".format), own["leaving"])
    return st.one_of(*[own["assignments"]] * 2, *own.values(), *[leaving] * 3, *theirs * 3)


def _loops(families: list[Family], blocks: Blocks) -> Blocks:
    """Return a strategy for `for` loops, most of which use what they bind."""
    known = [*_LOOPS, *[pair for family in families for pair in family.loops]]
    return st.one_of(
        [
            st.builds(loop, templates(header), st.builds(_after, templates(use).map(line), blocks))
            for header, use in known
        ]
    )


def _after(first: Lines, body: Lines) -> Lines:
    return [*first, *body]


def _while(condition: str, body: Lines) -> Lines:
    """Return a loop of at most four iterations; `FUEL` becomes a name of its own."""
    inner = replace(body, "break", "continue")
    return ["FUEL = 0", *clause(f"while FUEL < 4 and ({condition}):", ["FUEL += 1", *inner])]


def _forever(condition: str, body: Lines) -> Lines:
    inner = replace(body, "break", "continue")
    stop = [f"if FUEL > 3 or ({condition}):", "    break"]
    return ["FUEL = 0", *clause("while True:", ["FUEL += 1", *stop, *inner])]


def _match(number: str, zero: Lines, one: Lines, other: Lines) -> Lines:
    cases = [clause("case 0:", zero), clause("case 1 | 2:", one), clause("case _:", other)]
    return clause(f"match {number}:", concatenate(cases))


def _that_may_leave(conditions: Text, blocks: Blocks) -> Blocks:
    """Return a strategy for bodies of loops, of which half leave early or skip their rest."""
    early = st.sampled_from(["leave", "skip", _RETURN]).map(line)
    stop = st.builds(clause, conditions.map("if {}:".format), early)
    return st.one_of(blocks, st.builds(_after, stop, blocks), st.builds(_after, blocks, stop))


def _compound(conditions: Text, families: list[Family], blocks: Blocks) -> Blocks:
    otherwise = st.builds(clause, st.just("else:"), blocks)
    branch = st.builds(clause, conditions.map("if {}:".format), blocks)
    elif_ = st.builds(clause, conditions.map("elif {}:".format), blocks)
    attempt = st.builds(clause, st.just("try:"), blocks)
    handler = st.builds(clause, st.sampled_from(_HANDLERS), blocks)
    lastly = st.builds(clause, st.just("finally:"), blocks)
    inside = _that_may_leave(conditions, blocks)
    repeated = _loops(families, inside)
    pending = st.builds(_while, conditions, inside)
    return st.one_of(
        branch,
        branch,
        clauses(branch, otherwise),
        clauses(branch, otherwise),
        clauses(branch, elif_, otherwise),
        repeated,
        clauses(repeated, otherwise),
        pending,
        clauses(pending, otherwise),
        st.builds(_forever, conditions, inside),
        clauses(attempt, handler),
        clauses(attempt, lastly),
        clauses(attempt, handler, otherwise, lastly),
        st.builds(_match, templates("I"), blocks, blocks, blocks),
        st.builds(clause, st.just("with torch.no_grad():"), blocks),
    )


def _several(statements: Blocks) -> Blocks:
    return st.lists(statements, min_size=1, max_size=4).map(concatenate)


@functools.cache
def _bodies(names: frozenset[str]) -> Blocks:
    families = [FAMILIES[name] for name in sorted(names)]
    asked = [text for family in families for text in family.conditions]
    conditions = st.one_of(templates("C"), templates("C", *asked))

    def nested(statements: Blocks) -> Blocks:
        return _compound(conditions, families, _several(statements))

    return _several(st.recursive(_simple(conditions, families), nested, max_leaves=8))


BODIES = st.frozensets(st.sampled_from(sorted(FAMILIES)), min_size=1, max_size=3).flatmap(_bodies)
"""Lists of statements of `forward`."""


def source(body: Lines) -> str:
    """Return the program whose `forward` does what `body` says."""
    first = preparations(body)
    lines = [_fuel_of_depth(line) for line in replace(body, "pass", "pass")]
    names = [*_VARIABLES, *re.findall(r"^(\w+) = ", "\n".join(first), re.MULTILINE)]
    whole = [*first, *lines, _RETURN]
    inside = [text.replace("all variables", ", ".join(names)) for text in whole]
    return "\n".join([*_HEADER, *indent(indent(inside))]) + "\n"


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
    namespace: dict[str, Any] = {"__name__": "random_program", "torch": torch, **_CLASSES}
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
