"""Host functions of an outlined module as the data form that the runtime reads."""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ...diagnostics import UNKNOWN
from ...diagnostics import Location as SourceLocation
from ...ir import structure as ir_structure
from ...ir.core import Block, Cell, Func, Initial, Module, Op, Successor, Symbol, Value
from ...ir.host import Branch, Call, CondBranch, Invoke, LoadWeight, Raise, ReadCell, Return, Switch
from ...ir.types import ListType, ScalarType, TensorType
from ...runtime import types
from ...runtime.host import program as data
from ...runtime.signature import Parameter
from .inputs import bind_parameters
from .instances import InstanceTable, free_inputs, is_only_bound
from .types import runtime_mapping, runtime_structure, runtime_type

_NOTHING = runtime_mapping(ir_structure.Mapping((), ()))
_TYPES = (ListType, ScalarType, TensorType)


def host_program(module: Module, parameters: Sequence[Parameter] | None = None) -> data.Program:
    """Return the host functions of `module`, which must be at level `outlined`, as data.

    `parameters` are those of the Python function that was compiled; without them, every input is
    a parameter that has no default.
    """
    numbers = {func.symbol: number for number, func in enumerate(module.local_funcs)}
    tables = _Tables(InstanceTable(module), numbers)
    emitted = [_EntryEmitter(func, tables).entry() for func in module.entries]
    functions = [_EntryEmitter(func, tables).entry() for func in module.local_funcs]
    if parameters is None:
        parameters = [Parameter(str(name)) for name in emitted[0].inputs.keys]
    bound, entries = bind_parameters(parameters, emitted)
    return data.Program(
        name=module.name,
        parameters=bound,
        types=tuple(tables.types),
        entries=entries,
        functions=tuple(functions),
        instances=tuple(tables.instances.instances),
        weights={
            str(w.symbol): runtime_type(w.type, checked=True) for w in module.weights.values()
        },
        cells=tuple([_cell(cell) for cell in module.cells.values()]),
        dims={d.name: types.DimRange(d.minimum, d.maximum) for d in module.dims.values()},
        locations=tuple(tables.locations),
    )


@dataclass
class _Tables:
    """What all entries of a program share, numbered in order of first use."""

    instances: InstanceTable
    functions: Mapping[Symbol, int]
    types: dict[types.Type, int] = field(default_factory=lambda: {})
    locations: dict[data.Location, int] = field(default_factory=lambda: {})

    def type_number(self, value_type: types.Type) -> int:
        """Return the number of a type."""
        return self.types.setdefault(value_type, len(self.types))

    def location_number(self, place: SourceLocation) -> int | None:
        """Return the number of a line of the user's program, None if it is unknown."""
        if place == UNKNOWN:
            return None
        text = linecache.getline(place.file, place.line).strip()
        location = data.Location(place.file, place.line, text)
        return self.locations.setdefault(location, len(self.locations))


