"""Keep one of equal graph functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import sympy

from ..ir import Func, Module, Symbol, TensorType, Type, Value, symbol
from ..ir.dims import dim_symbols, is_data_dependent
from ..ir.host import Call
from .definition import Pass, PassContext
from .structure import Key, structural_key


@dataclass(frozen=True)
class DeduplicateSubnets(Pass):
    """Call one graph function where several are equal but for names of values and sizes.

    Weights are parameters, so that layers of equal shape become one function.

    Before: %1 = host.call(%0, %w1) {callee = @a}; %2 = host.call(%1, %w2) {callee = @b}
    After:  %1 = host.call(%0, %w1) {callee = @a}; %2 = host.call(%1, %w2) {callee = @a}
    """

    name = "deduplicate-subnets"

    def run(self, module: Module, context: PassContext) -> None:
        kept: dict[Key, Symbol] = {}
        replaced: dict[Symbol, Symbol] = {}
        for func in module.graph_funcs:
            first = kept.setdefault(_func_key(func), func.symbol)
            if first != func.symbol:
                replaced[func.symbol] = first
                context.note(func.loc, f"@{func.symbol} equals @{first}")
                del module.funcs[func.symbol]
        for func in module.host_funcs:
            for op in func.ops:
                if isinstance(op, Call):
                    op.callee = replaced.get(op.callee, op.callee)


def _func_key(func: Func) -> Key:
    """Return what equal graph functions have in common."""
    numbers: dict[Value, int] = {}
    dims = _DimNames()
    keys: list[Key] = []
    for param in func.params:
        numbers[param] = len(numbers)
        keys.append(dims.rename(param.type))
    for op in func.ops:
        keys.append(structural_key(op, numbers.__getitem__, dims.rename))
        for result in op.results:
            numbers[result] = len(numbers)
    return tuple(keys)


class _DimNames:
    """Number data-dependent dims in the order in which types name them."""

    def __init__(self) -> None:
        self._new: dict[str, sympy.Symbol] = {}

    def rename(self, value_type: Type) -> Type:
        """Return `value_type` with canonical names for its data-dependent dims."""
        if not isinstance(value_type, TensorType):
            return value_type
        names = [name for dim in value_type.shape for name in sorted(dim_symbols(dim))]
        for name in filter(is_data_dependent, names):
            self._new.setdefault(name, symbol(f"u{len(self._new)}"))
        old = {symbol(name): new for name, new in self._new.items()}
        shape = tuple(
            d if isinstance(d, int) else cast(Any, d).xreplace(old) for d in value_type.shape
        )
        return TensorType(shape, value_type.dtype, value_type.device)
