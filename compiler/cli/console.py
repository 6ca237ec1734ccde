"""What the command line prints where: results to stdout, all else to stderr."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

from ...diagnostics import DiagnosticError

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
    except Exception:
        traceback.print_exc()
        command = shlex.join(["modelc", *sys.argv[1:]])
        print(
            f"\nThis is a bug in modelc, not in your program. To reproduce:\n  {command}",
            file=sys.stderr,
        )
        raise SystemExit(INTERNAL_ERROR) from None


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