class _EntryEmitter:
    """Numbers the values and blocks of one host function and converts its ops."""

    def __init__(self, func: Func, tables: _Tables) -> None:
        self.func = func
        self.tables = tables
        self.blocks = {block: number for number, block in enumerate(func.body.blocks)}
        self.numbers: dict[Value, int] = {}
        self.values: list[data.Value] = []

    def entry(self) -> data.Entry:
        """Return the data form of the function."""
        for block in self.func.body.blocks:
            self._number(block.args)
            for op in block.ops:
                self._number(op.results)
        return data.Entry(
            symbol=str(self.func.symbol),
            inputs=runtime_mapping(_inputs(self.func)) if self.func.kind == "host" else _NOTHING,
            values=tuple(self.values),
            blocks=tuple([self._block(block) for block in self.func.body.blocks]),
            absent_cells=tuple([str(cell) for cell in self.func.absent_cells]),
        )

    def _number(self, values: list[Value]) -> None:
        for value in values:
            checked = (
                self.func.kind == "host"
                and value.block is self.func.body.entry
                and (isinstance(value.owner, Block | ReadCell))
            )
            value_type = runtime_type(value.type, checked=checked)
            self.numbers[value] = len(self.values)
            self.values.append(data.Value(self.tables.type_number(value_type), value.name))

    def _block(self, block: Block) -> data.Block:
        instructions = [
            self._instruction(op)
            for op in block.ops[:-1]
            if not (isinstance(op, LoadWeight) and is_only_bound(op))
        ]
        return data.Block(
            arguments=self._numbers(block.args),
            instructions=tuple(instructions),
            terminator=self._terminator(block.terminator),
            name=block.name,
        )

    def _instruction(self, op: Op) -> data.Instruction:
        operands = free_inputs(op) if isinstance(op, Call) else op.operands
        return data.Instruction(
            operation=op.name,
            results=self._numbers(op.results),
            operands=self._numbers(operands),
            attributes=self._attributes(op),
            location=self.tables.location_number(op.loc),
        )

    def _attributes(self, op: Op) -> Mapping[str, data.Attribute]:
        if isinstance(op, Call):
            return {"instance": self.tables.instances.number_of(op)}
        if isinstance(op, Invoke):
            return {"function": self.tables.functions[op.callee]}
        return _attributes(op)

    def _terminator(self, op: Op) -> data.Terminator:
        location = self.tables.location_number(op.loc)
        match op:
            case Branch(target=target):
                return data.Jump(self._edge(target), location)
            case CondBranch(condition=condition, on_true=on_true, on_false=on_false):
                edges = self._edge(on_true), self._edge(on_false)
                return data.Branch(self.numbers[condition], *edges, location)
            case Switch(index=index, cases=cases):
                edges = tuple([self._edge(edge) for edge in cases])
                return data.Switch(self.numbers[index], edges, location)
            case Return():
                return self._return(op, location)
            case Raise():
                return self._raise(op, location)
            case _:
                raise AssertionError(f"{op.name} ends no block of a host function")

    def _return(self, op: Return, location: int | None) -> data.Return:
        return data.Return(
            outputs=self._numbers(op.outputs),
            structure=runtime_structure(op.structure),
            cells=tuple([str(cell) for cell in op.cells]),
            cell_values=self._numbers(op.cell_values),
            cleared_cells=tuple([str(cell) for cell in op.cleared_cells]),
            copied_inputs=op.copied_inputs,
            copied_values=self._numbers(op.copied_values),
            location=location,
        )

    def _raise(self, op: Raise, location: int | None) -> data.Raise:
        return data.Raise(
            exception=op.exception,
            message=op.message,
            values=self._numbers(op.values),
            cells=tuple([str(cell) for cell in op.cells]),
            cell_values=self._numbers(op.cell_values),
            cleared_cells=tuple([str(cell) for cell in op.cleared_cells]),
            copied_inputs=op.copied_inputs,
            copied_values=self._numbers(op.copied_values),
            location=location,
        )

    def _edge(self, edge: Successor) -> data.Edge:
        return data.Edge(self.blocks[edge.block], self._numbers(edge.arguments))

    def _numbers(self, values: Sequence[Value]) -> tuple[int, ...]:
        return tuple([self.numbers[value] for value in values])


def _inputs(func: Func) -> ir_structure.Mapping:
    if func.inputs is None:  # written by hand: one parameter for each argument
        names = tuple([value.name or f"arg{value.index}" for value in func.params])
        leaves = tuple([ir_structure.Leaf(value.index) for value in func.params])
        return ir_structure.Mapping(names, leaves)
    assert isinstance(func.inputs, ir_structure.Mapping), "inputs are bound by parameter names"
    return func.inputs


def _attributes(op: Op) -> Mapping[str, data.Attribute]:
    """Return the attributes of `op` as plain values; types and callees have their own places."""
    held = {name: getattr(op, name) for name in type(op).slot_names("attr")}
    return {name: _plain(value) for name, value in held.items() if not isinstance(value, _TYPES)}


def _plain(value: Any) -> data.Attribute:
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Symbol) else value


def _cell(cell: Cell) -> data.Cell:
    initial = cell.initial
    held = tuple(map(_initial, initial)) if isinstance(initial, tuple) else _initial(initial)
    return data.Cell(str(cell.symbol), cell.path, held)


def _initial(initial: Initial) -> data.Initial:
    return data.WeightReference(str(initial)) if isinstance(initial, Symbol) else initial
