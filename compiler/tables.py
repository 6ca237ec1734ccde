"""The tables that `modelc list` prints and the reference pages show, read from the classes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..diagnostics import CODES

Rows: TypeAlias = list[tuple[str, ...]]
Table: TypeAlias = tuple[tuple[str, ...], Rows]


def diagnostics_table() -> Table:
    """Return every diagnostic code with its meaning."""
    return ("code", "meaning"), sorted(CODES.items())


def ops_table() -> Table:
    """Return every op of our own dialects with its meaning."""
    from ..ir import OPS

    rows = [(name, summary(OPS[name])) for name in sorted(OPS)]
    return ("op", "meaning"), [
        *rows,
        ("aten.*", "every functional operator of torch, by its schema"),
    ]


def passes_table() -> Table:
    """Return every pass with its options and what it does."""
    from ..passes import PASSES, load_pass

    return ("pass", "what it does"), [(name, summary(load_pass(name))) for name in sorted(PASSES)]


def targets_table() -> Table:
    """Return every target with its engines, in order of preference."""
    from ..runtime import TARGETS

    return ("target", "engines"), [(name, ", ".join(engines)) for name, engines in TARGETS.items()]


TABLES: Mapping[str, Callable[[], Table]] = {
    "passes": passes_table,
    "ops": ops_table,
    "targets": targets_table,
    "diagnostics": diagnostics_table,
}


def summary(cls: type[object]) -> str:
    """Return the first line of the docstring of `cls`."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]
