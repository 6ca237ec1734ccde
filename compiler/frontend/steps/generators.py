"""`yield`, and what a loop does with generators when it ends."""

from __future__ import annotations

from typing import Any

from ..generators import close_temporary, suspend
from ..hir import CloseIterator, IteratorResult, Yield
from ..machine import Machine, Outcome
from ..objects import Generator
from ..registers import deliver, read
from ..state import State


def yield_value(machine: Machine, state: State, step: Yield) -> Outcome:
    """Execute `Yield`."""
    return suspend(machine, state, read(machine, state, step.value))


def iterator_result(machine: Machine, state: State, step: IteratorResult) -> Outcome:
    """Execute `IteratorResult`."""
    iterator = read(machine, state, step.iterator)
    return deliver(state, iterator.returned if isinstance(iterator, Generator) else None)


def close_iterator(machine: Machine, state: State, step: CloseIterator) -> Outcome:
    """Execute `CloseIterator`."""
    begun = close_temporary(machine, state, read(machine, state, step.iterator))
    return Outcome.NEXT if begun is None else begun


STEPS: dict[type, Any] = {
    Yield: yield_value,
    IteratorResult: iterator_result,
    CloseIterator: close_iterator,
}
