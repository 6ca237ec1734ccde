"""Patterns: stateless functions from an op to a replacement, or to the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from ..diagnostics import UNKNOWN
from ..ir import Op, Value
from .definition import PassContext


@dataclass(frozen=True)
class Miss:
    """Say why a pattern does not apply."""

    reason: str


@dataclass(frozen=True)
class Replacement:
    """Put `ops` where the old op stands, and read `values` instead of its first results.

    Results for which there is no value must be unused.
    """

    ops: tuple[Op, ...]
    values: tuple[Value, ...]


Rewrite: TypeAlias = "Value | Op | Replacement | Miss"
"""A value that exists, a new op with the same results, several new ops, or a miss."""

OpT = TypeVar("OpT", bound=Op)


@dataclass(frozen=True)
class Pattern:
    """A rewrite of ops of class `root`, of the operators `targets` only if there are any."""

    root: type[Op]
    targets: frozenset[str]
    function: Callable[[Any], Rewrite]

    @property
    def name(self) -> str:
        return self.function.__name__.replace("_", "-")

    def __call__(self, op: Op) -> Rewrite:
        return self.function(op)


def pattern(root: type[OpT], *targets: str) -> Callable[[Callable[[OpT], Rewrite]], Pattern]:
    """Declare a function to be a pattern on ops of class `root`."""
    return lambda function: Pattern(root, frozenset(targets), function)


class PatternSet:
    """Patterns by the ops on which they may apply, in the order in which they are tried."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._by_class: dict[type[Op], list[Pattern]] = {}
        self._patterns = tuple(patterns)

    def applicable(self, op: Op) -> list[Pattern]:
        """Return the patterns to try on `op`."""
        cls = type(op)
        if cls not in self._by_class:
            self._by_class[cls] = [p for p in self._patterns if issubclass(cls, p.root)]
        return [p for p in self._by_class[cls] if not p.targets or op.name in p.targets]


def apply_first(op: Op, patterns: PatternSet, context: PassContext) -> Replacement | None:
    """Apply the first of `patterns` that does not miss; return what replaced `op`."""
    for each in patterns.applicable(op):
        found = each(op)
        if not isinstance(found, Miss):
            replacement = _normalize(found)
            replace(op, replacement)
            return replacement
        if context.on_miss is not None:
            context.on_miss(each.name, op, found.reason)
    return None


def replace(op: Op, replacement: Replacement) -> None:
    """Put `replacement` into the place of `op`; new ops without a location take its."""
    block = op.parent
    assert block is not None
    position = block.ops.index(op)
    for old, new in zip(op.results, replacement.values, strict=False):
        new.name = new.name or old.name
        old.replace_all_uses_with(new)
    op.drop()
    for offset, new_op in enumerate(replacement.ops):
        new_op.loc = op.loc if new_op.loc is UNKNOWN else new_op.loc
        block.insert(position + offset, new_op)


def _normalize(rewrite: Value | Op | Replacement) -> Replacement:
    if isinstance(rewrite, Replacement):
        return rewrite
    if isinstance(rewrite, Op):
        return Replacement((rewrite,), tuple(rewrite.results))
    return Replacement((), (rewrite,))
