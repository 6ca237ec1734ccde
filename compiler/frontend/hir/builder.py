"""The state of one lowering: instructions so far, labels, handlers, and what surrounds a statement.

Statements and expressions are lowered by functions in tables (`Rules`); this class only dispatches
to them, so that each construct lives in one small module.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ....diagnostics import Diagnostic, Location
from .code import Code
from .instructions import (
    Catch,
    CloseIterator,
    Constant,
    Instruction,
    Jump,
    LoopHeader,
    LoopKind,
    Nop,
    Register,
)
from .scope import Scope
from .source import FunctionSource


@dataclass(frozen=True, slots=True)
class Rules:
    """Give the function that lowers each class of statement and expression."""

    statements: Mapping[type[ast.stmt], Callable[[Builder, Any], None]]
    expressions: Mapping[type[ast.expr], Callable[[Builder, Any], Register]]
    unsupported: Mapping[type[ast.AST], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Hold what a statement is inside of, from its function's body inwards.

    `exits` are run from the last to the first when control leaves by return, break or continue;
    `handler` is where exceptions go, `exception` the register of the exception being handled.
    """

    exits: tuple[Exit, ...] = ()
    handler: int | None = None
    exception: Register | None = None


@dataclass(frozen=True, slots=True)
class Cleanup:
    """Emit, on the way out, what a `finally`, a `with` or an `except ... as` owes."""

    emit: Callable[[], None]
    outside: Surroundings


@dataclass(frozen=True, slots=True)
class LoopExit:
    """Hold the labels that `continue` and `break` go to.

    `owned` is the iterator to be closed on the way out, if it may be a generator.
    """

    header: int
    end: int
    owned: Register | None = None


Exit = Cleanup | LoopExit


@dataclass(frozen=True, slots=True)
class PendingLoop:
    """Hold a loop by positions in the list of instructions."""

    header: int
    end: int
    kind: LoopKind
    location: Location


