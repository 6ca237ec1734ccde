"""Writes ops one after another at a place in a block."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from ..diagnostics import UNKNOWN, Location
from .core import Argument, Block, Op, OpClass
from .graph.ops import AtenOp
from .types import Type


class Builder:
    """Insert ops into `block`: at its end, or before the op at `position`, which moves along."""

    def __init__(self, block: Block, position: int | None = None, loc: Location = UNKNOWN) -> None:
        self.block = block
        self._position = position
        self._loc = loc

    @classmethod
    def before(cls, op: Op) -> Builder:
        """Return a builder that inserts before `op` and takes over its location."""
        assert op.parent is not None
        return cls(op.parent, op.parent.ops.index(op), op.loc)

    @contextmanager
    def at(self, loc: Location) -> Generator[None]:
        """Give the ops inserted meanwhile the location `loc`."""
        outer, self._loc = self._loc, loc
        try:
            yield
        finally:
            self._loc = outer

    def insert(self, op: OpClass, *names: str) -> OpClass:
        """Insert `op`, name its results and, if it has no location, give it the current one."""
        if op.loc == UNKNOWN:
            op.loc = self._loc
        for result, name in zip(op.results, names, strict=False):
            result.name = name
        if self._position is None:
            return self.block.append(op)
        self._position += 1
        return self.block.insert(self._position - 1, op)

    def aten(
        self,
        target: str,
        *arguments: Argument,
        types: Sequence[Type] | None = None,
        name: str = "",
        **keywords: Argument,
    ) -> AtenOp:
        """Insert the operator `aten.<target>`; without `types`, torch says what it returns."""
        op = AtenOp(
            _tuples(arguments),
            f"aten.{target}",
            tuple((key, _tuples(argument)) for key, argument in keywords.items()),
            result_types=types or (),
            loc=self._loc,
        )
        self.insert(op)
        if types is None:
            from .graph.inference import infer_aten  # brings torch

            op.set_results(infer_aten(op))
        for result in op.results:
            result.name = name
        return op


def _tuples(argument: Argument) -> Any:
    if isinstance(argument, (list, tuple)):
        return tuple(_tuples(item) for item in cast("Sequence[Argument]", argument))
    return argument
