"""Blocks as the statements that will be printed: constants and short expressions are in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .operations import OPERATIONS, Site, literal
from .program import (
    Block,
    Branch,
    Entry,
    Instruction,
    Program,
    Switch,
    Terminator,
    edges_of,
    uses_of,
)

_MAX_NODES = 5
"""How many operations one printed expression may hold; more are hard to read."""

_INLINED = {name for name in OPERATIONS if name.startswith("arith.")} | {
    "host.item",
    "host.size",
    "list.len",
}
"""Operations on numbers, which may be printed where their only use is."""


@dataclass(frozen=True)
class Fixed:
    """An operand that is the same text everywhere: a literal or the name of a weight."""

    text: str


@dataclass(frozen=True)
class Expression:
    """An operation printed where its result is used."""

    site: Site
    operands: tuple[Operand, ...]

    @property
    def nodes(self) -> int:
        """How many operations it holds."""
        return 1 + sum(item.nodes for item in self.operands if isinstance(item, Expression))


Operand: TypeAlias = int | Fixed | Expression


@dataclass(frozen=True)
class Statement:
    """Compute `results` from `operands` by the operation at `site`."""

    site: Site
    operands: tuple[Operand, ...]

    @property
    def results(self) -> tuple[int, ...]:
        return self.site.instruction.results

    @property
    def reads(self) -> Iterator[int]:
        """The values read, those inside expressions included."""
        return reads_of(self.operands)


@dataclass
class Body:
    """One block: its arguments, its statements, and what its terminator reads.

    `places` maps the values that the terminator uses to the operands printed for them.
    """

    arguments: tuple[int, ...]
    statements: list[Statement]
    terminator: Terminator
    places: dict[int, Operand] = field(default_factory=lambda: {})

    def place(self, value: int) -> Operand:
        """Return the operand that the terminator prints for `value`."""
        return self.places.get(value, value)


def reads_of(operands: tuple[Operand, ...]) -> Iterator[int]:
    """Yield the values that `operands` read."""
    for operand in operands:
        if isinstance(operand, int):
            yield operand
        elif isinstance(operand, Expression):
            yield from reads_of(operand.operands)


def lower_entry(program: Program, entry: Entry, weights: Mapping[str, str]) -> list[Body]:
    """Return the statements of each block; `weights` maps symbols of weights to their names."""
    lowering = _Lowering(program, entry, weights)
    return [lowering.block(block) for block in entry.blocks]


class _Lowering:
    def __init__(self, program: Program, entry: Entry, weights: Mapping[str, str]) -> None:
        self.program = program
        self.entry = entry
        self.uses = Counter(_all_reads(entry))
        self.fixed = dict(_fixed_operands(entry, weights))

    def block(self, block: Block) -> Body:
        """Lower one block from top to bottom."""
        body = Body(block.arguments, [], block.terminator)
        waiting: dict[int, Expression] = {}
        for instruction in block.instructions:
            if instruction.operation == "host.read_cell" or self._is_fixed(instruction):
                continue
            operands = tuple([self._operand(value, waiting) for value in instruction.operands])
            site = self._site(instruction)
            if self._may_wait(instruction, operands):
                waiting[instruction.results[0]] = Expression(site, operands)
            else:
                _flush(waiting, body)
                body.statements.append(Statement(site, operands))
        self._end(block.terminator, waiting, body)
        return body

    def _end(self, terminator: Terminator, waiting: dict[int, Expression], body: Body) -> None:
        if isinstance(terminator, Branch | Switch):
            (value,) = uses_of(terminator)
            body.places[value] = self._operand(value, waiting)
        _flush(waiting, body)
        passed = [value for edge in edges_of(terminator) for value in edge.arguments]
        for value in (*uses_of(terminator), *passed):
            if value in self.fixed:
                body.places[value] = self.fixed[value]

    def _operand(self, value: int, waiting: dict[int, Expression]) -> Operand:
        return self.fixed.get(value) or waiting.pop(value, None) or value

    def _is_fixed(self, instruction: Instruction) -> bool:
        return bool(instruction.results) and instruction.results[0] in self.fixed

    def _may_wait(self, instruction: Instruction, operands: tuple[Operand, ...]) -> bool:
        if instruction.operation not in _INLINED or self.uses[instruction.results[0]] != 1:
            return False
        return Expression(self._site(instruction), operands).nodes <= _MAX_NODES

    def _site(self, instruction: Instruction) -> Site:
        def types(values: tuple[int, ...]):
            return [self.program.type_of(self.entry, value) for value in values]

        return Site(instruction, types(instruction.operands), types(instruction.results))


def _flush(waiting: dict[int, Expression], body: Body) -> None:
    """Print what no use has taken, in order, before anything that could observe the order."""
    body.statements += [Statement(item.site, item.operands) for item in waiting.values()]
    waiting.clear()


def _fixed_operands(entry: Entry, weights: Mapping[str, str]) -> Iterator[tuple[int, Fixed]]:
    for block in entry.blocks:
        for instruction in block.instructions:
            if instruction.operation == "arith.constant":
                yield instruction.results[0], Fixed(literal(instruction.attribute("value")))
            elif instruction.operation == "host.weight":
                symbol = str(instruction.attribute("symbol"))
                yield instruction.results[0], Fixed(weights[symbol])


def _all_reads(entry: Entry) -> Iterator[int]:
    for block in entry.blocks:
        for instruction in block.instructions:
            yield from instruction.operands
        yield from uses_of(block.terminator)
        for edge in edges_of(block.terminator):
            yield from edge.arguments
