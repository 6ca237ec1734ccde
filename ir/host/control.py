"""`cf.*` and the terminators of host functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from ...diagnostics import template_problems
from ..core import Op, Successor, Symbol, Value, attr, define, operand, successor
from ..structure import Structure, leaves
from ..types import I1, I64


@define("cf.br")
class Branch(Op):
    """Go on at `target`."""

    TERMINATOR: ClassVar[bool] = True
    target: Successor = successor()


@define("cf.cond_br")
class CondBranch(Op):
    """Go on at `on_true` if `condition` holds, else at `on_false`."""

    TERMINATOR: ClassVar[bool] = True
    condition: Value = operand()
    on_true: Successor = successor()
    on_false: Successor = successor()

    def verify(self) -> Iterator[str]:
        if self.condition.type != I1:
            yield f"condition has type {self.condition.type}, not i1"


@define("cf.switch")
class Switch(Op):
    """Go on at `cases[index]`; a negative index counts from the end, as Python's do.

    An index out of range raises IndexError.
    """

    TERMINATOR: ClassVar[bool] = True
    index: Value = operand()
    cases: tuple[Successor, ...] = successor()

    def verify(self) -> Iterator[str]:
        if self.index.type != I64:
            yield f"index has type {self.index.type}, not i64"


@define("host.return")
class Return(Op):
    """End the call with the pytree `structure` over `outputs`.

    Before that, cell `cells[i]` becomes `cell_values[i]`, each of `cleared_cells` becomes None, and
    the input tensor at parameter `copied_inputs[i]` receives the contents of `copied_values[i]`
    (the program mutated it).
    """

    TERMINATOR: ClassVar[bool] = True
    outputs: tuple[Value, ...] = operand()
    structure: Structure = attr()
    cell_values: tuple[Value, ...] = operand(default=())
    copied_values: tuple[Value, ...] = operand(default=())
    cells: tuple[Symbol, ...] = attr(default=())
    cleared_cells: tuple[Symbol, ...] = attr(default=())
    copied_inputs: tuple[int, ...] = attr(default=())

    def verify(self) -> Iterator[str]:
        yield from _unpaired(self)
        for leaf in leaves(self.structure):
            if not 0 <= leaf.index < len(self.outputs):
                yield f"structure names output {leaf.index} of {len(self.outputs)}"


@define("host.raise")
class Raise(Op):
    """End the call by raising `exception` (`module:qualified.name`) with `message`.

    With `values`, `message` is a template such as `"{0} is not {1!r:>5}"`; if it is empty, the
    exception holds the only value itself. Before that, cells and inputs are written as
    `host.return` does.
    """

    TERMINATOR: ClassVar[bool] = True
    exception: str = attr()
    message: str = attr()
    values: tuple[Value, ...] = operand(default=())
    cell_values: tuple[Value, ...] = operand(default=())
    copied_values: tuple[Value, ...] = operand(default=())
    cells: tuple[Symbol, ...] = attr(default=())
    cleared_cells: tuple[Symbol, ...] = attr(default=())
    copied_inputs: tuple[int, ...] = attr(default=())

    @property
    def writes(self) -> bool:
        """Whether cells or inputs are written."""
        return bool(self.cells or self.cleared_cells or self.copied_inputs)

    def verify(self) -> Iterator[str]:
        yield from template_problems(self.message, len(self.values))
        if not self.message and len(self.values) > 1:
            yield "no message shows the values"
        yield from _unpaired(self)


Exit: TypeAlias = Return | Raise
"""What ends a call."""


def _unpaired(op: Exit) -> Iterator[str]:
    if len(op.cells) != len(op.cell_values):
        yield f"{len(op.cells)} cells for {len(op.cell_values)} cell values"
    if len(op.copied_inputs) != len(op.copied_values):
        yield f"{len(op.copied_inputs)} inputs for {len(op.copied_values)} copied values"
