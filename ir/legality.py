"""Which ops may occur where: the verifier's table, one row per level of a module."""

from __future__ import annotations

from collections.abc import Mapping

_HOST = frozenset({"host", "cf", "arith", "list", "text", "table"})

LEGAL: Mapping[str, Mapping[str, frozenset[str]]] = {
    "captured": {"host": _HOST | {"aten"}, "local": _HOST | {"aten"}},
    "outlined": {"host": _HOST, "local": _HOST, "graph": frozenset({"aten", "func"})},
}
"""Level of the module -> kind of the function -> dialects legal in it."""
