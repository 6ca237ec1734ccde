"""Symbolic dims: their canonical form, their text and their value."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import sympy

Dim: TypeAlias = int | sympy.Expr
"""One extent: a non-negative int, or an expression over named integer symbols."""

_DATA_DEPENDENT = re.compile(r"\bu\d+\b")

_algebra: Any = sympy  # its own annotations are partial


def symbol(name: str) -> sympy.Symbol:
    """Return the integer, non-negative sympy symbol that stands for the dim `name`."""
    return sympy.Symbol(name, integer=True, nonnegative=True)


def is_data_dependent(name: str) -> bool:
    """Tell whether the dim `name` is only known while the program runs (`u0`, `u1`, ...)."""
    return _DATA_DEPENDENT.fullmatch(name) is not None


def dim_symbols(dim: Dim) -> frozenset[str]:
    """Return the names of the symbols in `dim`."""
    if isinstance(dim, int):
        return frozenset()
    return frozenset(str(name) for name in cast(Any, dim).free_symbols)


def floordiv(left: Any, right: Any) -> sympy.Expr:
    """Return left / right, rounded towards minus infinity, as an expression."""
    return _algebra.floor(left / right)


DIM_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "floordiv": floordiv,
    "mod": _algebra.Mod,
    "max": _algebra.Max,
    "min": _algebra.Min,
}
"""The functions that the text form has for dims."""


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _ceildiv(left: Any, right: Any) -> Any:
    return -floordiv(-left, right)


def _modular_index(base: Any, step: Any, modulus: Any) -> Any:
    return _algebra.Mod(floordiv(base, step), modulus)


def _identity(inner: Any) -> Any:
    return inner


_TORCH_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "FloorDiv": floordiv,
    "CleanDiv": _divide,
    "CeilDiv": _ceildiv,
    "Mod": _algebra.Mod,
    "PythonMod": _algebra.Mod,
    "ModularIndexing": _modular_index,
    "Max": _algebra.Max,
    "Min": _algebra.Min,
    "Identity": _identity,
}


def canonical_dim(dim: Dim) -> Dim:
    """Return `dim` in the form that equal dims share: torch's classes and symbols become ours."""
    return dim if isinstance(dim, int) else _canonical_expression(dim)


@functools.cache
def _canonical_expression(dim: sympy.Expr) -> Dim:
    expr: Any = dim
    renamed = expr.xreplace({name: symbol(str(name)) for name in expr.free_symbols})
    result = _replace_functions(renamed, _TORCH_FUNCTIONS)
    return int(result) if result.is_Integer else result


def _replace_functions(expr: Any, functions: Mapping[str, Callable[..., Any]]) -> Any:
    def is_written_otherwise(node: Any) -> bool:
        return type(node).__name__ in functions

    def replacement(node: Any) -> Any:
        return functions[type(node).__name__](*node.args)

    return expr.replace(is_written_otherwise, replacement)


def _written_floor(inner: Any) -> Any:
    return _algebra.Function("floordiv")(*_algebra.fraction(_algebra.together(inner)))


def _written_call(name: str, *arguments: Any) -> Any:
    return _algebra.Function(name)(*arguments)


_WRITTEN: Mapping[str, Callable[..., Any]] = {
    "floor": _written_floor,
    "Mod": functools.partial(_written_call, "mod"),
    "Max": lambda *arguments: _written_call("max", *sorted(arguments, key=str)),
    "Min": lambda *arguments: _written_call("min", *sorted(arguments, key=str)),
}


def format_dim(dim: Dim) -> str:
    """Return the text of `dim`: infix, names of data-dependent symbols marked with `?`."""
    return str(dim) if isinstance(dim, int) else _format_expression(dim)


@functools.cache
def _format_expression(dim: sympy.Expr) -> str:
    text = str(_replace_functions(sympy.sympify(canonical_dim(dim)), _WRITTEN))
    return _DATA_DEPENDENT.sub(lambda name: f"?{name[0]}", text)


def evaluate_dim(dim: Dim, values: Mapping[str, int]) -> int:
    """Return the value of `dim` where its symbols have `values`; KeyError if one is missing."""
    known = {symbol(name): sympy.Integer(values[name]) for name in dim_symbols(dim)}
    expression: Any = sympy.sympify(canonical_dim(dim))
    return int(expression.xreplace(known))
