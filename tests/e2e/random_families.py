"""Families of statements: what random programs do with one kind of variable, or of calls.

In the texts, V stands for a vector, I for an int, F for a float, C for a condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..random_lines import Lines


@dataclass(frozen=True)
class Family:
    """Statements, conditions and loops, and what makes the variables that only they use.

    A loop is a header and the first line of its body, which uses what the loop binds.
    """

    statements: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    loops: tuple[tuple[str, str], ...] = ()
    preparation: str = ""


_SIZES = Family(
    preparation="z = x[x > 0]",
    statements=(
        "z = V[V > F]",
        "z = V[:I % 4]",
        "z = V[I % 3:]",
        "z = V.topk(I % 4).values",
        "z = V[(V > F).nonzero().flatten()]",
        "z = V[torch.where(V > F)[0]]",
        "z = V.masked_select(V > F)",
        "z = torch.cat([z, V])",
        "z = z[z > z.mean()]",
        "z = z.sort().values",
        "z = z.unique()",
        "z = z.flip(0) * F",
        "z = z[::2]",
        "z = z[:I]",
        "z = torch.arange(I % 4) * F",
        "z = torch.full((I % 4,), F)",
        "z[z > F] = F",
        "z[:I % 2] = F",
        "z.mul_(F)",
        "v = V + z.sum()",
        "v = torch.cat([z, V])[:3]",
        "w = V * len(z)",
        "w = z.new_full((3,), F)",
        "i = z.shape[0]",
        "i = int((z > F).sum())",
        "j = int(z.argmax()) if len(z) else I",
        "f = z.mean().item() if z.numel() > 0 else F",
        "f = sum(z.tolist())",
        "v = V.index_fill(0, (V > F).nonzero().flatten(), F)",
    ),
    conditions=("len(z) > I", "z.numel() == 0", "z.sum() > F", "(z > F).any()"),
    loops=(
        ("for t in z:", "v = v + t"),
        ("for t in z.tolist():", "f = f * 0.5 + t"),
        ("for k in range(len(z)):", "w = w + z[k]"),
        ("for k in (V > F).nonzero().flatten().tolist():", "i = i + k"),
    ),
)
"""Tensors whose size depends on data."""

_VECTOR_LISTS = Family(
    statements=(
        "seen = [t for t in seen if t.sum() > F] or [V]",
        "seen = [t * 2 for t in seen if C] + [V]",
        "seen = [V for k in range(I % 3)] + [V]",
        "seen = [t for k, t in enumerate(seen) if k != I] or [V]",
        "seen.insert(I % 2, V)",
        "seen.extend([V, V])",
        "seen += [V]",
        "del seen[1:]",
        "seen.reverse()",
        "seen = seen[:I % 3 + 1]",
        "seen = seen[::-1]",
        "seen = list(m)",
        "seen = sorted(seen, key=lambda t: t.sum().item())",
        "seen.sort(key=lambda t: float(t.max()), reverse=True)",
        "seen = list(filter(lambda t: t.sum() > F, seen)) or [V]",
        "seen = list(map(self.linear, seen))",
        "v = max(seen, key=lambda t: float(t.sum()))",
        "i = min(range(len(seen)), key=lambda k: seen[k].sum().item())",
        "v = seen.pop() if len(seen) > 1 else V",
        "v = seen.pop(0) if len(seen) > 1 else V",
        "w = torch.cat(seen)[-3:]",
        "v = torch.stack(seen)[I % len(seen)]",
        "v = torch.stack(seen[-2:]).sum(0) + V",
    ),
    conditions=("len(seen) > 2", "any(bool((t > F).all()) for t in seen)"),
    loops=(
        ("for t in reversed(seen[-3:]):", "v = v + t"),
        ("for t in [t for t in seen[:3] if t.sum() > F]:", "w = w * 0.5 + t"),
        ("for k, t in enumerate(seen[:3]):", "v = v + t * k"),
    ),
)
"""Lists of tensors that grow, shrink and are filtered by data."""

_NUMBER_LISTS = Family(
    preparation="numbers = [1, 2]",
    statements=(
        "numbers.append(I)",
        "numbers += [I, I]",
        "numbers = [k for k in numbers if k < I]",
        "numbers = [k * 2 for k in numbers]",
        "numbers = numbers[-3:]",
        "numbers = sorted(numbers, reverse=True)",
        "numbers.sort()",
        "numbers.insert(0, I)",
        "numbers.reverse()",
        "del numbers[1:]",
        "numbers = list(range(I % 4))",
        "numbers = (V > F).nonzero().flatten().tolist()",
        "numbers = [k for k, a in enumerate(V.tolist()) if a > F]",
        "numbers = [len(seen), *numbers][:4]",
        "i = numbers.pop() if numbers else I",
        "i = sum(numbers)",
        "i = max(numbers, default=I)",
        "i = numbers[-1] if len(numbers) > 0 else I",
        "j = numbers.count(I)",
        "j = numbers.index(max(numbers)) if numbers else 0",
        "b = I in numbers",
        "v = V * sum(k for k in numbers if k > I)",
    ),
    conditions=("numbers", "len(numbers) > I", "I in numbers", "all(k > 0 for k in numbers)"),
    loops=(
        ("for k in numbers[:3]:", "i = i + k"),
        ("for k in reversed(numbers[-3:]):", "v = v * 0.5 + k"),
        ("for k, a in zip(numbers, V.tolist()):", "f = f * 0.5 + a"),
    ),
)
"""Lists of ints."""

_KINDS = Family(
    preparation='best = None\nmode = "first"',
    statements=(
        "best = None",
        "best = V",
        "best = V if best is None else best + V",
        "v = V if best is None else best",
        'mode = "first"',
        'mode = "second" if C else "third"',
        'f = {"first": 1.0, "second": F}.get(mode, 0.5)',
        'v = self.linear(V) if mode != "third" else V',
        "best = (V if C else best)",
        "pair = (pair[0], I) if C else (V, 1)",
    ),
    conditions=("best is None", "best is not None and best.sum() > F", 'mode == "first"'),
)
"""Variables that are a tensor or None, and texts that tell where a program is."""

_CONTAINERS = Family(
    preparation="""
