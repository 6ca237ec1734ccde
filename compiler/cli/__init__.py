"""The command line: `modelc compile|run|inspect|examine|opt|list`."""

from __future__ import annotations

from typing import Annotated

import typer

from ...runtime import modelc_version
from .compile import compile_command, examine_command
from .inspect import inspect_command
from .listing import list_command
from .opt import opt_command
from .run import run_command

app = typer.Typer(
    name="modelc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"modelc {modelc_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show it.")
    ] = False,
) -> None:
    """Compile PyTorch programs with data-dependent control flow ahead of time."""


app.command("compile")(compile_command)
app.command("run")(run_command)
app.command("inspect")(inspect_command)
app.command("examine")(examine_command)
app.command("opt")(opt_command)
app.command("list")(list_command)


def main() -> None:
    """Run the command line."""
    app()
