"""How large expressions of sizes can be: those that the bounds of slices make, above all.

The size of `x[i : i + 2]` is `Max(0, Min(n, i + 2) - Min(n, i))`. Interval arithmetic, to which
the terms of a difference are independent, does not see that it is at most 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Bound: TypeAlias = Callable[[Any], int | None]
"""Return an upper bound of an expression by other means, None if there is none."""


def upper_bound(expression: Any, otherwise: Bound) -> int | None:
    """Return an upper bound of the sympy `expression`, None if there is none."""
    if expression.is_Integer:
        return int(expression)
    kind = type(expression).__name__
    if kind == "Max":
        return _largest([upper_bound(part, otherwise) for part in expression.args])
    if kind == "Add":
        return _smallest([_bound_of_sum(expression, otherwise), otherwise(expression)])
    return otherwise(expression)


def _bound_of_sum(expression: Any, otherwise: Bound) -> int | None:
    """Return a bound of a sum in which one extremum is subtracted from another."""
    extrema = [term for term in expression.args if _is_extremum(term)]
    negated = [-term for term in expression.args if _is_extremum(-term)]
    if len(extrema) != 1 or len(negated) != 1:
        return None
    rest = expression - extrema[0] + negated[0]
    return _difference(extrema[0] + rest, negated[0], otherwise)


def _difference(left: Any, right: Any, otherwise: Bound) -> int | None:
    """Return an upper bound of `left - right`."""
    difference = left - right
    if difference.is_Integer:
        return int(difference)
    bounds: list[int | None] = []
    outer, offset = _split(left)
    if outer is not None:
        parts = [_difference(part + offset, right, otherwise) for part in outer.args]
        bounds.append(_smallest(parts) if _is_min(outer) else _largest(parts))
    inner, offset = _split(right)
    if inner is not None:
        parts = [_difference(left, part + offset, otherwise) for part in inner.args]
        bounds.append(_largest(parts) if _is_min(inner) else _smallest(parts))
    return _smallest(bounds) if bounds else otherwise(difference)


def _split(expression: Any) -> tuple[Any, Any]:
    """Return the extremum in a sum, None if there is no single one, and the rest."""
    terms = expression.args if type(expression).__name__ == "Add" else (expression,)
    extrema = [term for term in terms if _is_extremum(term)]
    if len(extrema) != 1:
        return None, expression
    return extrema[0], expression - extrema[0]


def _is_extremum(expression: Any) -> bool:
    return type(expression).__name__ in ("Min", "Max")


def _is_min(expression: Any) -> bool:
    return type(expression).__name__ == "Min"


def _largest(bounds: list[int | None]) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return max(known) if len(known) == len(bounds) else None


def _smallest(bounds: list[int | None]) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return min(known) if known else None
