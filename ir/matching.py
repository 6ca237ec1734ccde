"""When a value of one type may stand where another type is declared."""

from __future__ import annotations

from typing import Any, cast

import sympy

from .dims import Dim, canonical_dim, dim_symbols, is_data_dependent, symbol
from .types import ListType, TensorType, Type


def fits(given: Type, declared: Type) -> bool:
    """Tell whether `given` is `declared`, or a case of it: data-dependent dims match any dim."""
    if isinstance(given, ListType) and isinstance(declared, ListType):
        return fits(given.element, declared.element)
    if isinstance(given, TensorType) and isinstance(declared, TensorType):
        return _same_kind(given, declared) and all(
            _dim_fits(dim, wanted) for dim, wanted in zip(given.shape, declared.shape, strict=True)
        )
    return given == declared


def _same_kind(given: TensorType, declared: TensorType) -> bool:
    return (given.rank, given.dtype, given.device) == (
        declared.rank,
        declared.dtype,
        declared.device,
    )


def _equal(left: Dim, right: Dim) -> bool:
    return cast(bool, canonical_dim(left) == canonical_dim(right))


def _dim_fits(given: Dim, declared: Dim) -> bool:
    return any(map(is_data_dependent, dim_symbols(declared))) or (_equal(given, declared))


class Unifier:
    """Match the types of a call with those of a function that names its own dims.

    Data-dependent dims of the function stand for whatever the call passes, the same everywhere.
    """

    def __init__(self) -> None:
        self._bound: dict[sympy.Symbol, Any] = {}

    def accepts(self, given: Type, declared: Type) -> bool:
        """Tell whether `given` is a case of `declared`, given what was matched before."""
        if isinstance(given, ListType) and isinstance(declared, ListType):
            return self.accepts(given.element, declared.element)
        if isinstance(given, TensorType) and isinstance(declared, TensorType):
            return _same_kind(given, declared) and all(
                map(self._accepts_dim, given.shape, declared.shape)
            )
        return given == declared

    def _accepts_dim(self, given: Dim, declared: Dim) -> bool:
        unbound = [
            name
            for name in dim_symbols(declared)
            if is_data_dependent(name) and symbol(name) not in self._bound
        ]
        if unbound:
            if canonical_dim(declared) == symbol(unbound[0]):
                self._bound[symbol(unbound[0])] = sympy.sympify(given)
            return True  # an expression over an unknown dim can have any value
        return _equal(given, self._instance(declared))

    def _instance(self, declared: Dim) -> Dim:
        if isinstance(declared, int):
            return declared
        return cast(Any, sympy.sympify(canonical_dim(declared))).xreplace(self._bound)
