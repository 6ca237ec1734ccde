"""`modelc list`: the tables of passes, ops, targets and diagnostics."""

from __future__ import annotations

from typing import Annotated

import typer

from ...diagnostics import Diagnostic, DiagnosticError, Location, suggest
from ..tables import TABLES
from .console import print_table, reporting_errors

NAMES = "|".join(TABLES)


def list_command(table: Annotated[str, typer.Argument(metavar=NAMES, help="Which table.")]) -> None:
    """List passes, ops, targets or diagnostics."""
    with reporting_errors():
        if table not in TABLES:
            place, known = Location("<table>", 1, 1, 1 + len(table)), suggest(table, list(TABLES))
            message = f"there is no table {table!r}"
            raise DiagnosticError(Diagnostic("MC0007", message, place, help=known, excerpt=table))
        header, rows = TABLES[table]()
        print_table(header, rows)
