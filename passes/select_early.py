"""Select rows before they are computed."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import Block, Module, Op, Value
from ..ir.graph import AtenOp
from .definition import Pass, PassContext
from .rows import PRODUCTS, Reads, Rows, rows_read, slice_of, with_rows

_SELECT = "aten.select.int"
_SLICE = "aten.slice.Tensor"


@dataclass(frozen=True)
class SelectEarly(Pass):
    """Compute only those rows of matrix products of which the program reads any.

    Where all readers of a tensor select one row, such as the first token of the last layer, the
    row is selected from what the tensor is computed from, as far up as each row depends on its own
    row only. Only tensors of static sizes, within a block.

    Before: %1 = aten.mm.default(%x, %w); %2 = aten.relu.default(%1); %3 = aten.select.int(%2, 0, 5)
    After:  %1 = aten.slice.Tensor(%x, 0, 5, ...); %2 = aten.mm.default(%1, %w);
            %3 = aten.relu.default(%2); %4 = aten.select.int(%3, 0, 0)
    """

    name = "select-early"

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            for block in func.body.blocks:
                _select_early(block, context)


def _select_early(block: Block, context: PassContext) -> None:
    for op in [op for op in reversed(block.ops) if _selected_row(op)]:
        assert isinstance(op, AtenOp)
        if op.parent is not block:
            continue  # replaced together with another one
        source = op.arguments[0]
        region = _region(block, source)
        if any(member.target in PRODUCTS for member in region):
            context.note(op, f"{len(region)} ops compute the selected row only")
            _Narrower(block, region).apply(source)


def _selected_row(op: Op) -> Rows | None:
    """Return the one row of several that `op` selects, if it does that."""
    if not isinstance(op, AtenOp) or op.target not in (_SELECT, _SLICE):
        return None
    source, *numbers = op.arguments
    if not source.type.is_static or not all(isinstance(number, int) for number in numbers):
        return None
    axis = (numbers[0] if numbers else 0) % source.type.rank
    count = source.type.shape[axis]
    if op.target == _SELECT:
        chosen = range(count)[numbers[1] :][:1]
    else:
        start, end, step = (*numbers[1:], *(0, count, 1)[len(numbers[1:]) :])
        chosen = range(count)[start:end:step]
    return Rows(axis, count, chosen[0]) if len(chosen) == 1 < count else None


@dataclass(frozen=True)
class _Member:
    """The rows of its result that an op has to compute, and what it reads for them."""

    rows: Rows
    reads: Reads


def _region(block: Block, source: Value) -> dict[AtenOp, Rows]:
    """Return the ops that need to compute some rows only since all selects of `source` agree."""
    positions: dict[object, int] = {op: number for number, op in enumerate(block.ops)}
    region: dict[AtenOp, _Member] = {}
    waiting = [(-positions[source.owner], 0, source)] if source.owner in positions else []
    seen = {source}
    while waiting:  # the last op comes first, so that all readers are known
        value = heapq.heappop(waiting)[2]
        member = _member(value, source, region)
        if member is not None:
            assert isinstance(value.owner, AtenOp)
            region[value.owner] = member
            for operand, _ in member.reads:
                if operand.owner in positions and operand not in seen:
                    seen.add(operand)
                    heapq.heappush(waiting, (-positions[operand.owner], len(seen), operand))
    return {op: member.rows for op, member in region.items()}


def _member(value: Value, source: Value, region: dict[AtenOp, _Member]) -> _Member | None:
    """Return which rows of `value` its readers want, if they agree and it can be computed so."""
    op = value.owner
    if not isinstance(op, AtenOp) or any(other.users for other in op.results if other is not value):
        return None
    wanted = set(_wanted(value, source, region))
    if len(wanted) != 1 or op.results[0] is not value:
        return None
    (rows,) = wanted
    reads = None if rows is None else rows_read(op, rows)
    if rows is None or reads is None or not _are_consistent(op, reads):
        return None
    return _Member(rows, reads)


def _wanted(value: Value, source: Value, region: dict[AtenOp, _Member]) -> Iterator[Rows | None]:
    """Yield the rows of `value` that each reader wants, None for all."""
    for user in value.users:
        if isinstance(user, AtenOp) and user in region:
            yield next((rows for read, rows in region[user].reads if read is value), None)
        else:
            yield _selected_row(user) if value is source else None


def _are_consistent(op: AtenOp, reads: Reads) -> bool:
    """Whether `op` reads no operand in two ways."""
    operands = list(op.operands)
    ways = {value: [rows for read, rows in reads if read is value] for value, _ in reads}
    return all(
        len(set(found)) == 1 and len(found) == operands.count(value)
        for value, found in ways.items()
    )


class _Narrower:
    """Replaces the ops of a region by ones that compute the wanted rows."""

    def __init__(self, block: Block, region: dict[AtenOp, Rows]) -> None:
        self.block = block
        self.region = region
        self.narrow: dict[Value, Value] = {}
        self.slices: dict[tuple[Value, Rows], Value] = {}

    def apply(self, source: Value) -> None:
        """Replace the ops, and the selects of `source`, which then have nothing to select."""
        members = [op for op in self.block.ops if op in self.region]
        for op in members:
            self._replace(op)
        for reader in list(source.users):
            self._select(reader, source)
        for op in reversed(members):
            op.drop()

    def _replace(self, op: Op) -> None:
        assert isinstance(op, AtenOp)
        rows = self.region[op]
        operands = {value: self._operand(op, value, read) for value, read in _reads(op, rows)}
        copy = with_rows(op, rows, operands)
        self.block.insert(self.block.ops.index(op), copy)
        for old, new in zip(op.results, copy.results, strict=True):
            new.name = old.name
        self.narrow[op.results[0]] = copy.results[0]

    def _operand(self, op: AtenOp, value: Value, rows: Rows) -> Value:
        if value in self.narrow:
            return self.narrow[value]
        if (value, rows) not in self.slices:
            made = slice_of(value, rows)
            made.loc = op.loc
            self.block.insert(self.block.ops.index(op), made)
            self.slices[value, rows] = made.out
        return self.slices[value, rows]

    def _select(self, reader: Op, source: Value) -> None:
        """Let `reader`, which selects the only row that is left, read that."""
        assert isinstance(reader, AtenOp)
        narrow = self.narrow[source]
        if reader.target == _SELECT:
            reader.substitute({source: narrow})
            reader.arguments = (*reader.arguments[:2], 0)
        else:
            reader.out.replace_all_uses_with(narrow)
            reader.drop()


def _reads(op: AtenOp, rows: Rows) -> Reads:
    reads = rows_read(op, rows)
    assert reads is not None
    return list(dict.fromkeys(reads))
