"""Which ops may be removed, moved, or computed though nobody asked."""

from __future__ import annotations

from collections.abc import Iterable

from ..ir import DType, Module, Op, ScalarKind, Symbol, TensorType, Type
from ..ir.graph import AtenOp
from ..ir.host import Call, ReadCell, Size, arith, lists
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


def is_tiny_tensor_op(op: Op, max_elements: int) -> bool:
    """Tell whether `op` never raises and makes at most `max_elements` elements, one by one."""
    import torch  # heavy: only programs with ATen ops need it

    if not isinstance(op, AtenOp) or not op.is_pure:
        return False
    pointwise = torch.Tag.pointwise in op.operator.tags
    return pointwise and all(_is_tiny(value.type, max_elements) for value in op.results)


def _is_tiny(value_type: Type, max_elements: int) -> bool:
    if not isinstance(value_type, TensorType) or value_type.elements is None:
        return False
    never_raises = value_type.dtype.is_floating or value_type.dtype is DType.I1  # ints: 1 // 0
    return never_raises and value_type.elements <= max_elements


def _is_random(ops: Iterable[Op]) -> bool:
    return any(not op.is_pure and not op.TERMINATOR for op in ops)
