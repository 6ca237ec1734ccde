"""How the machine gives up: on a path, on an attempt, or because of the user's program."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import torch

from ...diagnostics import Diagnostic, DiagnosticError, Location, Note


class Restart(Exception):
    """Ask for a new run of the whole program: knowledge was gained that changes its beginning."""


class LoopRetry(Exception):
    """Ask for a new attempt at one loop, of which more is known now."""

    def __init__(self, scope: Any) -> None:
        super().__init__()
        self.scope = scope


class NeedConcrete(Exception):
    """Report that Python needs the value of symbols that only the data decides.

    `place` is the part of the program to blame, if not the one that is executed.
    """

    def __init__(
        self, symbols: frozenset[Any], purpose: str, place: Location | None = None
    ) -> None:
        super().__init__(purpose)
        self.place = place
        self.symbols = symbols
        self.purpose = purpose


class Undecided(Exception):
    """Report that torch must know a condition; the instruction can be executed again."""

    def __init__(self, condition: torch.SymBool) -> None:
        super().__init__(str(condition))
        self.condition = condition


class ProgramError(Exception):
    """Carry an exception that the program raised: `explicit` if by `raise` or `assert`.

    It is `certain` if Python raises it as well: what was called saw nothing but constants.
    """

    def __init__(self, error: BaseException, *, explicit: bool, certain: bool = False) -> None:
        super().__init__()
        self.error = error
        self.explicit = explicit
        self.certain = explicit or certain

    def outside_of_generator(self) -> ProgramError:
        """Return what the caller of a generator sees of an exception that leaves it."""
        if not isinstance(self.error, StopIteration):
            return self
        return ProgramError(RuntimeError("generator raised StopIteration"), explicit=True)


def refusal(
    code: str, message: str, location: Location, *, label: str = "", help: str = ""
) -> DiagnosticError:
    """Return the error that refuses the program, with its call chain as notes."""
    return DiagnosticError(
        Diagnostic(code, message, location, label=label, notes=call_chain(location), help=help)
    )


def call_chain(location: Location) -> tuple[Note, ...]:
    """Return one note per place of a call that led to `location`, the innermost first."""
    places = list(location.chain())
    calls = Counter(
        (f"in the call of `{callee.function}`{_module(callee)}", replace(place, caller=None))
        for callee, place in zip(places, places[1:], strict=False)
    )
    return tuple(
        Note(f"{message}, {count} times" if count > 1 else message, place)
        for (message, place), count in calls.items()
    )


def _module(place: Location) -> str:
    return f" (module `{place.module_path}`)" if place.module_path else ""
