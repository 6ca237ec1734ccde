"""Lists of the host of which Python could show all: plain elements, in one column."""

from __future__ import annotations

from typing import Any

from ...ir import Value
from .failures import NeedConcrete
from .objects import Array, DynamicList, Element
from .scalars import is_number, is_symbolic
from .texts import Text
from .torch_internals import expression_of, is_traced


def is_plain(element: Element) -> bool:
    """Tell whether elements are tensors, numbers or strings, and nothing around them."""
    if isinstance(element.prototype, Text):
        return True
    return is_traced(element.prototype) or is_number(element.prototype)


def only_column(source: DynamicList) -> Value:
    """Return the host list that is all of `source`, at run time the same list as in Python."""
    inner = source.element
    while isinstance(inner.prototype, DynamicList):
        inner = inner.prototype.element
    if not is_plain(inner) and not isinstance(inner.prototype, Array):
        raise need_static(source, "a list of containers")
    return source.columns[0]


def array_in(value: Any) -> Array | None:
    """Return the array of NumPy that `value` is or, if it is a list, that its elements are like."""
    while isinstance(value, DynamicList):
        value = value.element.prototype
    return value if isinstance(value, Array) else None


def need_static(source: DynamicList, what: str) -> NeedConcrete:
    """Return the error that asks for a list of known length where that is possible."""
    length = source.length
    symbols: Any = expression_of(length).free_symbols if is_symbolic(length) else ()
    return NeedConcrete(frozenset(symbols), f"{what}, whose length depends on data")
