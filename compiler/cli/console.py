"""What the command line prints where: results to stdout, all else to stderr."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

from ...diagnostics import DiagnosticError
from ..requirements import missing_package

USER_ERROR = 1
INTERNAL_ERROR = 70


def stderr() -> Console:
    """Return the console for progress and remarks."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def stdout() -> Console:
    """Return the console for tables."""
    return Console(highlight=False, soft_wrap=True)


@contextmanager
def reporting_errors() -> Generator[None]:
    """Turn diagnostics into text and exit status 1, our own bugs into a report and 70."""
    try:
        yield
    except DiagnosticError as error:
        print(error, file=sys.stderr)
        raise SystemExit(USER_ERROR) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
    except Exception as error:
        raise SystemExit(_report(error)) from None


def _report(error: Exception) -> int:
    """Say that a package is missing, or that we have a bug; return the exit status."""
    if missing := missing_package(error):
        print(missing.render(), file=sys.stderr)
        return USER_ERROR
    traceback.print_exc()
    command = shlex.join(["modelc", *sys.argv[1:]])
    text = f"\nThis is a bug in modelc, not in your program. To reproduce:\n  {command}"
    print(text, file=sys.stderr)
    return INTERNAL_ERROR


def print_table(
    header: tuple[str, ...], rows: list[tuple[str, ...]], emit: Callable[[str], None] = print
) -> None:
    """Print left-aligned columns."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        emit(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
