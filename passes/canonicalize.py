"""Bring ops into one form, and remove those that do nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Module
from .definition import Pass, PassContext
from .driver import rewrite_to_fixpoint
from .patterns import PatternSet
from .rewrites import (
    BRANCH_PATTERNS,
    IDENTITY_PATTERNS,
    ITEM_PATTERNS,
    JOIN_PATTERNS,
    LIST_PATTERNS,
    SCALAR_PATTERNS,
    SIZE_PATTERNS,
    VIEW_PATTERNS,
)


@dataclass(frozen=True)
class Canonicalize(Pass):
    """Replace ops and branches by simpler ones with bit-equal results; drop trivial phis.

    Before: %1 = aten.view.default(%0, (2, 3)) : tensor<[2, 3], f32>    // %0 has this shape
            cf.cond_br(%c) ^a(%1), ^a(%1)
    After:  cf.br ^a                                                    // which reads %0
    """

    name = "canonicalize"
    rewrites_per_op: int = 10

    def run(self, module: Module, context: PassContext) -> None:
        joins = JOIN_PATTERNS if module.level == "captured" else ()
        patterns = PatternSet(
            (
                *SCALAR_PATTERNS,
                *BRANCH_PATTERNS,
                *LIST_PATTERNS,
                *joins,
                *SIZE_PATTERNS,
                *ITEM_PATTERNS,
                *VIEW_PATTERNS,
                *IDENTITY_PATTERNS,
            )
        )
        for func in module.funcs.values():
            rewrite_to_fixpoint(func, patterns, context, self.rewrites_per_op)
