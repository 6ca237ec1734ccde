"""The host program as data: what `program.json` holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from .. import codec, structure
from ..signature import Parameter
from ..structure import Static
from ..types import DimRange, Type

SCHEMA = 2
"""Raised with every change of the form; no runtime reads another schema than its own."""

Attribute: TypeAlias = Static | tuple[Static, ...]
"""What an instruction is made with, known at compile time."""


@dataclass(frozen=True)
class Location:
    """A line of the user's program; `text` is the line itself, "" if it was not at hand."""

    file: str
    line: int
    text: str = ""


@dataclass(frozen=True)
class Instruction:
    """Compute values `results` from values `operands`; `operation` is a key of OPERATIONS."""

    operation: str
    results: tuple[int, ...] = ()
    operands: tuple[int, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: {})
    location: int | None = None

    def attribute(self, name: str) -> Attribute:
        """Return the attribute `name`, which the verifier has checked to be there."""
        return self.attributes[name]


@dataclass(frozen=True)
class Edge:
    """Go on at block number `block` with `arguments`."""

    block: int
    arguments: tuple[int, ...] = ()


@dataclass(frozen=True)
class Jump:
    """Go on at `target`."""

    KIND: ClassVar[str] = "jump"
    target: Edge
    location: int | None = None


@dataclass(frozen=True)
class Branch:
    """Go on at `on_true` if `condition` holds, else at `on_false`."""

    KIND: ClassVar[str] = "branch"
    condition: int
    on_true: Edge
    on_false: Edge
    location: int | None = None


@dataclass(frozen=True)
class Switch:
    """Go on at `cases[index]`, counted as Python counts; IndexError if it is out of range."""

    KIND: ClassVar[str] = "switch"
    index: int
    cases: tuple[Edge, ...]
    location: int | None = None


@dataclass(frozen=True)
class Return:
    """End the call with `structure` over `outputs`.

    Cell `cells[i]` becomes `cell_values[i]`, `cleared_cells` become None, and the caller's tensor
    at leaf `copied_inputs[i]` receives `copied_values[i]`.
    """

    KIND: ClassVar[str] = "return"
    outputs: tuple[int, ...]
    structure: structure.Structure
    cells: tuple[str, ...] = ()
    cell_values: tuple[int, ...] = ()
    cleared_cells: tuple[str, ...] = ()
    copied_inputs: tuple[int, ...] = ()
    copied_values: tuple[int, ...] = ()
    location: int | None = None


@dataclass(frozen=True)
class Raise:
    """End the call by raising `exception` (`module:qualified.name`) with `message`.

    With `values` the message is a template; if it is empty, the exception holds the value. Cells
    and inputs are written as by `Return`.
    """

    KIND: ClassVar[str] = "raise"
    exception: str
    message: str
    values: tuple[int, ...] = ()
    cells: tuple[str, ...] = ()
    cell_values: tuple[int, ...] = ()
    cleared_cells: tuple[str, ...] = ()
    copied_inputs: tuple[int, ...] = ()
    copied_values: tuple[int, ...] = ()
    location: int | None = None

    @property
    def writes(self) -> bool:
        """Whether cells or inputs are written."""
        return bool(self.cells or self.cleared_cells or self.copied_inputs)


Exit: TypeAlias = Return | Raise
"""What ends a call."""


Terminator: TypeAlias = Jump | Branch | Switch | Return | Raise


@dataclass(frozen=True)
class Block:
    """Instructions that end in a terminator; `arguments` are the values that edges assign."""

    instructions: tuple[Instruction, ...]
    terminator: Terminator
    arguments: tuple[int, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Value:
    """A value of an entry: the number of its type in the program's table, and a name to show."""

    type: int
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """One host function; its first block is the entry block, whose arguments are the leaves.

    It serves calls whose inputs are arranged as `inputs` and have the types of the arguments, and
    before which each cell that it reads has the type read and each of `absent_cells` is None.
    A function that other code invokes has no inputs; all its returns have the same results.
    """

    symbol: str
    inputs: structure.Mapping
    values: tuple[Value, ...]
    blocks: tuple[Block, ...]
    absent_cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instance:
    """The sub-network `callee` whose parameter number p is the weight `constants[p]`, if named."""

    callee: str
    parameters: int
    results: int
    constants: Mapping[str, str]


@dataclass(frozen=True)
class WeightReference:
    """Stand for the value of the weight `symbol`."""

    KIND: ClassVar[str] = "weight"
    symbol: str


Initial: TypeAlias = WeightReference | None | bool | int | float


@dataclass(frozen=True)
class Cell:
    """State kept between calls; `path` is the attribute of the user's program.

    It is empty for cells that only say how a container is arranged.
    """

    symbol: str
    path: str
    initial: Initial | tuple[Initial, ...] = None

    @property
    def weights(self) -> tuple[str, ...]:
        """The weights that the initial value names."""
        held = self.initial if isinstance(self.initial, tuple) else (self.initial,)
        return tuple(item.symbol for item in held if isinstance(item, WeightReference))


@dataclass(frozen=True)
class Program:
    """All entries of a compiled program and the tables that they refer to by number."""

    name: str
    parameters: tuple[Parameter, ...]
    types: tuple[Type, ...]
    entries: tuple[Entry, ...]
    instances: tuple[Instance, ...]
    weights: Mapping[str, Type]
    cells: tuple[Cell, ...]
    dims: Mapping[str, DimRange]
    locations: tuple[Location, ...]
    functions: tuple[Entry, ...] = ()

    @property
    def bodies(self) -> tuple[Entry, ...]:
        """All that has code: entries, then the functions that they invoke."""
        return (*self.entries, *self.functions)

    def type_of(self, entry: Entry, value: int) -> Type:
        """Return the type of value number `value` of `entry`."""
        return self.types[entry.values[value].type]


def edges_of(terminator: Terminator) -> tuple[Edge, ...]:
    """Return the edges that leave `terminator`, in order."""
    match terminator:
        case Jump(target=target):
            return (target,)
        case Branch(on_true=on_true, on_false=on_false):
            return (on_true, on_false)
        case Switch(cases=cases):
            return cases
        case Return() | Raise():
            return ()


def uses_of(terminator: Terminator) -> tuple[int, ...]:
    """Return the values that `terminator` reads itself, edges left out."""
    match terminator:
        case Branch(condition=condition):
            return (condition,)
        case Switch(index=index):
            return (index,)
        case Return():
            return (*terminator.outputs, *terminator.cell_values, *terminator.copied_values)
        case Raise():
            return (*terminator.values, *terminator.cell_values, *terminator.copied_values)
        case Jump():
            return ()


@dataclass(frozen=True)
class _Document:
    schema: int
    program: Program

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise codec.Malformed("$.schema", f"expected {SCHEMA}, found {self.schema}")


def write_program(program: Program) -> bytes:
    """Return the text of `program.json`."""
    document = codec.encode(_Document(SCHEMA, program))
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def read_program(data: bytes) -> Program:
    """Return the program in `data`; raises codec.Malformed. It is not verified yet."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise codec.Malformed("$", f"is no JSON: {error}") from None
    try:
        return codec.decode(_Document, document, "$").program
    except RecursionError:
        raise codec.Malformed("$", "is nested too deeply") from None
