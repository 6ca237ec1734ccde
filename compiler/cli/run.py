"""`modelc run`: run an artifact on inputs, compare it with eager, and print edge coverage."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ...diagnostics import DiagnosticError, Note
from ...runtime import Model, load
from ..example import Example
from ..outcome import Raised, outcome
from ..source import load_comparison, load_inputs
from .console import USER_ERROR, reporting_errors

if TYPE_CHECKING:
    from ..comparison import Comparison


def run_command(
    artifact: Annotated[Path, typer.Argument(metavar="NAME.modelc", help="What to run.")],
    inputs: Annotated[str, typer.Option(metavar="FILE.py[:NAME]", help="Inputs, one per call.")],
    compare: Annotated[bool, typer.Option(help="Run the program eagerly too.")] = False,
    program: Annotated[
        str,
        typer.Option(metavar="[FILE.py:]NAME", help="Compare with this, not what was compiled."),
    ] = "",
    rtol: Annotated[float, typer.Option(help="Relative tolerance of --compare.")] = 1e-4,
    atol: Annotated[float, typer.Option(help="Absolute tolerance of --compare.")] = 1e-5,
    threads: Annotated[int | None, typer.Option(help="Threads of each sub-network.")] = None,
) -> None:
    """Run an artifact on inputs from a Python file and say which edges of its CFG were taken."""
    with reporting_errors():
        model = load(artifact, threads=threads, coverage=True)
        compares = compare or bool(program)
        agrees = _compare(model, inputs, program, rtol, atol) if compares else _run(model, inputs)
        print(coverage_line(model))
        if not agrees:
            raise SystemExit(USER_ERROR)


def _run(model: Model, inputs: str) -> bool:
    for number, example in enumerate(load_inputs(inputs)):
        with _pointing_at(number, example):
            print(f"call {number}: {describe(outcome(model, example))}")
    return True


@contextmanager
def _pointing_at(number: int, example: Example) -> Generator[None]:
    """Let a refusal of inputs name the call, and point at where the user defines its inputs."""
    try:
        yield
    except DiagnosticError as error:
        note = Note(f"these are the inputs of call {number}")
        raise DiagnosticError(
            *[
                dataclasses.replace(one, location=example.place, notes=(*one.notes, note))
                for one in error.diagnostics
            ]
        ) from None


def _compare(model: Model, inputs: str, program: str, rtol: float, atol: float) -> bool:
    from ..comparison import compare_with_eager  # heavy

    eager, examples = load_comparison(inputs, program, model.artifact.source)
    agreeing, calls = 0, len(examples)
    for number, example in enumerate(examples):
        with _pointing_at(number, example):
            comparison = compare_with_eager(eager, model, example, rtol=rtol, atol=atol)
        print(f"call {number}: {_verdict(comparison)}")
        agreeing += comparison.agrees
    print(f"{agreeing} of {calls} calls agree with eager (rtol {rtol:g}, atol {atol:g})")
    return agreeing == calls


def _verdict(comparison: Comparison) -> str:
    times = f"eager {comparison.eager_ms:.2f} ms, compiled {comparison.compiled_ms:.2f} ms"
    return f"{'agrees' if comparison.agrees else 'DIFFERS: ' + comparison.difference}  ({times})"


def coverage_line(model: Model) -> str:
    """Say how many edges of the host CFG were taken, and name the others."""
    taken = {edge.number for edge in model.taken_edges}
    missing = [edge for edge in model.edges if edge.number not in taken]
    line = f"edge coverage: {len(taken)} of {len(model.edges)}"
    return line + "".join(f"\n  not taken: {edge}" for edge in missing)


def describe(output: Any) -> str:
    """Summarise an output: shapes of tensors, values of the rest, an exception."""
    if isinstance(output, Raised):
        return str(output)
    if isinstance(output, dict):
        members = cast("dict[Any, Any]", output).items()
        return "{" + ", ".join(f"{key}: {describe(value)}" for key, value in members) + "}"
    if isinstance(output, (tuple, list)):
        return "(" + ", ".join(map(describe, cast("tuple[Any, ...]", output))) + ")"
    return f"{output.dtype}{list(output.shape)}" if hasattr(output, "shape") else repr(output)