named = {"a": x, "b": y * 2}
point = Point(x, 0.5)
record = Record(x * 1)
""",
    statements=(
        'named["a"] = V',
        'named["c"] = V',
        'named.pop("b", None)',
        "named.update(b=V)",
        "named = {key: t * F for key, t in named.items()}",
        'named["a"] += F',
        'v = named.get("c", V)',
        "v = sum(named.values()) + V",
        "i = len(named)",
        "point = point._replace(scale=F)",
        "point = Point(V, F)",
        "v, f = point",
        "record = Record(V, I)",
        "record.add(V)",
        "record.count += 1",
        "record.best = V",
        "record.best.mul_(F)",
        "i = record.count",
        "v = record.best + V",
    ),
    conditions=('"b" in named', "record.count > I", "point.scale > F"),
    loops=(("for key, t in named.items():", "v = v + t"),),
)
"""Dicts, named tuples and dataclasses of tensors."""

_CALLS = Family(
    statements=(
        "v, i = self.descend(V, 0)",
        "v = self.descend(V, I)[0]",
        "w = self.shrink(V)",
        "seen = list(self.halves(V, I)) or [V]",
        "v = next(self.halves(V, I), w)",
        "v = sum(self.halves(V, 3)) + V",
        "f = max((t.sum().item() for t in self.halves(V, I)), default=F)",
        "v = (self.linear if C else torch.tanh)(V)",
        "v = self.layers[I % 2](V)",
        "i, v = self.first_above(V, F)",
        "v = self.checked(V, F)",
    ),
    loops=(
        ("for t in self.halves(V, I):", "v = v + t"),
        ("for k, t in enumerate(self.halves(V, 3)):", "w = w + t * k"),
    ),
)
"""Recursion and generators by data, choice of a module, functions that leave a loop early."""

_CLOSURES = Family(
    preparation="""
steps = 0
def bump(a):
    nonlocal steps, i
    steps += 1
    if a.sum() > 0:
        i = i + 1
    seen.append(a * 2)
    return a + steps
""",
    statements=(
        "v = bump(V)",
        "w = bump(v) if C else w",
        "seen = [bump(t) for t in seen[:2]]",
        "seen = list(map(bump, seen[:2]))",
        "i = steps",
        "steps = I",
    ),
    conditions=("steps > I",),
)
"""A function in `forward` that changes variables around it."""

_VIEWS = Family(
    statements=(
        "row = m.view(-1)[1:4]",
        "row = m.flatten()[:3]",
        "row = m[I % 2]",
        "row = row[:]",
        "row, w = m",
        "v, w = torch.stack([V, V]).unbind()",
        "m.t()[0] += F",
        "m.view(-1)[I % 6] = F",
        "m[m > F] = F",
        "m[:, V > F] = F",
        "m[V.argmax() % 2] = V",
        "m.select(0, I % 2).add_(V)",
        "row.copy_(V)",
        "row.zero_()",
        "v.masked_fill_(V > F, F)",
        "v[V > F] += F",
        "v[:I % 3].mul_(F)",
        "w[w.argmax()] = F",
        "v[w > F] = w[w > F]",
        "m = m.clone()",
        "m = m.flip(0)",
    ),
    conditions=("m.sum() > F", "row.sum() > F"),
    loops=(("for t in m:", "t.add_(F)"), ("for k, t in enumerate(m):", "t[k] = F")),
)
"""Views, and changes in place by masks and positions."""

_STATE = Family(
    statements=(
        "self.history.append(V)",
        "self.history = self.history[-2:]",
        "self.history.clear()",
        "v = sum(self.history) + V",
        "v = self.history.pop() if self.history else V",
        'self.counts["calls"] += 1',
        'self.counts["last"] = I',
        'i = self.counts["calls"]',
        'self.memory["last"] = V',
        'v = self.memory.get("last", V)',
        "self.memory.clear()",
        "self.flag = not self.flag",
        "self.top = max(self.top, F)",
        "f = self.top",
        "v = V if self.cache is None else self.cache",
        "self.total[I % 3] = F",
        "self.total.copy_(V)",
        "self.cache, v = v, V if self.cache is None else self.cache",
    ),
    conditions=(
        "self.flag",
        "len(self.history) > 1",
        '"last" in self.memory',
        'self.counts["last"] > I',
    ),
    loops=(("for t in self.history[-2:]:", "v = v + t"),),
)
"""State of the module: lists, dicts, tensors and numbers."""

FAMILIES: Mapping[str, Family] = {
    "sizes": _SIZES,
    "vector lists": _VECTOR_LISTS,
    "number lists": _NUMBER_LISTS,
    "kinds": _KINDS,
    "containers": _CONTAINERS,
    "calls": _CALLS,
    "closures": _CLOSURES,
    "views": _VIEWS,
    "state": _STATE,
}
"""Every family, by what it is about."""


def preparations(body: Lines) -> Lines:
    """Return lines that make the variables of the families that `body` uses."""
    words = set(re.findall(r"\w+", "\n".join(body)))
    used = [family for family in FAMILIES.values() if words & set(_names(family))]
    return [line for family in used for line in family.preparation.strip().split("\n")]


def _names(family: Family) -> list[str]:
    return re.findall(r"^(?:def )?(\w+)", family.preparation, re.MULTILINE)
