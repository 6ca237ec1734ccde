"""The state of one path of the abstract machine: plain data, so that it can fork and merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias

from ...diagnostics import Location
from ...ir import Block, Value
from . import prelude, prelude_hooks, prelude_parts, prelude_sequences
from .hir import Code, Instruction, Loop, Register
from .objects import ABSENT
from .torch_internals import ShapeFacts, is_torch_file

_PRELUDES = (prelude, prelude_hooks, prelude_parts, prelude_sequences)
PRELUDE_FILES = frozenset(module.__file__ for module in _PRELUDES)
"""The files of functions that are interpreted in place of others."""


def is_library_file(name: str) -> bool:
    """Tell whether what stands in a source file is shown at the place that called it."""
    return name in PRELUDE_FILES or is_torch_file(name)


SUSPENDED = -1
"""The iteration of a loop that a generator was suspended in: its next one is the first again."""

PositionKey: TypeAlias = tuple[tuple[int, ...], ...]
"""Where a state stands: per frame, (loop header, iteration)... and program counter.

In lexicographic order of the keys, every state that can reach a join comes before the join.
"""

AttributeKey: TypeAlias = tuple[int, str]
"""`id` of an object of the program, and the name of its attribute."""


class ResultUse(Enum):
    """Tell what becomes of the result of a call: the caller's instruction writes it to its
    destination, drops it, or is executed again with it at hand (in `handed`).

    What a generator yields is the next item of a loop (`STEP`), or the result of `next` or `send`
    (`NEXT`); one that is closed must not yield, and the instruction is executed again (`CLOSE`).
    """

    DESTINATION = auto()
    DROP = auto()
    HAND_OVER = auto()
    STEP = auto()
    NEXT = auto()
    CLOSE = auto()


@dataclass(eq=False)
class Frame:
    """One call: code, registers and counters. `activation` is shared by all copies of it.

    `constructed` is what the call returns instead of its result (`__init__`), `forks_at_entry`
    the number of forks that the state had seen when the call began. `generator` is the one that
    runs in this frame, `arguments` what a call was given that may call itself.
    """

    code: Code
    registers: dict[Register, Any]
    module_globals: Mapping[str, Any]
    activation: int
    caller: Location | None
    module_path: str
    forks_at_entry: int
    counter: int = 0
    iterations: dict[int, int] = field(default_factory=dict[int, int])
    loop_forks: dict[int, int] = field(default_factory=dict[int, int])
    constructed: Any = None
    result_use: ResultUse = ResultUse.DESTINATION
    handed: Any = ABSENT
    generator: Any = None
    arguments: Any = None

    @property
    def instruction(self) -> Instruction:
        """The instruction to be executed."""
        return self.code.instructions[self.counter]

    def position(self) -> tuple[int, ...]:
        """Return the part of the position key of this frame."""
        key: list[int] = []
        for loop in self.code.enclosing[self.counter]:
            key += [loop.header, self.iterations.get(loop.header, 0)]
        return (*key, self.counter)

    def location(self) -> Location:
        """Return the place in the user's program, with its call chain."""
        place = self.instruction.location
        if self.caller is not None and is_library_file(place.file):
            return self.caller
        return Location(
            place.file,
            place.line,
            place.column,
            place.end_column,
            place.function,
            self.module_path,
            self.caller,
        )

    def live_registers(self, executes_again: bool) -> list[Register]:
        """Return the registers that are read later, sorted."""
        if executes_again:
            live = self.code.live[self.counter]
        else:
            live = self.code.live_across(self.counter)
        return sorted(live & self.registers.keys())

    def copy(self) -> Frame:
        """Return a frame at the same place, without registers."""
        return Frame(
            self.code,
            {},
            self.module_globals,
            self.activation,
            self.caller,
            self.module_path,
            self.forks_at_entry,
            self.counter,
            dict(self.iterations),
            dict(self.loop_forks),
            self.constructed,
            self.result_use,
            self.handed,
            self.generator,
            self.arguments,
        )


@dataclass(eq=False)
class State:
    """One path: frames, changed attributes, facts, and the block that its ops go to.

    `forks` counts the data-dependent branches behind this path. `inputs` are the tensors among
    the inputs, which the program may mutate; `containers` those input lists and dicts. `items` are
    the results of `item()` on this path, `counts` how many elements of a tensor are not zero, where
    something was selected by it, `numbers` those that are known by what they are: elements of a
    tensor, sizes of slices and broadcasts. `pending_error` is raised instead of what comes next.
    `unfinished` are the generators that are suspended where they still owe a clean-up.
    """

    block: Block
    frames: list[Frame] = field(default_factory=list[Frame])
    overlay: dict[AttributeKey, Any] = field(default_factory=dict[AttributeKey, Any])
    facts: dict[Any, bool] = field(default_factory=dict[Any, bool])
    items: dict[Value, Any] = field(default_factory=lambda: {})
    counts: dict[Value, Any] = field(default_factory=lambda: {})
    numbers: dict[Any, Any] = field(default_factory=lambda: {})
    inputs: list[Any] = field(default_factory=lambda: [])
    containers: list[Any] = field(default_factory=lambda: [])
    knowledge: ShapeFacts | None = None
    forks: int = 0
    exception: BaseException | None = None
    pending_error: Exception | None = None
    unfinished: list[Any] = field(default_factory=lambda: [])

    @property
    def frame(self) -> Frame:
        """The innermost call."""
        return self.frames[-1]

    def executes_again(self, depth: int) -> bool:
        """Tell whether the frame at `depth` still has to execute its instruction from the start."""
        if depth == len(self.frames) - 1:
            return True
        return self.frames[depth + 1].result_use in (ResultUse.HAND_OVER, ResultUse.CLOSE)

    def adopt(self, other: State) -> None:
        """Become `other`, on the same block."""
        self.frames, self.overlay = other.frames, other.overlay
        self.facts, self.items, self.counts = other.facts, other.items, other.counts
        self.numbers = other.numbers
        self.inputs, self.containers = other.inputs, other.containers
        self.exception, self.unfinished = other.exception, other.unfinished

    def position(self) -> PositionKey:
        """Return the key by which states are scheduled and joined."""
        return tuple(frame.position() for frame in self.frames)

    def location(self) -> Location:
        """Return the place in the user's program."""
        return self.frame.location()


def loop_position(state: State, depth: int, loop: Loop) -> PositionKey:
    """Return the key of the header of `loop`, apart from its own iteration."""
    frame = state.frames[depth]
    outer: list[int] = []
    for around in frame.code.enclosing[loop.header]:
        if around.header == loop.header:
            break
        outer += [around.header, frame.iterations.get(around.header, 0)]
    outside = tuple(other.position() for other in state.frames[:depth])
    return (*outside, (*outer, loop.header))
