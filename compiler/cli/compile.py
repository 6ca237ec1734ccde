"""`modelc compile` and `modelc examine`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...diagnostics import DiagnosticError
from ...runtime import ONE_FILE
from ..options import Options
from ..progress import Progress, shown_on_terminal
from ..source import DEFAULT_INPUTS, Source, load_source
from .console import print_table, reporting_errors, stderr

if TYPE_CHECKING:
    from ..driver import Build

SourceArgument = Annotated[str, typer.Argument(metavar="FILE.py[:NAME]", help="What to compile.")]
InputsOption = Annotated[str, typer.Option("--inputs", help="Name of the inputs in the file.")]
TargetOption = Annotated[str, typer.Option(help="Where to run; see `modelc list targets`.")]

_SUFFIXES = {ONE_FILE: ".onnx"}


def compile_command(
    source: SourceArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="NAME.modelc or NAME.onnx")
    ] = None,
    inputs: InputsOption = DEFAULT_INPUTS,
    target: TargetOption = "cpu",
    dump_ir: Annotated[Path | None, typer.Option(help="Write the IR after each pass here.")] = None,
    pipeline: Annotated[
        str | None, typer.Option("-p", "--pipeline", help="Passes instead of the default.")
    ] = None,
    directory: Annotated[bool, typer.Option(help="Write a directory, not a zip file.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Compile all of it anew.")] = False,
) -> None:
    """Compile a program into an artifact that runs without PyTorch."""
    with reporting_errors():
        from ..assembly import write_artifact  # heavy, and not there with the runtime alone
        from ..driver import build

        with shown_on_terminal(stderr()) as progress:
            progress(f"loading {source}")
            loaded = load_source(source, inputs)
            options = Options(
                target,
                loaded.name,
                pipeline=pipeline,
                dump_directory=dump_ir,
                cache=not no_cache,
            )
            built = build(loaded.program, loaded.examples[0], options, progress)
            path = output or Path(f"{loaded.name}{_SUFFIXES.get(target, '.modelc')}")
            progress(f"writing {path}")
            artifact = replace(built.artifact, source=loaded.entry)
            write_artifact(artifact, path, directory=directory)
        _summarise(built, path)


def examine_command(
    source: SourceArgument,
    inputs: InputsOption = DEFAULT_INPUTS,
    target: TargetOption = "cpu",
) -> None:
    """Say what would not compile and why, and which engine would run what; write nothing."""
    with reporting_errors():
        with shown_on_terminal(stderr()) as progress:
            loaded = load_source(source, inputs)
            report = _examine(loaded, target, progress)
        for line in report:
            print(line)


def _examine(loaded: Source, target: str, progress: Progress) -> list[str]:
    from ..driver import examine  # as above

    try:
        return examine(loaded.program, loaded.examples[0], Options(target, loaded.name), progress)
    except DiagnosticError as error:
        count = len(error.diagnostics)
        stderr().print(f"{loaded.name} does not compile: {count} reason(s)")
        raise


def _summarise(built: Build, path: Path) -> None:
    rows = [(name, f"{seconds:.2f} s") for name, seconds in built.seconds.items()]
    print_table(("step", "time"), [*rows, ("total", f"{sum(built.seconds.values()):.2f} s")])
    print(f"wrote {path}")
