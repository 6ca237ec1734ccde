"""Turn what a builder collected into code: resolve labels, drop what is never reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from .analysis import Flow
from .builder import Builder
from .code import Code, Loop, Parameters
from .instructions import Instruction, Jump, Nop


@dataclass(frozen=True, slots=True)
class _Program:
    """Hold instructions with resolved targets, their handlers and the loops."""

    instructions: tuple[Instruction, ...]
    handlers: tuple[int | None, ...]
    loops: tuple[Loop, ...]

    def keep(self, kept: Sequence[bool]) -> _Program:
        """Return the program without some instructions; their labels go to what follows them."""
        moved = [0, *accumulate(kept)]
        pairs = zip(self.instructions, self.handlers, kept, strict=True)
        remaining = [(instruction, handler) for instruction, handler, keep in pairs if keep]
        return _Program(
            tuple(instruction.retarget(moved.__getitem__) for instruction, _ in remaining),
            tuple(None if handler is None else moved[handler] for _, handler in remaining),
            tuple(
                Loop(moved[loop.header], moved[loop.end], loop.kind, loop.location)
                for loop in self.loops
                if kept[loop.header]
            ),
        )


def assemble(
    builder: Builder,
    parameters: Parameters,
    cell_variables: tuple[str, ...],
    free_variables: tuple[str, ...],
) -> Code:
    """Return the code of the function that `builder` has lowered."""
    program = _simplify(_resolve(builder))
    flow = Flow(program.instructions, program.handlers)
    counters = range(len(program.instructions))
    counts = flow.predecessor_counts()
    source = builder.source
    return Code(
        name=source.name,
        qualified_name=source.qualified_name,
        filename=source.filename,
        location=source.locate(source.node),
        parameters=parameters,
        instructions=program.instructions,
        handlers=tuple(flow.handler(counter) for counter in counters),
        loops=program.loops,
        enclosing=tuple(_enclosing(program.loops, counter) for counter in counters),
        merge_points=frozenset(counter for counter in counters if counts[counter] > 1),
        live=tuple(flow.liveness()),
        cell_variables=cell_variables,
        free_variables=free_variables,
        assignments={name: tuple(places) for name, places in builder.assignments.items()},
        code_object=source.code_object,
        is_generator=builder.is_generator,
    )


def _resolve(builder: Builder) -> _Program:
    labels = builder.labels
    return _Program(
        tuple(instruction.retarget(labels.__getitem__) for instruction in builder.instructions),
        tuple(None if handler is None else labels[handler] for handler in builder.handlers),
        tuple(
            Loop(loop.header, loop.end, loop.kind, loop.location)
            for loop in sorted(builder.loops, key=lambda loop: (loop.header, -loop.end))
        ),
    )


def _simplify(program: _Program) -> _Program:
    """Drop unreachable instructions, jumps to what follows, and joins of a single path."""
    while True:
        flow = Flow(program.instructions, program.handlers)
        reachable, counts = flow.reachable(), flow.predecessor_counts()
        counters = range(len(program.instructions))
        kept = [counter in reachable for counter in counters]
        if all(kept):
            kept = [not _is_idle(program, counter, counts) for counter in counters]
        if all(kept):
            return program
        program = program.keep(kept)


def _is_idle(program: _Program, counter: int, counts: Sequence[int]) -> bool:
    instruction = program.instructions[counter]
    if isinstance(instruction, Jump):
        return instruction.target == counter + 1
    return isinstance(instruction, Nop) and counts[counter] <= 1


def _enclosing(loops: Sequence[Loop], counter: int) -> tuple[Loop, ...]:
    return tuple(loop for loop in loops if loop.contains(counter))
