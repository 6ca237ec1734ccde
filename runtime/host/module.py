"""The Python module of a host program: its text, and its functions."""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..classes import exception
from . import showing, values
from .graph import FlowGraph
from .layout import Layout
from .liveness import Liveness, bits
from .names import UniqueNames, assign_locals, hint_of, identifier
from .ownership import owned_lists
from .pressure import Pressure
from .program import (
    Block,
    Branch,
    Entry,
    Exit,
    Instance,
    Location,
    Program,
    Raise,
    Return,
    Switch,
    edges_of,
)
from .statements import lower_entry
from .structured import Dispatcher, Structurer, TooDeep
from .tree import STATE, Node, render
from .verifier import flow_graph
from .writer import Writer

_SUPPORT: Mapping[str, Any] = {
    "math": math,
    "exception": exception,
    **{
        function.__name__: function
        for function in (
            values.bfloat16_item,
            values.bfloat16_items,
            values.case_of,
            values.choice,
            values.concatenate,
            values.contains,
            values.item,
            values.order,
            values.place,
            values.stack,
            values.take,
            values.to_bfloat16,
            values.to_tensor,
            values.with_item,
            showing.shown,
            showing.error_output,
        )
    },
}
_RESERVED = {*dir(builtins), *_SUPPORT, STATE, "case", "edges"}
_SHOWN_WEIGHTS = 2


@dataclass(frozen=True, order=True)
class EdgeInfo:
    """An edge of the control-flow graph, for coverage: `label` says when it is taken."""

    number: int
    entry: str
    source: str
    target: str
    label: str
    location: Location | None

    def __str__(self) -> str:
        place = ""
        if self.location is not None:
            place = f" ({self.location.file}:{self.location.line}: {self.location.text.strip()})"
        label = f" if {self.label}" if self.label else ""
        return f"@{self.entry} {self.source} -> {self.target}{label}{place}"


@dataclass(frozen=True)
class HostFunction:
    """The function of one entry and what its results mean.

    `call(*leaves, *cells)` takes the values of `cells` behind the leaves, and returns the number of
    an exit, outputs, values of cells, and values to copy into inputs.
    """

    entry: Entry
    call: Callable[..., tuple[int, Sequence[Any], Sequence[Any], Sequence[Any]]]
    cells: tuple[str, ...]
    exits: tuple[Exit, ...]


@dataclass(frozen=True)
class HostModule:
    """The generated module; `edges` is what its coverage form records."""

    source: str
    functions: tuple[HostFunction, ...]


def edge_table(program: Program) -> list[EdgeInfo]:
    """Return every edge that some call can take, in a fixed order."""
    return [
        _edge_info(program, number, *place) for number, place in enumerate(_edge_places(program))
    ]


def _edge_places(program: Program) -> Iterator[tuple[int, int, int]]:
    """Yield the numbers of entry, block, and edge out of it, for each edge that can be taken."""
    for entry_number, entry in enumerate(program.bodies):
        reachable = set(flow_graph(entry).order)
        for block_number, block in enumerate(entry.blocks):
            if block_number in reachable:
                for index in range(len(edges_of(block.terminator))):
                    yield entry_number, block_number, index


def _edge_info(
    program: Program, number: int, entry_number: int, block_number: int, index: int
) -> EdgeInfo:
    entry = program.bodies[entry_number]
    block = entry.blocks[block_number]
    target = edges_of(block.terminator)[index].block
    location = block.terminator.location
    return EdgeInfo(
        number,
        entry.symbol,
        block.name or f"bb{block_number}",
        entry.blocks[target].name or f"bb{target}",
        _edge_label(block, index),
        None if location is None else program.locations[location],
    )


def generate_source(program: Program) -> str:
    """Return the text of the host module, as artifacts carry it for reading."""
    return _Generator(program, None).source()


def build_module(
    program: Program,
    instances: Sequence[Callable[[Sequence[Any]], Sequence[Any]]],
    weights: Mapping[str, Any],
    edges: set[int] | None = None,
) -> HostModule:
    """Generate and compile the host module of a verified program.

    `instances` are the callables of the program's instances, `weights` the handles of weights by
    symbol. With `edges`, each call adds the numbers of the edges it takes (see `edge_table`).
    """
    generator = _Generator(program, edges)
    source = generator.source()
    scope: dict[str, Any] = {**_SUPPORT, "edges": edges}
    scope |= dict(zip(generator.instances, instances, strict=True))
    scope |= {name: weights[symbol] for symbol, name in generator.weights.items()}
    exec(compile(source, f"<modelc {identifier(program.name, 'host')}>", "exec"), scope)
    functions = [
        HostFunction(entry, scope[name], tuple(reads), tuple(exits))
        for entry, name, reads, exits in generator.entries
    ]
    return HostModule(source, tuple(functions))


