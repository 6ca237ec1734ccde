"""What watches the pass manager: verify, time, dump, record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..diagnostics import Diagnostic, DiagnosticError, Note
from ..ir import Module
from ..ir.text import print_module
from ..ir.verifier import check
from .manager import Observer, Step


def verify_passes(step: Step) -> None:
    """Verify the module; MC0203, with a note that names the pass after which it is broken."""
    try:
        check(step.module)
    except DiagnosticError as error:
        origin = "before the first pass" if step.number == 0 else f"after the pass {step.name}"
        raise DiagnosticError(*(_with_note(d, origin) for d in error.diagnostics)) from error


def time_passes(report: Callable[[str], None]) -> Observer:
    """Return an observer that gives `report` one line per pass, in milliseconds."""

    def observe(step: Step) -> None:
        if step.number:
            report(f"{step.seconds * 1000:9.2f} ms  {step.name}")

    return observe


def dump_passes(directory: Path) -> Observer:
    """Return an observer that writes `NN-name.mc` into `directory`, which it makes."""

    def observe(step: Step) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{step.number:02d}-{step.name}.mc"
        path.write_text(print_module(step.module), encoding="utf-8")

    return observe


@dataclass(frozen=True)
class Counts:
    """The size of a module."""

    funcs: int
    blocks: int
    ops: int

    def __str__(self) -> str:
        return f"{self.funcs} functions, {self.blocks} blocks, {self.ops} ops"


@dataclass(frozen=True)
class Record:
    """What one pass did to the size of the module."""

    name: str
    before: Counts
    after: Counts
    seconds: float


@dataclass
class Recorder:
    """Observe the size of the module before and after each pass."""

    records: list[Record] = field(default_factory=lambda: [])
    latest: Counts | None = None

    def __call__(self, step: Step) -> None:
        after = count(step.module)
        if step.number and self.latest is not None:
            self.records.append(Record(step.name, self.latest, after, step.seconds))
        self.latest = after


def count(module: Module) -> Counts:
    """Return the number of functions, blocks and ops of `module`."""
    funcs = module.funcs.values()
    blocks = sum(len(func.body.blocks) for func in funcs)
    return Counts(len(funcs), blocks, sum(1 for func in funcs for _ in func.ops))


def _with_note(diagnostic: Diagnostic, origin: str) -> Diagnostic:
    return Diagnostic(
        diagnostic.code,
        diagnostic.message,
        diagnostic.location,
        diagnostic.label,
        (*diagnostic.notes, Note(f"found {origin}")),
        diagnostic.help,
    )
