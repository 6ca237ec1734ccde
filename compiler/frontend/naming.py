"""Final names: dims `u0`, `u1`, ... and constants by first appearance, so that dumps are stable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy

from ...ir import Dim, Func, ListType, Op, TensorType, Type
from ...ir.dims import canonical_dim, symbol
from ...ir.host import Assert
from ...ir.host.lists import Make

_SYMBOL = re.compile(r"\bu\d+\b")


def rename_dims(func: Func, names: Mapping[str, str]) -> None:
    """Rename the symbols in all types of `func`: to `names`, or by first appearance."""
    chosen = dict(names)
    fresh = (f"u{number}" for number in range(1 << 30))
    for value_type in _types(func):
        for name in _symbols(value_type):
            if name not in chosen:
                chosen[name] = next(fresh)
    replacements = {symbol(old): symbol(new) for old, new in chosen.items()}
    for block in func.body.blocks:
        for value in block.args:
            value.type = _renamed(value.type, replacements)
    for op in func.ops:
        _rename_op(op, replacements, chosen)


def _rename_op(
    op: Op, replacements: Mapping[sympy.Symbol, sympy.Symbol], chosen: Mapping[str, str]
) -> None:
    for value in op.results:
        value.type = _renamed(value.type, replacements)
    if isinstance(op, Make):
        op.element = _renamed(op.element, replacements)
    elif isinstance(op, Assert):
        op.message = _SYMBOL.sub(lambda m: chosen.get(m.group(), "a size"), op.message)


def _types(func: Func) -> Iterator[Type]:
    for block in func.body.blocks:
        yield from (value.type for value in block.args)
        for op in block.ops:
            yield from (value.type for value in op.results)


def _symbols(value_type: Type) -> Iterator[str]:
    if isinstance(value_type, ListType):
        yield from _symbols(value_type.element)
    elif isinstance(value_type, TensorType):
        for dim in value_type.shape:
            if not isinstance(dim, int):
                yield from sorted((str(name) for name in dim.free_symbols), key=_number)


def _number(name: str) -> tuple[int, str]:
    digits = name.lstrip("abcdefghijklmnopqrstuvwxyz")
    return (int(digits) if digits.isdigit() else 0, name)


def _renamed(value_type: Type, names: Mapping[sympy.Symbol, sympy.Symbol]) -> Type:
    if isinstance(value_type, ListType):
        return ListType(_renamed(value_type.element, names))
    if not isinstance(value_type, TensorType):
        return value_type
    shape = tuple(_renamed_dim(dim, names) for dim in value_type.shape)
    return TensorType(shape, value_type.dtype, value_type.device)


def _renamed_dim(dim: Dim, names: Mapping[sympy.Symbol, sympy.Symbol]) -> Dim:
    if isinstance(dim, int):
        return dim
    expression: Any = dim
    return canonical_dim(expression.xreplace(dict(names)))
