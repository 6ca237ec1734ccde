"""Lengths of lists that merge in step: one is computed from others in the same way on all paths.

A buffer and a stack that shift-reduce parsing empties and fills are so related; what is then known
of the length of one is known of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import sympy

_SYMPY: Any = sympy

Number: TypeAlias = Any
"""A sympy expression of ints."""


def linear_relation(
    sources: Sequence[Sequence[Number]], target: Sequence[Number]
) -> list[int] | None:
    """Return factors of `sources`, and an offset, that give `target` on all paths, None if none do.

    Each is a sequence with its expression on every path.
    """
    rows: list[list[Number]] = []
    for expressions in zip(*sources, target, strict=True):
        terms = [_SYMPY.expand(expression).as_coefficients_dict() for expression in expressions]
        for monomial in dict.fromkeys([_SYMPY.S.One, *(key for each in terms for key in each)]):
            *factors, result = [each.get(monomial, 0) for each in terms]
            rows.append([*factors, int(monomial == 1), result])
    matrix = _SYMPY.Matrix(rows)
    try:
        solution, free = matrix[:, :-1].gauss_jordan_solve(matrix[:, -1])
    except ValueError:  # there is none
        return None
    chosen = [factor.subs(dict.fromkeys(free, 0)) for factor in solution]
    return list(map(int, chosen)) if all(factor.is_Integer for factor in chosen) else None


def combined(numbers: Sequence[Any], factors: Sequence[int]) -> Any:
    """Return the sum of `numbers`, each times its factor, and of the last factor, the offset."""
    result: Any = factors[-1]
    for number, factor in zip(numbers, factors, strict=False):
        if factor:
            result = number * factor + result
    return result
