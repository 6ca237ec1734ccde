"""Where it pays to free tensors: they are large, and memory is allocated afterwards."""

from __future__ import annotations

import math

from ..types import ScalarType, TensorType, Type
from .graph import FlowGraph
from .statements import Body

_SMALL = 4096
"""Elements; freeing less before the function returns is not worth a line of code."""

_ALLOCATING = ("host.call", "list.stack", "list.concatenate")


def is_large(value_type: Type) -> bool:
    """Whether values of the type may hold much memory."""
    if isinstance(value_type, TensorType):
        extents = [dim if isinstance(dim, int) else math.inf for dim in value_type.shape]
        return math.prod(extents) > _SMALL
    return not isinstance(value_type, ScalarType)


class Pressure:
    """Which blocks and statements of one entry have allocations behind them."""

    def __init__(self, bodies: list[Body], graph: FlowGraph) -> None:
        self._bodies = bodies
        self._graph = graph
        self._allocating = {block for block in graph.order if self._own_allocations(block)}
        todo = list(self._allocating)
        while todo:
            for source in graph.predecessors[todo.pop()]:
                if source not in self._allocating:
                    self._allocating.add(source)
                    todo.append(source)

    def allocates(self, block: int) -> bool:
        """Whether `block` or anything that may come after it allocates."""
        return block in self._allocating

    def last_allocation(self, block: int) -> int:
        """Return the position in `block` from which on nothing allocates any more."""
        if any(map(self.allocates, self._graph.successors[block])):
            return len(self._bodies[block].statements)
        return max(self._own_allocations(block), default=0)

    def _own_allocations(self, block: int) -> list[int]:
        return [
            position
            for position, statement in enumerate(self._bodies[block].statements)
            if statement.site.instruction.operation in _ALLOCATING
        ]
