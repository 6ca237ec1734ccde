"""Modules, functions, regions, blocks, operations and values: SSA with block arguments."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, TypeVar, cast, dataclass_transform

from ..diagnostics import UNKNOWN, Diagnostic, DiagnosticError, Location
from .structure import Structure
from .types import Type


class Symbol(str):
    """Name a function, weight or cell of the module; printed as `@name`."""

    __slots__ = ()


@dataclass(eq=False, repr=False)
class Value:
    """One SSA value: result number `index` of an op, or argument number `index` of a block.

    `name` is a hint for the printer. `users` maps each using op to its number of uses.
    """

    type: Type
    owner: Op | Block
    index: int
    name: str = ""
    users: dict[Op, int] = field(default_factory=lambda: {}, repr=False)

    def __repr__(self) -> str:
        return f"<value {self.name or self.index}: {self.type}>"

    def replace_all_uses_with(self, other: Value) -> None:
        """Make every user read `other` instead."""
        for user in list(self.users):
            user.substitute({self: other})

    @property
    def block(self) -> Block | None:
        """The block that defines the value."""
        return self.owner if isinstance(self.owner, Block) else self.owner.parent


Argument: TypeAlias = Any
"""What an operand slot holds: a Value, a literal, or a tuple of arguments."""


@dataclass(frozen=True)
class Successor:
    """An edge to `block`, which passes `arguments` to its block arguments."""

    block: Block
    arguments: tuple[Value, ...] = ()


def operand(*, default: Any = dataclasses.MISSING, spread: bool = False) -> Any:
    """Declare an operand slot. A `spread` slot, always the last, prints without brackets."""
    return field(default=default, metadata={"slot": "operand", "spread": spread})


def attr(*, default: Any = dataclasses.MISSING) -> Any:
    """Declare a compile-time attribute."""
    return field(default=default, metadata={"slot": "attr"})


def successor() -> Any:
    """Declare a `Successor`, or a tuple of them, of a terminator."""
    return field(metadata={"slot": "successor"})


@dataclass(eq=False, kw_only=True, repr=False)
class Op:
    """Compute results from operands. Subclasses are declared with `define`.

    `GIVEN_RESULTS` is the number of results whose types `infer` cannot know, None for any number.
    """

    NAME: ClassVar[str] = "op"
    TERMINATOR: ClassVar[bool] = False
    PURE: ClassVar[bool] = True
    GIVEN_RESULTS: ClassVar[int | None] = 0

    result_types: dataclasses.InitVar[Sequence[Type] | None] = None
    loc: Location = UNKNOWN
    results: list[Value] = field(init=False, repr=False)
    regions: list[Region] = field(default_factory=lambda: [], repr=False)
    parent: Block | None = field(default=None, init=False, repr=False)

    def __post_init__(self, result_types: Sequence[Type] | None) -> None:
        self.set_results(self.infer() if result_types is None else result_types)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).slot_names("operand", "successor"):
            for old in walk_values(self.__dict__.get(name, ())):
                _forget_use(old, self)
            for new in walk_values(value):
                new.users[self] = new.users.get(self, 0) + 1
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{self.name} at {self.loc}>"

    @classmethod
    def slot_names(cls, *kinds: str) -> tuple[str, ...]:
        """Return the names of the declared fields of the given kinds, in order."""
        return _slot_names(cls, kinds)

    @property
    def name(self) -> str:
        """The dialect and name under which the op prints."""
        return self.NAME

    @property
    def is_pure(self) -> bool:
        """Whether the op may be removed when unused, moved, and merged with an equal one."""
        return self.PURE and not self.TERMINATOR

    @property
    def out(self) -> Value:
        """The only result."""
        (value,) = self.results
        return value

    @property
    def operands(self) -> list[Value]:
        """All values read, those passed to successors included, in order, with repetitions."""
        slots = type(self).slot_names("operand", "successor")
        return [value for slot in slots for value in walk_values(getattr(self, slot))]

    @property
    def successors(self) -> list[Successor]:
        """The edges out of a terminator, in order."""
        edges: list[Successor] = []
        for slot in type(self).slot_names("successor"):
            held: Successor | tuple[Successor, ...] = getattr(self, slot)
            edges.extend(held if isinstance(held, tuple) else (held,))
        return edges

    @property
    def func(self) -> Func | None:
        """The function that holds the op, None while it stands in no block."""
        region = self.parent.parent if self.parent else None
        while region is not None and isinstance(region.parent, Op):
            region = region.parent.parent.parent if region.parent.parent else None
        holder = region.parent if region is not None else None
        return holder if isinstance(holder, Func) else None

    def infer(self) -> Sequence[Type]:
        """Return the result types that follow from operands and attributes."""
        return ()

    def verify(self) -> Iterator[str]:
        """Yield a message per violated rule of this op alone."""
        return iter(())

    def set_results(self, types: Sequence[Type]) -> None:
        """Give the op new results of these types, in place of any it had."""
        self.results = [Value(value_type, self, index) for index, value_type in enumerate(types)]

    def substitute(self, mapping: dict[Value, Value]) -> None:
        """Read `mapping[v]` wherever `v` was read."""
        for slot in type(self).slot_names("operand", "successor"):
            setattr(self, slot, map_values(getattr(self, slot), lambda v: mapping.get(v, v)))

    def retarget(self, mapping: dict[Block, Block]) -> None:
        """Branch to `mapping[b]` wherever the op branched to `b`."""
        for slot in type(self).slot_names("successor"):
            setattr(self, slot, _retarget(getattr(self, slot), mapping))

    def drop(self) -> None:
        """Remove the op from its block and from the users of its operands."""
        assert not any(result.users for result in self.results), f"{self.name} is still used"
        for value in self.operands:
            _forget_use(value, self)
        if self.parent is not None:
            self.parent.ops.remove(self)
            self.parent = None

    def error(self, code: str, message: str, *, help: str = "") -> DiagnosticError:
        """Return a diagnostic that points at the user's line of this op."""
        return DiagnosticError(Diagnostic(code, message, self.loc, help=help))


