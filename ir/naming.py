"""Name hints for values that have none, so that dumps read well and differ little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .core import Func, Op
from .graph.ops import AtenOp
from .host import arith
from .host.program import Call, LoadWeight, ReadCell


def name_results(func: Func) -> None:
    """Give each op result without a name hint one that says where it comes from.

    Where all values are numbered, one new op renames all below it; where they are named after
    their ops, only those of its kind.
    """
    for op in func.ops:
        for result in op.results:
            result.name = result.name or result_hint(op)


def result_hint(op: Op) -> str:
    """Return what to call a result of `op`: what it loads, calls or computes."""
    hint = _HINTS.get(type(op))
    return hint(op) if hint else op.name.rpartition(".")[2]


_HINTS: Mapping[type[Op], Callable[[Any], str]] = {
    AtenOp: lambda op: op.target.split(".")[1].strip("_"),
    Call: lambda op: op.callee,
    LoadWeight: lambda op: op.symbol,
    ReadCell: lambda op: op.cell,
    arith.Constant: lambda op: f"c{op.value}".replace("-", "m"),
    arith.MathCall: lambda op: op.function,
}
