"""Leaves of inputs that are arranged as they should be, found by code written for their structure.

It runs at every call, where a walk would cost more than small sub-networks do.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .structure import Array, Constant, Leaf, Mapping, Record, Structure, fits
from .structure import Sequence as SequenceStructure

Match = Callable[[Sequence[Any]], "list[Any] | None"]
"""From the values of all parameters to the leaves in order, None if anything does not fit."""


def matcher(structures: Sequence[Structure]) -> Match:
    """Return a function that finds the leaves of values arranged as `structures` say.

    It may return None for values that fit all the same, never leaves of values that do not.
    """
    writer = _Writer()
    names = writer.new_names(len(structures))
    lines = [f"{_targets(names)} = values"]
    for name, structure in zip(names, structures, strict=True):
        lines += writer.check(structure, name)
    leaves = [writer.leaves[index] for index in sorted(writer.leaves)]
    body = "\n    ".join([*lines, f"return [{', '.join(leaves)}]"])
    exec(f"def match(values):\n    {body}\n", writer.scope)
    return writer.scope.pop("match")


class _Writer:
    def __init__(self) -> None:
        self.leaves: dict[int, str] = {}
        self.scope: dict[str, Any] = {"fits": fits, "learn": _learn}
        self._numbers = itertools.count()

    def new_names(self, count: int) -> list[str]:
        """Return locals that nothing else uses."""
        return [f"v{next(self._numbers)}" for _ in range(count)]

    def check(self, node: Structure, name: str) -> Iterator[str]:
        """Yield lines that return None unless the value in the local `name` fits `node`."""
        todo = [(node, name)]
        while todo:
            node, name = todo.pop()
            if isinstance(node, Leaf):
                self.leaves[node.index] = name
            elif isinstance(node, Constant):
                yield f"if not ({self._is_constant(node, name)}): return None"
            elif isinstance(node, Array):
                yield "return None"  # outputs only are arrays of NumPy
            else:
                parts = self.new_names(len(node.items))
                yield f"if not ({self._is_container(node, name)}): return None"
                yield self._take_apart(node, name, parts)
                todo += zip(node.items, parts, strict=True)

    def _is_constant(self, node: Constant, name: str) -> str:
        if node.value is None or isinstance(node.value, bool):
            return f"{name} is {node.value}"
        constant = self._keep(node.value)  # NaN is not equal to itself: left to the walk
        return f"type({name}) is {type(node.value).__name__} and {name} == {constant}"

    def _is_container(self, node: SequenceStructure | Mapping | Record, name: str) -> str:
        if isinstance(node, SequenceStructure):
            return f"type({name}) is {node.type_name} and len({name}) == {len(node.items)}"
        if isinstance(node, Mapping) or node.form == "mapping":
            return f"fits({self._keep(node)}, {name})"
        classes, kept = self._keep(set[type[Any]]()), self._keep(node)
        return f"type({name}) in {classes} or learn({classes}, {kept}, {name})"

    def _take_apart(
        self, node: SequenceStructure | Mapping | Record, name: str, parts: list[str]
    ) -> str:
        if isinstance(node, Record) and node.form == "dataclass":
            sources = [f"{name}.{field}" for field in node.fields]
        elif isinstance(node, Record) and node.form == "mapping":
            sources = [f"{name}[{field!r}]" for field in node.fields]
        elif isinstance(node, Mapping):
            sources = [f"{name}[{self._keep(key)}]" for key in node.keys]
        else:
            return f"{_targets(parts)} = {name}"
        return (
            "; ".join(f"{part} = {source}" for part, source in zip(parts, sources, strict=True))
            or "pass"
        )

    def _keep(self, value: Any) -> str:
        """Return a global name of the function for `value`."""
        name = f"k{next(self._numbers)}"
        self.scope[name] = value
        return name


def _targets(names: Sequence[str]) -> str:
    return "".join(f"{name}, " for name in names) or "()"


def _learn(classes: set[type[Any]], node: Record, value: Any) -> bool:
    """Whether the class of `value` has the fields of `node`; if so, it will have them next time."""
    if not fits(node, value):
        return False
    classes.add(value.__class__)
    return True
