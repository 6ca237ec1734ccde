"""Compute in the blocks before a join what the join computes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Block, Module, Op, Region, Successor, TensorType
from ..ir.cloning import clone_op
from ..ir.dominance import Dominance
from ..ir.graph import AtenOp
from ..ir.host import Branch, LoadWeight
from .blocks import incoming_edges, map_edges, predecessor_blocks
from .definition import Pass, PassContext
from .effects import is_cheap
from .scheduling import count_calls


@dataclass(frozen=True)
class ComputeBeforeJoins(Pass):
    """Repeat the first tensor work of a join at the end of each block that leads to it.

    There it is one sub-network with the work of that block, so that every way through the join has
    a call less: in a loop, the body also computes what decides about the next iteration. At most
    `max_ops` ops are repeated, which read weights of at most `max_elements` elements.

    Before: ^a: %1 = aten.relu.default(%0); cf.br ^c(%1)
            ^b: cf.br ^c(%0)
            ^c(%2): %3 = aten.sum.default(%2); ...
    After:  ^a: %1 = aten.relu.default(%0); %4 = aten.sum.default(%1); cf.br ^c(%1, %4)
            ^b: %5 = aten.sum.default(%0); cf.br ^c(%0, %5)
            ^c(%2, %3): ...
    """

    name = "compute-before-joins"
    max_ops: int = 32
    max_elements: int = 1 << 18

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            for join in Dominance(func.body).order:
                sources = predecessor_blocks(func.body)[join]
                work = _first_work(join)
                moved = [op for op in work if isinstance(op, AtenOp)]
                if self._is_worth_it(join, sources, moved) and _same_types(join, sources, work):
                    _repeat(func.body, join, work)
                    context.note(moved[0], f"{len(moved)} ops are computed before the join")

    def _is_worth_it(self, join: Block, sources: Sequence[Block], moved: Sequence[Op]) -> bool:
        if len(sources) < 2 or join in sources or not 0 < len(moved) <= self.max_ops:
            return False
        if _elements_of_weights(moved) > self.max_elements:
            return False
        rest = [op for op in join.ops[:-1] if op not in set(moved)]
        if count_calls(rest) >= count_calls(join.ops[:-1]):
            return False
        ends = [source for source in sources if isinstance(source.terminator, Branch)]
        return any(isinstance(op, AtenOp) for source in ends for op in source.ops)


def _first_work(join: Block) -> list[Op]:
    """Return the pure ATen ops of `join` that need nothing else of it, with numbers they read.

    What stands behind an effect stays there: it may be the effect that keeps it from an error.
    """
    ready: dict[Op, None] = {}
    for op in join.ops[:-1]:
        if not op.is_pure:
            break
        if isinstance(op, AtenOp) or is_cheap(op):
            owners = [value.owner for value in op.operands if isinstance(value.owner, Op)]
            if all(owner.parent is not join or owner in ready for owner in owners):
                ready[op] = None
    needed: set[Op] = set()
    for op in reversed(ready):
        if isinstance(op, AtenOp) or any(u in needed for r in op.results for u in r.users):
            needed.add(op)
    return [op for op in ready if op in needed]


def _elements_of_weights(ops: Sequence[Op]) -> int:
    values = dict.fromkeys(value for op in ops for value in op.operands)
    weights = [value for value in values if isinstance(value.owner, LoadWeight)]
    return sum(w.type.elements or 0 for w in weights if isinstance(w.type, TensorType))


def _same_types(join: Block, sources: Sequence[Block], work: Sequence[Op]) -> bool:
    """Whether all edges pass values of exactly the types for which `work` was typed."""
    used = {value for op in work for value in op.operands if value.owner is join}
    edges = incoming_edges(join, {join: list(sources)})
    return all(edge.arguments[v.index].type == v.type for edge in edges for v in used)


def _repeat(region: Region, join: Block, work: Sequence[Op]) -> None:
    """Give each edge to `join` a copy of `work`, and let arguments of `join` stand for its tensors.

    What else `work` holds, numbers and choices, is repeated too but stays in `join`.
    """
    moved = [op for op in work if isinstance(op, AtenOp)]
    results = [r for op in moved for r in op.results if set(r.users) - set(moved)]
    sources = list(predecessor_blocks(region)[join])
    for source in sources:
        if not isinstance(source.terminator, Branch):
            sources += _split_edges(region, source, join)
            continue
        (edge,) = source.successors
        values = dict(zip(join.args, edge.arguments, strict=True))
        for op in work:
            source.insert(len(source.ops) - 1, clone_op(op, values))
        passed = tuple([values[result] for result in results])
        map_edges(source.terminator, lambda e, p=passed: Successor(e.block, (*e.arguments, *p)))
    for result in results:
        result.replace_all_uses_with(join.add_argument(result.type, result.name))
    for op in reversed(moved):
        op.drop()


def _split_edges(region: Region, source: Block, join: Block) -> list[Block]:
    """Let each edge from `source` to `join` lead through a block of its own; return these."""
    made: list[Block] = []

    def detour(edge: Successor) -> Successor:
        if edge.block is not join:
            return edge
        block = region.add_block(join.name)
        block.append(Branch(target=edge, loc=source.terminator.loc))
        made.append(block)
        return Successor(block, ())

    map_edges(source.terminator, detour)
    return made
