"""Give each sub-network its own views of weights and its own constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, TensorType, Value
from ..ir.cloning import clone_op
from ..ir.dominance import Dominance
from ..ir.graph import AtenOp
from ..ir.host import LoadWeight
from .aliasing import is_view
from .definition import Pass, PassContext
from .scheduling import schedule


@dataclass(frozen=True)
class Rematerialize(Pass):
    """Repeat views of weights, and constants of at most `max_elements` elements, where read.

    A sub-network that is handed a transposed weight can neither prepare it for its kernels nor
    share its memory; one that reads the weight itself can. Ops whose results others than ATen ops
    read, such as those that a caller gets, stay as they are.

    Before: %1 = aten.t.default(%w); cf.br ^a; ^a: %2 = aten.mm.default(%x, %1)
    After:  cf.br ^a; ^a: %1 = aten.t.default(%w); %2 = aten.mm.default(%x, %1)
    """

    name = "rematerialize"
    max_elements: int = 65536

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            cheap = self._cheap(func)
            for block in func.body.blocks:
                _repeat_in(block, cheap, context)
            for op in reversed(list(cheap)):
                if not any(result.users for result in op.results):
                    op.drop()

    def _cheap(self, func: Func) -> dict[Op, None]:
        """Return the ops to repeat, definitions before uses."""
        cheap: dict[Op, None] = {}
        for block in Dominance(func.body).order:
            for op in block.ops:
                if isinstance(op, AtenOp) and op.is_pure and self._is_cheap(op, cheap):
                    cheap[op] = None
        return cheap

    def _is_cheap(self, op: AtenOp, cheap: dict[Op, None]) -> bool:
        if not all(isinstance(user, AtenOp) for result in op.results for user in result.users):
            return False
        if not op.operands:
            return all(self._is_small(result) for result in op.results)
        sources = [value.owner for value in op.operands]
        return is_view(op) and all(isinstance(s, LoadWeight) or s in cheap for s in sources)

    def _is_small(self, value: Value) -> bool:
        elements = value.type.elements if isinstance(value.type, TensorType) else None
        return elements is not None and elements <= self.max_elements


def _repeat_in(block: Block, cheap: dict[Op, None], context: PassContext) -> None:
    """Let each run of tensor work in `block` read copies that stand in it."""
    for run in schedule(block.ops[:-1], lambda op: "any"):
        if run.engine is not None:
            _repeat_for(run.ops, cheap, context)


def _repeat_for(run: Sequence[Op], cheap: dict[Op, None], context: PassContext) -> None:
    inside = set(run)
    copies: dict[Value, Value] = {}
    for op in run:
        if op not in cheap:
            for value in op.operands:
                _copy(value, op, inside, cheap, copies)
            op.substitute(copies)
    if copies:
        context.note(run[0], f"{len(copies)} views of weights and constants are repeated here")


def _copy(
    value: Value, reader: Op, inside: set[Op], cheap: dict[Op, None], copies: dict[Value, Value]
) -> None:
    """Place a copy of what computes `value`, with all that this reads, before `reader`."""
    owner = value.owner
    if not isinstance(owner, Op) or owner not in cheap or owner in inside or value in copies:
        return
    for operand in owner.operands:
        _copy(operand, reader, inside, cheap, copies)
    block = reader.parent
    assert block is not None
    block.insert(block.ops.index(reader), clone_op(owner, copies))
