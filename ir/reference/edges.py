"""Names of control-flow edges, to say which of them were taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from ..core import Block, Func
from ..text.names import block_names

Edge: TypeAlias = tuple[str, str]
"""`function^block` at both ends; where a block branches twice to one target, `#n` follows."""


def edge_names(func: Func) -> dict[tuple[Block, int], Edge]:
    """Return the name of each edge of `func`, by its block and position in the terminator."""
    names = block_names(func)
    edges: dict[tuple[Block, int], Edge] = {}
    for block in func.body.blocks:
        targets = [edge.block for edge in block.successors]
        for position, target in enumerate(targets):
            number = f"#{position}" if targets.count(target) > 1 else ""
            source = f"{func.symbol}^{names[block]}"
            edges[block, position] = (source, f"{func.symbol}^{names[target]}{number}")
    return edges


def all_edges(funcs: Iterable[Func]) -> set[Edge]:
    """Return the names of all edges of `funcs`."""
    return {edge for func in funcs for edge in edge_names(func).values()}
