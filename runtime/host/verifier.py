"""Checks of a host program that was read, after which code may be generated from it.

An artifact is data of unknown origin. What passes here refers only to things that exist, has a
known operation everywhere, and reads every value after it was computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...diagnostics import template_problems
from ..signature import check_parameters
from ..structure import check_structure
from ..types import ListType, ScalarType, TensorType, Type, check_type
from .graph import FlowGraph
from .operations import OPERATIONS
from .program import (
    Block,
    Edge,
    Entry,
    Exit,
    Instance,
    Instruction,
    Program,
    Raise,
    Return,
    edges_of,
    uses_of,
)

_LETTERS: Mapping[str, tuple[type[Type], ...]] = {
    "n": (ScalarType,),
    "t": (TensorType,),
    "l": (ListType,),
    "?": (ScalarType, TensorType, ListType),
}


def verify_program(program: Program) -> list[str]:
    """Return what is wrong with `program`, nothing if code may be generated from it."""
    problems = [*_tables(program)]
    for number, entry in enumerate(program.entries):
        if not problems:  # the tables that the entries refer to
            problems += [f"entry {number}: {text}" for text in _EntryCheck(program, entry).run()]
    for number, function in enumerate(program.functions):
        if not problems:
            check = _EntryCheck(program, function, is_function=True)
            problems += [f"function {number}: {text}" for text in check.run()]
    return problems


def _tables(program: Program) -> Iterator[str]:
    yield from check_parameters(program.parameters)
    for value_type in program.types:
        yield from check_type(value_type)
    for symbol, value_type in program.weights.items():
        if problems := [*check_type(value_type)]:
            yield from problems
        elif not isinstance(value_type, TensorType) or not value_type.is_static:
            yield f"the weight {symbol} is no tensor of known extents"
    for cell in program.cells:
        if set(cell.weights) - program.weights.keys():
            yield f"cell {cell.symbol} begins with an unknown weight"
    for instance in program.instances:
        yield from _instance(program, instance)
    if len({cell.symbol for cell in program.cells}) != len(program.cells):
        yield "two cells have one name"
    if not program.entries:
        yield "there is no entry"
    for entry in program.entries:
        if set(entry.inputs.keys) != {parameter.name for parameter in program.parameters}:
            yield f"{entry.symbol} has other inputs than the program has parameters"


def _instance(program: Program, instance: Instance) -> Iterator[str]:
    for position, weight in instance.constants.items():
        if not (position.isdecimal() and int(position) < instance.parameters):
            yield f"{instance.callee} has no parameter {position}"
        if weight not in program.weights:
            yield f"{instance.callee} is bound to an unknown weight {weight}"


class _EntryCheck:
    """The checks of one entry; later ones rely on what earlier ones found in order."""

    def __init__(self, program: Program, entry: Entry, *, is_function: bool = False) -> None:
        self.program = program
        self.entry = entry
        self.is_function = is_function
        self.cells = {cell.symbol for cell in program.cells}

    def run(self) -> list[str]:
        for check in (self._values, self._control_flow, self._numbers, self._definitions):
            if problems := [*check()]:
                return problems
        return [*self._operations(), *self._terminators(), *self._edges()]

    def _values(self) -> Iterator[str]:
        for value in self.entry.values:
            if not 0 <= value.type < len(self.program.types):
                yield f"there is no type {value.type}"
        if not self.entry.blocks:
            yield "there is no block"
        elif self.is_function:
            if self.entry.inputs.keys or self.entry.absent_cells:
                yield "a function binds no inputs and cells"
        elif problems := [*check_structure(self.entry.inputs, len(self.entry.blocks[0].arguments))]:
            yield from problems
        if unknown := set(self.entry.absent_cells) - self.cells:
            yield f"there is no cell {min(unknown)}"

    def _control_flow(self) -> Iterator[str]:
        for block in self.entry.blocks:
            for edge in edges_of(block.terminator):
                if not 0 < edge.block < len(self.entry.blocks):
                    yield f"an edge leads to block {edge.block}"

    def _numbers(self) -> Iterator[str]:
        for block in self.entry.blocks:
            for instruction in block.instructions:
                yield from self._locate(instruction.location)
            yield from self._locate(block.terminator.location)
            for value in _mentioned(block):
                if not 0 <= value < len(self.entry.values):
                    yield f"there is no value {value}"

    def _locate(self, location: int | None) -> Iterator[str]:
        if location is not None and not 0 <= location < len(self.program.locations):
            yield f"there is no location {location}"

    def _definitions(self) -> Iterator[str]:
        """Check that each value is computed once, and in a place that dominates its uses."""
        home: dict[int, tuple[int, int]] = {}
        for number, block in enumerate(self.entry.blocks):
            defined = [(value, -1) for value in block.arguments]
            for position, instruction in enumerate(block.instructions):
                defined += [(value, position) for value in instruction.results]
            for value, position in defined:
                if value in home:
                    yield f"value {value} is computed twice"
                home[value] = (number, position)
        graph = flow_graph(self.entry)
        for number in graph.order:
            for position, value in _reads(self.entry.blocks[number]):
                if value not in home or not _precedes(graph, home[value], (number, position)):
                    yield f"value {value} is read in block {number} before it is computed"

    def _operations(self) -> Iterator[str]:
        for number, block in enumerate(self.entry.blocks):
            for instruction in block.instructions:
                for problem in self._operation(instruction, is_entry=number == 0):
                    yield f"block {number}: {instruction.operation}: {problem}"

    def _operation(self, instruction: Instruction, *, is_entry: bool) -> Iterator[str]:
        operation = OPERATIONS.get(instruction.operation)
        if operation is None:
            yield "unknown operation"
            return
        attributes = instruction.attributes
        if attributes.keys() != operation.attributes.keys():
            yield f"has the attributes {sorted(attributes)}"
            return
        for name, accepts in operation.attributes.items():
            if not accepts(attributes[name]):
                yield f"{name} is {attributes[name]!r}"
                return
        if operation.results not in (None, len(instruction.results)):
            yield f"has {len(instruction.results)} results"
        if not self._operands_fit(operation.operands, instruction):
            yield "takes other operands"
        yield from self._references(instruction, is_entry)

    def _operands_fit(self, letters: str, instruction: Instruction) -> bool:
        given = instruction.operands
        if letters.endswith("*"):
            repeated = max(len(given) - len(letters) + 2, 0)
            letters = letters[:-2] + letters[-2] * repeated
        return len(given) == len(letters) and all(
            isinstance(self._type(value), _LETTERS[letter])
            for value, letter in zip(given, letters, strict=True)
        )

    def _references(self, instruction: Instruction, is_entry: bool) -> Iterator[str]:
        """Check what instructions refer to by name or number, and the types that they need."""
        types = [self._type(value) for value in instruction.operands]
        match instruction.operation:
            case "host.call":
                yield from self._call(instruction)
            case "host.weight":
                if instruction.attribute("symbol") not in self.program.weights:
                    yield "unknown weight"
            case "host.read_cell":
                if (
                    instruction.attribute("cell") not in self.cells
                    or not is_entry
                    or self.is_function
                ):
                    yield "unknown cell, or not in the entry block"
            case "host.size":
                (source,), dim = types, instruction.attribute("dim")
                assert isinstance(source, TensorType) and isinstance(dim, int)
                if not 0 <= dim < len(source.shape):
                    yield f"no dim {dim}"
            case "host.invoke":
                yield from self._invoke(instruction)
            case "host.print" | "text.format":
                name = "text" if instruction.operation == "host.print" else "template"
                text = str(instruction.attribute(name))
                yield from template_problems(text, len(instruction.operands))
            case "list.to_tensor":
                if not isinstance(self._type(instruction.results[0]), TensorType):
                    yield "its result is no tensor"
            case _:
                pass

    def _call(self, instruction: Instruction) -> Iterator[str]:
        number = instruction.attribute("instance")
        assert isinstance(number, int)
        if not 0 <= number < len(self.program.instances):
            yield f"there is no instance {number}"
            return
        instance = self.program.instances[number]
        if len(instruction.operands) + len(instance.constants) != instance.parameters:
            yield f"{instance.callee} takes {instance.parameters} parameters"
        if len(instruction.results) != instance.results:
            yield f"{instance.callee} has {instance.results} results"

    def _invoke(self, instruction: Instruction) -> Iterator[str]:
        number = instruction.attribute("function")
        assert isinstance(number, int)
        if not 0 <= number < len(self.program.functions):
            yield f"there is no function {number}"
            return
        callee = self.program.functions[number]
        if callee.blocks and len(callee.blocks[0].arguments) != len(instruction.operands):
            yield f"{callee.symbol} takes {len(callee.blocks[0].arguments)} arguments"
        for block in callee.blocks:
            ending = block.terminator
            if isinstance(ending, Return) and len(ending.outputs) != len(instruction.results):
                yield f"{callee.symbol} has {len(ending.outputs)} results"

    def _terminators(self) -> Iterator[str]:
        for number, block in enumerate(self.entry.blocks):
            terminator = block.terminator
            if not isinstance(terminator, Return | Raise):
                used = uses_of(terminator)
                if not all(isinstance(self._type(value), ScalarType) for value in used):
                    yield f"block {number} branches on what is no number"
                continue
            for problem in _exit_problems(terminator):
                yield f"block {number}: {problem}"
            yield from self._writes(terminator)

    def _writes(self, terminator: Exit) -> Iterator[str]:
        written = terminator.cells or terminator.cleared_cells or terminator.copied_inputs
        if self.is_function and written:
            yield "a function writes neither cells nor inputs"
        if len(terminator.cells) != len(terminator.cell_values):
            yield "cells and their values differ in number"
        if len(terminator.copied_inputs) != len(terminator.copied_values):
            yield "copied inputs and their values differ in number"
        if unknown := {*terminator.cells, *terminator.cleared_cells} - self.cells:
            yield f"there is no cell {min(unknown)}"
        arguments = self.entry.blocks[0].arguments
        for leaf, value in zip(terminator.copied_inputs, terminator.copied_values, strict=False):
            if not 0 <= leaf < len(arguments):
                yield f"there is no input {leaf}"
            elif not (_is_tensor(self._type(arguments[leaf])) and _is_tensor(self._type(value))):
                yield "only tensors are copied into inputs"

    def _edges(self) -> Iterator[str]:
        for block in self.entry.blocks:
            for edge in edges_of(block.terminator):
                if len(edge.arguments) != len(self.entry.blocks[edge.block].arguments):
                    yield f"an edge to block {edge.block} passes {len(edge.arguments)} values"

    def _type(self, value: int) -> Type:
        return self.program.type_of(self.entry, value)


def flow_graph(entry: Entry) -> FlowGraph:
    """Return the control-flow graph of `entry`."""
    return FlowGraph([[e.block for e in edges_of(b.terminator)] for b in entry.blocks])


def _exit_problems(terminator: Exit) -> Iterator[str]:
    if isinstance(terminator, Return):
        return check_structure(terminator.structure, len(terminator.outputs))
    if not terminator.message and len(terminator.values) > 1:
        return iter(["no message shows the values"])
    return template_problems(terminator.message, len(terminator.values))


def _is_tensor(value_type: Type) -> bool:
    return isinstance(value_type, TensorType)


def _mentioned(block: Block) -> Iterator[int]:
    yield from block.arguments
    for instruction in block.instructions:
        yield from instruction.results
    yield from (value for _, value in _reads(block))


def _reads(block: Block) -> Iterator[tuple[int, int]]:
    """Yield the position and value of every read; the terminator comes after all instructions."""
    for position, instruction in enumerate(block.instructions):
        yield from ((position, value) for value in instruction.operands)
    end = len(block.instructions)
    edges: tuple[Edge, ...] = edges_of(block.terminator)
    passed = [value for edge in edges for value in edge.arguments]
    yield from ((end, value) for value in (*uses_of(block.terminator), *passed))


def _precedes(graph: FlowGraph, defined: tuple[int, int], used: tuple[int, int]) -> bool:
    if defined[0] == used[0]:
        return defined[1] < used[1]
    return graph.rank[defined[0]] >= 0 and graph.dominates(defined[0], used[0])