class _Generator:
    """Generates the text; names of sub-networks, weights and entries are fixed first."""

    def __init__(self, program: Program, edges: set[int] | None) -> None:
        self.program = program
        self.counts_edges = edges is not None
        self.unique = UniqueNames(_RESERVED)
        self.functions = [self.unique.add(identifier(e.symbol, "main")) for e in program.bodies]
        self.instances = [
            self.unique.add(identifier(instance.callee, "subnet")) for instance in program.instances
        ]
        used = sorted(_weights_read(program))
        self.weights = {s: self.unique.add(f"weight_{identifier(s, 'w')}") for s in used}
        self.entries: list[tuple[Entry, str, list[str], list[Exit]]] = []
        self.edge_numbers = {place: n for n, place in enumerate(_edge_places(program))}

    def source(self) -> str:
        """Return the text of the module."""
        parts = [self._header()]
        parts += [self._entry(number) for number in range(len(self.functions))]
        return "\n\n\n".join(parts) + "\n"

    def _header(self) -> str:
        title = f'"""Control flow of {identifier(self.program.name, "program")}.'
        lines = [title, "", "Generated by modelc from program.json, and for reading only.", '"""']
        if self.program.instances:
            lines += ["", "# Sub-networks, with the weights that each is bound to:"]
        for name, instance in zip(self.instances, self.program.instances, strict=True):
            lines.append(f"# {name}: {_bound(instance)}")
        return "\n".join(lines)

    def _entry(self, number: int) -> str:
        program, entry = self.program, self.program.bodies[number]
        is_function = number >= len(program.entries)
        graph = flow_graph(entry)
        bodies = lower_entry(program, entry, self.weights)
        liveness = Liveness(bodies, graph)
        cells = _cells_read(entry)
        parameters = [*entry.blocks[0].arguments, *cells.values()]
        owned = owned_lists(program, entry, liveness)
        hints = _hints(program, entry, owned)
        unique = UniqueNames(self.unique.taken)
        names = assign_locals(liveness, graph, parameters, hints, unique)
        writer = Writer(
            program,
            entry,
            liveness,
            names,
            self.instances,
            owned,
            bits(parameters),
            Pressure(bodies, graph),
            edge_number=self._edge_number(number) if self.counts_edges else None,
            functions=self.functions[len(program.entries) :],
            is_function=is_function,
        )
        nodes = _shape(writer, graph)
        blocks = sorted(writer.exits, key=writer.exits.__getitem__)
        exits = [t for b in blocks if isinstance(t := entry.blocks[b].terminator, Return | Raise)]
        if not is_function:
            self.entries.append((entry, self.functions[number], list(cells), exits))
        arguments = ", ".join(names[value] for value in parameters)
        head = f"def {self.functions[number]}({arguments}):"
        return "\n".join([head, *render(nodes, 1)])

    def _edge_number(self, entry: int) -> Callable[[int, int], int]:
        return lambda block, index: self.edge_numbers[entry, block, index]


def _shape(writer: Writer, graph: FlowGraph) -> list[Node]:
    layout = Layout(graph)
    if graph.is_reducible:
        try:
            return Structurer(graph, layout, writer).function()
        except TooDeep:
            writer.exits.clear()
    return Dispatcher(graph, layout, writer).function()


def _edge_label(block: Block, index: int) -> str:
    terminator = block.terminator
    if isinstance(terminator, Branch):
        return "false" if index else "true"
    return f"case {index}" if isinstance(terminator, Switch) else ""


def _hints(program: Program, entry: Entry, owned: frozenset[int]) -> list[str]:
    """Return the name that each value would like; a list that grows in place keeps its name."""
    hints = [hint_of(value.name, program.types[value.type]) for value in entry.values]
    for block in entry.blocks:
        for instruction in block.instructions:
            if instruction.operation in ("list.append", "list.set"):
                if instruction.operands[0] in owned:
                    hints[instruction.results[0]] = hints[instruction.operands[0]]
    return hints


def _cells_read(entry: Entry) -> dict[str, int]:
    """Return the value that holds each cell that the entry reads."""
    return {
        str(instruction.attribute("cell")): instruction.results[0]
        for instruction in entry.blocks[0].instructions
        if instruction.operation == "host.read_cell"
    }


def _weights_read(program: Program) -> set[str]:
    instructions = itertools.chain.from_iterable(
        block.instructions for entry in program.bodies for block in entry.blocks
    )
    return {str(i.attribute("symbol")) for i in instructions if i.operation == "host.weight"}


def _bound(instance: Instance) -> str:
    weights = sorted(instance.constants.values())
    more = len(weights) - _SHOWN_WEIGHTS
    shown = [*weights[:_SHOWN_WEIGHTS], f"{more} more"] if more > 0 else weights
    text = f"@{instance.callee}({', '.join(shown)})"
    return "".join(char if char.isprintable() else " " for char in text)
