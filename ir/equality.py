"""When two functions compute the same, whatever their values are called."""

from __future__ import annotations

import re

from .core import Func, Symbol
from .text.printer import print_func

_STRING_OR_DIM = re.compile(r'"(?:\\.|[^"\\])*"|\?u\d+')


def canonical_text(func: Func) -> str:
    """Return the same text for functions that differ only in symbol, hints, locations and the
    names of their data-dependent dims."""
    dims: dict[str, str] = {}

    def rename(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return found[0]
        return dims.setdefault(found[0], f"?u{len(dims)}")

    return _STRING_OR_DIM.sub(rename, print_func(func, symbol=Symbol("_"), hints=False))


def are_equal(left: Func, right: Func) -> bool:
    """Tell whether the functions have the same ops, types and control flow."""
    return canonical_text(left) == canonical_text(right)
