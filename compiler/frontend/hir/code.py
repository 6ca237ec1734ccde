"""The code of one function, with everything that is known about it before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType

from ....diagnostics import Location
from .instructions import Instruction, LoopKind, Register


@dataclass(frozen=True, slots=True)
class Parameters:
    """Name the parameters of a function; each name is also the register that receives it."""

    positional_only: tuple[str, ...] = ()
    positional: tuple[str, ...] = ()
    variadic: str | None = None
    keyword_only: tuple[str, ...] = ()
    variadic_keyword: str | None = None

    def names(self) -> Iterator[str]:
        """Yield all names, in the order of declaration."""
        yield from self.positional_only
        yield from self.positional
        yield from filter(None, [self.variadic])
        yield from self.keyword_only
        yield from filter(None, [self.variadic_keyword])


@dataclass(frozen=True, slots=True)
class Loop:
    """Name a loop: `header` is its `LoopHeader`, `end` the counter after its last instruction."""

    header: int
    end: int
    kind: LoopKind
    location: Location

    def contains(self, counter: int) -> bool:
        """Tell whether `counter` lies in the loop; its `else` part does not."""
        return self.header <= counter < self.end


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """Hold the register code of one function. Sequences are indexed by program counter.

    `handlers` gives the `Catch` that an exception raised there goes to; None if it leaves the
    function, or if the instruction there raises none.
    `live` gives the registers that are read, on some path, before they are written again.
    `enclosing` gives the loops around a counter, from the outermost to the innermost.
    `merge_points` are the counters with more than one predecessor, loop headers among them.
    Every edge goes to a higher counter, except those to a loop header from inside of its loop.
    """

    name: str
    qualified_name: str
    filename: str
    location: Location
    parameters: Parameters
    instructions: tuple[Instruction, ...]
    handlers: tuple[int | None, ...]
    loops: tuple[Loop, ...]
    enclosing: tuple[tuple[Loop, ...], ...]
    merge_points: frozenset[int]
    live: tuple[frozenset[Register], ...]
    cell_variables: tuple[str, ...]
    free_variables: tuple[str, ...]
    assignments: Mapping[Register, tuple[Location, ...]]
    code_object: CodeType | None
    is_generator: bool

    def live_across(self, counter: int) -> frozenset[Register]:
        """Return the registers of a frame that waits at `counter` which it reads afterwards.

        The destination of the instruction is not among them: it is still to be written.
        """
        after = {register for pc in self.successors(counter) for register in self.live[pc]}
        after.discard(self.instructions[counter].destination or "")
        handler = self.handlers[counter]
        return frozenset(after if handler is None else after | self.live[handler])

    def successors(self, counter: int) -> tuple[int, ...]:
        """Return where control goes from `counter` when nothing is raised."""
        instruction = self.instructions[counter]
        return (counter + 1,) if instruction.falls_through else instruction.targets