OpClass = TypeVar("OpClass", bound=Op)


@dataclass_transform(field_specifiers=(operand, attr, successor), eq_default=False)
def define(name: str) -> Callable[[type[OpClass]], type[OpClass]]:
    """Turn a class with `operand`, `attr` and `successor` fields into the op `name`."""

    def wrap(cls: type[OpClass]) -> type[OpClass]:
        cls.NAME = name
        return dataclass(eq=False, repr=False)(cls)

    return wrap


@dataclass(eq=False, repr=False)
class Block:
    """A straight line of ops that ends in a terminator."""

    args: list[Value] = field(default_factory=lambda: [])
    ops: list[Op] = field(default_factory=lambda: [], repr=False)
    parent: Region | None = field(default=None, repr=False)
    name: str = ""

    def __repr__(self) -> str:
        return f"<block {self.name}>"

    def add_argument(self, value_type: Type, name: str = "") -> Value:
        """Append a block argument; every predecessor must pass a value for it."""
        value = Value(value_type, self, len(self.args), name)
        self.args.append(value)
        return value

    def append(self, op: OpClass) -> OpClass:
        """Place `op` at the end."""
        op.parent = self
        self.ops.append(op)
        return op

    def insert(self, position: int, op: OpClass) -> OpClass:
        """Place `op` before the op that stands at `position`."""
        op.parent = self
        self.ops.insert(position, op)
        return op

    @property
    def terminator(self) -> Op:
        """The last op, which must be a terminator."""
        assert self.ops and self.ops[-1].TERMINATOR, f"block {self.name} is not terminated"
        return self.ops[-1]

    @property
    def successors(self) -> list[Successor]:
        return self.terminator.successors


@dataclass(eq=False, repr=False)
class Region:
    """Blocks with one entry, the first."""

    blocks: list[Block] = field(default_factory=lambda: [])
    parent: Func | Op | None = field(default=None, repr=False)

    def add_block(self, name: str = "") -> Block:
        """Append an empty block."""
        block = Block(parent=self, name=name)
        self.blocks.append(block)
        return block

    @property
    def entry(self) -> Block:
        return self.blocks[0]

    def predecessors(self) -> dict[Block, list[tuple[Block, Successor]]]:
        """Return, for each block, its incoming edges with the blocks they leave."""
        edges: dict[Block, list[tuple[Block, Successor]]] = {block: [] for block in self.blocks}
        for block in self.blocks:
            for edge in block.successors:
                edges[edge.block].append((block, edge))
        return edges


@dataclass(eq=False)
class Func:
    """A `graph` function (one block of pure dataflow), a `host` function (a CFG), or a `local` one.

    A local function is a CFG that host and local functions invoke; it may invoke itself. It writes
    neither cells nor inputs, and all its returns have results of the same types.

    `inputs` (host only) arranges the parameters: a Mapping from the names of the Python
    parameters to structures whose leaves number the arguments of the entry block. A host function
    serves the calls before which every cell it reads has the type it reads, and every cell in
    `absent_cells` is None.
    """

    symbol: Symbol
    kind: str
    body: Region = field(default_factory=Region)
    inputs: Structure | None = None
    absent_cells: tuple[Symbol, ...] = ()
    loc: Location = UNKNOWN

    def __post_init__(self) -> None:
        self.body.parent = self

    @property
    def params(self) -> list[Value]:
        return self.body.entry.args

    @property
    def ops(self) -> Iterator[Op]:
        """All ops, nested ones too, block by block."""
        return walk(self.body)