@dataclass(slots=True, eq=False)
class Builder:
    """Collect the instructions of one function; targets are labels until it is assembled."""

    source: FunctionSource
    scope: Scope
    rules: Rules
    diagnostics: dict[Diagnostic, None]
    instructions: list[Instruction] = field(default_factory=list[Instruction])
    handlers: list[int | None] = field(default_factory=list["int | None"])
    labels: list[int] = field(default_factory=list[int])
    loops: list[PendingLoop] = field(default_factory=list[PendingLoop])
    assignments: dict[Register, list[Location]] = field(
        default_factory=dict["Register", "list[Location]"]
    )
    nested: dict[ast.AST, Code] = field(default_factory=dict["ast.AST", Code])
    surroundings: Surroundings = Surroundings()
    temporaries: int = 0
    is_generator: bool = False

    # --- emission ---

    def emit(self, instruction: Instruction) -> None:
        """Append an instruction, under the handler of the surroundings."""
        self.instructions.append(instruction)
        self.handlers.append(self.surroundings.handler)

    def temporary(self) -> Register:
        """Return a register that is used nowhere else."""
        self.temporaries += 1
        return f"%{self.temporaries}"

    def constant(self, value: object, location: Location) -> Register:
        """Return a new register that holds `value`."""
        destination = self.temporary()
        self.emit(Constant(location, destination, value))
        return destination

    def label(self) -> int:
        """Return a new label, which `place` must place."""
        self.labels.append(-1)
        return len(self.labels) - 1

    def place(self, label: int, location: Location) -> None:
        """Let `label` name the next instruction, a `Nop`: paths may join there."""
        self.labels[label] = len(self.instructions)
        self.emit(Nop(location))

    def begin_handler(self, label: int, location: Location) -> Register:
        """Let `label` name a handler that begins here; return the register of the exception."""
        self.labels[label] = len(self.instructions)
        exception = self.temporary()
        self.emit(Catch(location, exception))
        return exception

    def jump(self, label: int, location: Location) -> None:
        """Emit a jump to `label`."""
        self.emit(Jump(location, label))

    @contextmanager
    def loop(
        self,
        kind: LoopKind,
        iterator: Register | None,
        location: Location,
        *,
        owned: bool = False,
    ) -> Generator[LoopExit]:
        """Emit the header of a loop, let the caller emit the body, and close the back edge.

        The caller places the label `end` that is yielded, after the `else` part.
        """
        labels = LoopExit(self.label(), self.label(), iterator if owned else None)
        header = self.labels[labels.header] = len(self.instructions)
        self.emit(LoopHeader(location, kind, iterator))
        with self.inside(labels):
            yield labels
        self.jump(labels.header, location)
        self.loops.append(PendingLoop(header, len(self.instructions), kind, location))

    # --- surroundings ---

    @contextmanager
    def within(self, surroundings: Surroundings) -> Generator[None]:
        """Lower what the caller lowers next as if it stood in `surroundings`."""
        saved, self.surroundings = self.surroundings, surroundings
        yield
        self.surroundings = saved

    @contextmanager
    def inside(self, labels: LoopExit) -> Generator[None]:
        """Enter the body of a loop."""
        now = self.surroundings
        entered = Surroundings((*now.exits, labels), now.handler, now.exception)
        with self.within(entered):
            yield

    @contextmanager
    def guarded(
        self, handler: int | None, cleanup: Callable[[], None] | None = None
    ) -> Generator[None]:
        """Send exceptions to `handler`, and emit `cleanup` on the way out of the guarded part."""
        now = self.surroundings
        exits = now.exits if cleanup is None else (*now.exits, Cleanup(cleanup, now))
        with self.within(Surroundings(exits, handler, now.exception)):
            yield

    @contextmanager
    def handling(self, exception: Register) -> Generator[None]:
        """Let a bare `raise` mean `exception`."""
        now = self.surroundings
        with self.within(Surroundings(now.exits, now.handler, exception)):
            yield

    def unwind(self) -> LoopExit | None:
        """Emit the cleanups around the innermost loop body, or around all; return that loop.

        The caller must restore the surroundings: use it inside of `within(self.surroundings)`.
        """
        for leaving in reversed(self.surroundings.exits):
            if isinstance(leaving, LoopExit):
                return leaving
            self._clean_up(leaving)
        return None

    def unwind_all(self, location: Location) -> None:
        """Emit every cleanup of the function: what `return` does before it leaves."""
        for leaving in reversed(self.surroundings.exits):
            if isinstance(leaving, Cleanup):
                self._clean_up(leaving)
            elif leaving.owned is not None:
                self.emit(CloseIterator(location, leaving.owned))

    def has_cleanups(self) -> bool:
        """Tell whether leaving the function from here runs any code."""
        return any(
            isinstance(leaving, Cleanup) or leaving.owned is not None
            for leaving in self.surroundings.exits
        )

    def _clean_up(self, cleanup: Cleanup) -> None:
        """Emit a cleanup, and stay in its surroundings for what follows."""
        self.surroundings = cleanup.outside
        cleanup.emit()

    # --- dispatch ---

    def locate(self, node: ast.AST) -> Location:
        """Return the place of `node` in the source."""
        return self.source.locate(node)

    def statements(self, nodes: Iterable[ast.stmt]) -> None:
        """Lower statements in order."""
        for node in nodes:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        """Lower one statement, or report that it is unsupported."""
        rule = self.rules.statements.get(type(node))
        if rule is None:
            self.refuse_node(node)
        else:
            rule(self, node)

    def expression(self, node: ast.expr) -> Register:
        """Lower one expression, or report that it is unsupported; return its value's register."""
        rule = self.rules.expressions.get(type(node))
        if rule is None:
            self.refuse_node(node)
            return self.constant(None, self.locate(node))
        return rule(self, node)

    def expressions(self, nodes: Sequence[ast.expr]) -> list[Register]:
        """Lower expressions in order."""
        return [self.expression(node) for node in nodes]

    # --- diagnostics ---

    def refuse_node(self, node: ast.stmt | ast.expr) -> None:
        """Report that `node` is unsupported, and what is unsupported inside of it."""
        unknown = (f"`{type(node).__name__}`", "write it with supported constructs")
        self.refuse(self.locate(node), *self.rules.unsupported.get(type(node), unknown))
        for part in ast.walk(node):
            if type(part) in self.rules.unsupported:
                self.refuse(self.locate(part), *self.rules.unsupported[type(part)])

    def refuse(self, location: Location, description: str, advice: str) -> None:
        """Report an unsupported construct; lowering goes on, to find the others."""
        message = f"unsupported Python construct: {description}"
        self.diagnostics[Diagnostic("MC0101", message, location, help=advice)] = None
