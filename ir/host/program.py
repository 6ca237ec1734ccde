"""`host.*`: what connects sub-networks, weights, state and host scalars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ...diagnostics import template_problems
from ..core import Op, Symbol, Value, attr, define, operand
from ..types import I1, I64, TensorType, Type, item_type


@define("host.call")
class Call(Op):
    """results = callee(*inputs), a graph function; the result types must be given."""

    GIVEN_RESULTS: ClassVar[int | None] = None
    inputs: tuple[Value, ...] = operand(spread=True)
    callee: Symbol = attr()


@define("host.invoke")
class Invoke(Op):
    """results = callee(*inputs), a local function; the result types must be given.

    The callee may do all that host functions do, and may not come back: a RecursionError ends calls
    that are nested deeper than the host allows.
    """

    GIVEN_RESULTS: ClassVar[int | None] = None
    PURE: ClassVar[bool] = False
    inputs: tuple[Value, ...] = operand(spread=True)
    callee: Symbol = attr()


@define("host.weight")
class LoadWeight(Op):
    """out = the weight `symbol` of the module; the result type must be given."""

    GIVEN_RESULTS: ClassVar[int | None] = 1
    symbol: Symbol = attr()


@define("host.read_cell")
class ReadCell(Op):
    """out = the value of `cell` when the call began; the result type must be given.

    The result type also guards: this entry of the program serves only calls before which
    the cell holds a value of this type.
    """

    GIVEN_RESULTS: ClassVar[int | None] = 1
    cell: Symbol = attr()


@define("host.item")
class Item(Op):
    """out = source.item(), of a tensor with one element."""

    source: Value = operand()

    def infer(self) -> Sequence[Type]:
        if not isinstance(self.source.type, TensorType):
            raise self.error("MC0203", f"{self.source.type} is no tensor")
        return (item_type(self.source.type.dtype),)


@define("host.size")
class Size(Op):
    """out = source.size(dim), 0 <= dim < rank."""

    source: Value = operand()
    dim: int = attr()

    def infer(self) -> Sequence[Type]:
        return (I64,)

    def verify(self) -> Iterator[str]:
        if not isinstance(self.source.type, TensorType):
            yield f"{self.source.type} is no tensor"
        elif not 0 <= self.dim < self.source.type.rank:
            yield f"{self.source.type} has no dim {self.dim}"


@define("host.print")
class Print(Op):
    """Write `text`, a template if there are `values`, and `end` to the standard output.

    With `to_errors` it goes to the standard error output; with `flush` it is not buffered.
    """

    PURE: ClassVar[bool] = False
    values: tuple[Value, ...] = operand(spread=True)
    text: str = attr()
    end: str = attr(default="\n")
    to_errors: bool = attr(default=False)
    flush: bool = attr(default=False)

    def verify(self) -> Iterator[str]:
        return template_problems(self.text, len(self.values))


@define("host.assert")
class Assert(Op):
    """Raise RuntimeError(message) unless `condition` holds.

    It stands for what eager checks too (sizes that must agree), found while capturing.
    """

    PURE: ClassVar[bool] = False
    condition: Value = operand()
    message: str = attr()

    def verify(self) -> Iterator[str]:
        if self.condition.type != I1:
            yield f"condition has type {self.condition.type}, not i1"
