"""Which ops may be removed, moved, or computed though nobody asked."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import Module, Op, ScalarKind, Symbol
from ..ir.host import Call, ReadCell, Size, arith, lists, texts
from .constants import known_scalar

_NEVER_RAISE = (
    arith.Constant,
    arith.Add,
    arith.Sub,
    arith.Mul,
    arith.Min,
    arith.Max,
    arith.Compare,
    arith.And,
    arith.Or,
    arith.Not,
    arith.Neg,
    arith.Select,
    lists.Make,
    lists.Len,
    texts.Find,
    Size,
)
_RAISE_FOR_ZERO = (arith.TrueDiv, arith.FloorDiv, arith.Mod)


class Effects:
    """Tell which ops of `module` do more than compute their results."""

    def __init__(self, module: Module) -> None:
        self._random = {func.symbol for func in module.graph_funcs if _is_random(func.ops)}

    def may_remove(self, op: Op) -> bool:
        """Tell whether `op` can go if nothing reads it.

        Reads of cells stay: they say which calls an entry serves.
        """
        return self.may_move(op) and not isinstance(op, ReadCell)

    def may_move(self, op: Op) -> bool:
        """Tell whether `op` computes the same wherever its operands are at hand."""
        return op.is_pure and not (isinstance(op, Call) and self.is_random(op.callee))

    def is_random(self, callee: Symbol) -> bool:
        """Tell whether the graph function `callee` draws random numbers."""
        return callee in self._random


def is_cheap(op: Op) -> bool:
    """Tell whether `op` never raises and costs no more than a branch: no tensor is touched."""
    if isinstance(op, _RAISE_FOR_ZERO):
        return bool(known_scalar(op.right))
    if isinstance(op, arith.Cast):
        return op.kind is not ScalarKind.I64 or not arith.is_float(op.value)
    if isinstance(op, arith.MathCall):
        return op.function == "abs"
    return isinstance(op, _NEVER_RAISE)


def _is_random(ops: Iterable[Op]) -> bool:
    return any(not op.is_pure and not op.TERMINATOR for op in ops)
