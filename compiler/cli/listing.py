"""`modelc list`: the tables of passes, ops, targets and diagnostics."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from .console import print_table, reporting_errors


class Table(enum.StrEnum):
    """What can be listed."""

    PASSES = "passes"
    OPS = "ops"
    TARGETS = "targets"
    DIAGNOSTICS = "diagnostics"


def list_command(table: Annotated[Table, typer.Argument(help="Which table.")]) -> None:
    """List passes, ops, targets or diagnostics."""
    from ..tables import TABLES

    with reporting_errors():
        header, rows = TABLES[table.value]()
        print_table(header, rows)
