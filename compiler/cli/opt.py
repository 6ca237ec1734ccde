"""`modelc opt`: run passes on an IR file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ...diagnostics import Diagnostic, DiagnosticError
from ...runtime import unwritable
from .console import reporting_errors

_DUMP = "give an IR file, as `modelc compile --dump-ir DIRECTORY` writes them"


def opt_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.mc", help="The IR; - reads stdin.")],
    pipeline: Annotated[str, typer.Option("-p", "--pipeline", help="cse,dce or a{max-ops=4}")] = "",
    weights: Annotated[Path | None, typer.Option(help="Weights of the program.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write here, not to stdout.")
    ] = None,
    timing: Annotated[bool, typer.Option(help="Print the time of each pass to stderr.")] = False,
) -> None:
    """Parse an IR file, verify it, run passes on it, and print the result."""
    with reporting_errors():
        text = optimise(_read(file), str(file), pipeline, weights or _beside(file), timing)
        if output is None:
            sys.stdout.write(text)
        else:
            _write(output, text)


def optimise(text: str, name: str, pipeline: str, weights: Path | None, timing: bool) -> str:
    """Return the IR `text`, after the passes of `pipeline`, verified before and after each."""
    from ...ir.text import parse_module, print_module
    from ...ir.verifier import check
    from ...passes import PassContext, run_pipeline, time_passes, verify_passes

    module = parse_module(text, name)
    check(module, types=True)
    report = time_passes(lambda line: print(line, file=sys.stderr))
    observers = [verify_passes, *([report] if timing else [])]
    context = PassContext(weights=_load_weights(weights))
    run_pipeline(module, pipeline, context, observers)
    return print_module(module)


def _read(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text()
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error), _DUMP) from None
    except UnicodeDecodeError:
        advice = f"if it is an artifact: modelc inspect {file} --ir captured"
        raise _unreadable(file, "it is no text", advice) from None


def _unreadable(file: Path, reason: str, advice: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("MC0002", f"cannot read {file}: {reason}", help=advice))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise unwritable(file, error) from None


def _beside(file: Path) -> Path | None:
    for folder in (file.parent, file.parent.parent):
        if (folder / "weights.safetensors").is_file():
            return folder / "weights.safetensors"
    return None


def _load_weights(file: Path | None) -> Any:
    if file is None:
        return None
    from ...ir import Symbol
    from ..tensor_files import read_tensors

    return {Symbol(name): tensor for name, tensor in read_tensors(file).items()}
