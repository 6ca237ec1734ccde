"""The command line: `modelc compile|run|inspect|examine|opt|list`."""

from __future__ import annotations

import typer

from .compile import compile_command, examine_command
from .inspect import inspect_command
from .listing import list_command
from .opt import opt_command
from .run import run_command

app = typer.Typer(
    name="modelc",
    help="Compile PyTorch programs with data-dependent control flow ahead of time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("compile")(compile_command)
app.command("run")(run_command)
app.command("inspect")(inspect_command)
app.command("examine")(examine_command)
app.command("opt")(opt_command)
app.command("list")(list_command)


def main() -> None:
    """Run the command line."""
    app()