@dataclass(frozen=True)
class Weight:
    """A parameter, buffer or lifted constant; `digest` names its contents (SHA-256, hex)."""

    symbol: Symbol
    type: Type
    digest: str = ""


Initial: TypeAlias = Symbol | None | bool | int | float


@dataclass(frozen=True)
class Cell:
    """State kept between calls: the attribute `path` (`module.path.attribute`) of the program.

    `initial` is the value before the first call: a number, the symbol of a weight, None, or the
    elements of a list. `path` is empty for cells that only say how a container is arranged.
    """

    symbol: Symbol
    path: str
    initial: Initial | tuple[Initial, ...]

    @property
    def weights(self) -> list[Symbol]:
        """The weights that the initial value names."""
        held = self.initial if isinstance(self.initial, tuple) else (self.initial,)
        return [item for item in held if isinstance(item, Symbol)]


@dataclass(frozen=True)
class DimRange:
    """Bounds (inclusive) of a named dim; `maximum` None means unbounded."""

    name: str
    minimum: int = 0
    maximum: int | None = None


@dataclass(eq=False)
class Module:
    """All functions of one program and what they refer to by symbol.

    `level` names the row of the legality table that the module must satisfy.
    """

    name: str
    level: str = "captured"
    target: str = ""
    dims: dict[str, DimRange] = field(default_factory=lambda: {})
    weights: dict[Symbol, Weight] = field(default_factory=lambda: {})
    cells: dict[Symbol, Cell] = field(default_factory=lambda: {})
    funcs: dict[Symbol, Func] = field(default_factory=lambda: {})

    def add(self, func: Func) -> Func:
        """Add `func` under its symbol, which must be new."""
        assert func.symbol not in self.funcs, f"two functions are named @{func.symbol}"
        self.funcs[func.symbol] = func
        return func

    @property
    def host_funcs(self) -> list[Func]:
        """The functions that are control-flow graphs: entries, and local functions."""
        return [func for func in self.funcs.values() if func.kind != "graph"]

    @property
    def entries(self) -> list[Func]:
        """The entries of the program; more than one if cells change their type between calls."""
        return [func for func in self.funcs.values() if func.kind == "host"]

    @property
    def local_funcs(self) -> list[Func]:
        return [func for func in self.funcs.values() if func.kind == "local"]

    @property
    def graph_funcs(self) -> list[Func]:
        return [func for func in self.funcs.values() if func.kind == "graph"]


def walk(region: Region) -> Iterator[Op]:
    """Yield every op below `region` in program order; ops may be dropped while walking."""
    todo = [op for block in reversed(region.blocks) for op in reversed(block.ops)]
    while todo:
        op = todo.pop()
        yield op
        nested = [inner for r in op.regions for block in r.blocks for inner in block.ops]
        todo.extend(reversed(nested))


def walk_values(argument: Argument) -> Iterator[Value]:
    """Yield the values inside nested tuples and successors, from left to right."""
    todo = [argument]
    while todo:
        item = todo.pop()
        if isinstance(item, Value):
            yield item
        elif isinstance(item, Successor):
            todo.extend(reversed(item.arguments))
        elif isinstance(item, tuple):
            todo.extend(reversed(cast("tuple[Argument, ...]", item)))


def map_values(argument: Argument, change: Callable[[Value], Argument]) -> Argument:
    """Return `argument` with `change` applied to each value inside it."""
    if isinstance(argument, Value):
        return change(argument)
    if isinstance(argument, Successor):
        return Successor(argument.block, map_values(argument.arguments, change))
    if isinstance(argument, tuple):
        items = cast("tuple[Argument, ...]", argument)
        return tuple(map_values(item, change) for item in items)
    return argument


@functools.cache
def _slot_names(cls: type[Op], kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(cls) if f.metadata.get("slot") in kinds)


def _retarget(
    edges: Successor | tuple[Successor, ...], mapping: dict[Block, Block]
) -> Successor | tuple[Successor, ...]:
    if isinstance(edges, tuple):
        return tuple(cast(Successor, _retarget(edge, mapping)) for edge in edges)
    return Successor(mapping.get(edges.block, edges.block), edges.arguments)


def _forget_use(value: Value, user: Op) -> None:
    value.users[user] -= 1
    if not value.users[user]:
        del value.users[user]
