"""What one run of the machine learned for the next; it only grows, so that runs come to an end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from ...diagnostics import Location
from .cell_kinds import CellList
from .objects import Element
from .recursion import FunctionPlan
from .state import AttributeKey, PositionKey
from .traversal import Path

ChoicePlace: TypeAlias = tuple[str, int, int]
"""Where a string is chosen from a container: a file, line and column."""

Member: TypeAlias = tuple[Path, int | None]
"""A size that a loop changes: of a tensor in some dim, the length of a list, or an int."""


@dataclass
class LoopPlan:
    """How to run one loop.

    `dynamic` loops become a loop of the CFG; before it, `peel` iterations are run as straight
    code. `numbers` maps each generalised number or string to its lower bound (None: unknown),
    `tensors` each generalised tensor to the dims that vary, `lists` each list that grows to its
    element; those in `shrinking` may become shorter than they are before the loop. `strings` are
    known before the loop, and strings of the host in it. Sizes that are equal before the loop stay
    so, unless they are `apart`; `minimums` are lower bounds of extents.
    One that `alternates` has a header for each kind that its values have.
    """

    dynamic: bool = False
    unroll: bool = False
    peel: int = 0
    alternates: bool = False
    numbers: dict[Path, int | None] = field(default_factory=dict[Path, "int | None"])
    tensors: dict[Path, frozenset[int]] = field(default_factory=dict[Path, frozenset[int]])
    lists: dict[Path, Element] = field(default_factory=dict[Path, Element])
    strings: set[Path] = field(default_factory=set[Path])
    shrinking: set[Path] = field(default_factory=set[Path])
    lost_aliases: set[Path] = field(default_factory=set[Path])
    apart: dict[Member, tuple[int, ...]] = field(default_factory=dict[Member, "tuple[int, ...]"])
    minimums: dict[Member, int] = field(default_factory=dict[Member, int])

    def forget_generalisations(self) -> None:
        """Start over with what varies: other iterations are peeled now."""
        self.numbers.clear()
        self.tensors.clear()
        self.lists.clear()
        self.strings.clear()
        self.apart.clear()
        self.minimums.clear()


@dataclass(frozen=True)
class StateCell:
    """An attribute that the program writes: where it is, and its value before the first call."""

    owner: Any
    name: str
    path: str
    initial: Any

    @property
    def key(self) -> AttributeKey:
        return id(self.owner), self.name


@dataclass(frozen=True)
class Explanation:
    """Tell the user why the program was compiled the way it was."""

    message: str
    location: Location | None = None


@dataclass
class Knowledge:
    """Everything that survives a restart.

    Each call writes `overwritten_cells` before it reads them, as far as is known; of `read_cells`
    the contrary is known. What `dropped_cells` of the overwritten ones hold when a call ends cannot
    be kept, and is not. `growing_cells` are the lists in cells, by path, whose length varies
    between calls, and `shared_cells` the parts of cells that may share memory. `changed_arrays` are
    where tensors are made of arrays of NumPy that are changed in place. `functions` are
    the plans for functions that call themselves, by `id` of their code; with `follows_calls` they
    are made only where the budget for nested calls ends. `splits` are numbers that must not be
    merged, by join; `identities` the joins at which tensors that are one object on some paths
    only keep paths apart; at `forked_choices` each string that a container holds has its path.
    """

    loops: dict[PositionKey, LoopPlan] = field(default_factory=dict[PositionKey, LoopPlan])
    splits: dict[PositionKey, set[Path]] = field(default_factory=dict[PositionKey, set[Path]])
    identities: set[PositionKey] = field(default_factory=set[PositionKey])
    cells: dict[AttributeKey, StateCell] = field(default_factory=dict[AttributeKey, StateCell])
    overwritten_cells: set[AttributeKey] = field(default_factory=set[AttributeKey])
    read_cells: set[AttributeKey] = field(default_factory=set[AttributeKey])
    dropped_cells: set[AttributeKey] = field(default_factory=set[AttributeKey])
    growing_cells: dict[str, CellList] = field(default_factory=dict[str, CellList])
    functions: dict[int, list[FunctionPlan]] = field(
        default_factory=dict[int, "list[FunctionPlan]"]
    )
    follows_calls: bool = False
    forked_choices: set[ChoicePlace] = field(default_factory=set["ChoicePlace"])
    shared_cells: set[str] = field(default_factory=set[str])
    changed_arrays: set[Location] = field(default_factory=set[Location])
    notes: dict[Explanation, None] = field(default_factory=dict[Explanation, None])

    def drop(self, key: AttributeKey) -> None:
        """Take it that each call writes a cell before it reads it, and do not keep it."""
        self.overwritten_cells.add(key)
        self.dropped_cells.add(key)

    def of_function(self) -> Knowledge:
        """Return knowledge for the body of a function: positions in it are its own."""
        return replace(self, loops={}, splits={}, identities=set())

    def loop(self, key: PositionKey) -> LoopPlan:
        """Return the plan of the loop at `key`."""
        return self.loops.setdefault(key, LoopPlan())

    def split(self, key: PositionKey) -> frozenset[Path]:
        """Return the numbers that must not be merged at `key`."""
        return frozenset(self.splits.get(key, ()))

    def note(self, message: str, location: Location | None = None) -> None:
        """Remember something to be explained, once."""
        self.notes[Explanation(message, location)] = None
