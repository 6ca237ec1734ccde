"""Keep one of equal graph functions."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Module, Symbol
from ..ir.equality import canonical_text
from ..ir.host import Call
from .definition import Pass, PassContext


@dataclass(frozen=True)
class DeduplicateSubnets(Pass):
    """Call one graph function where several are equal but for names of values and sizes.

    Weights are parameters, so that layers of equal shape become one function.

    Before: %1 = host.call(%0, %w1) {callee = @a}; %2 = host.call(%1, %w2) {callee = @b}
    After:  %1 = host.call(%0, %w1) {callee = @a}; %2 = host.call(%1, %w2) {callee = @a}
    """

    name = "deduplicate-subnets"

    def run(self, module: Module, context: PassContext) -> None:
        kept: dict[str, Symbol] = {}
        replaced: dict[Symbol, Symbol] = {}
        for func in module.graph_funcs:
            first = kept.setdefault(canonical_text(func), func.symbol)
            if first != func.symbol:
                replaced[func.symbol] = first
                context.note(func.loc, f"@{func.symbol} equals @{first}")
                del module.funcs[func.symbol]
        for func in module.host_funcs:
            for op in func.ops:
                if isinstance(op, Call):
                    op.callee = replaced.get(op.callee, op.callee)
