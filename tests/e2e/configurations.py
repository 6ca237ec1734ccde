"""The ways in which a captured program is run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from unittest import mock

import torch

import modelc
from modelc.compiler import driver
from modelc.compiler.assembly import write_artifact
from modelc.compiler.example import Example
from modelc.compiler.frontend import Captured
from modelc.compiler.options import Options
from modelc.ir import Module
from modelc.ir.cloning import clone_func
from modelc.ir.reference import Interpreter
from modelc.ir.text import parse_module, print_module
from modelc.passes import (
    DEFAULT_PIPELINE,
    LOWERING_PIPELINE,
    Observer,
    PassContext,
    run_pipeline,
    verify_passes,
)

from ..programs import Program
from .comparison import EXACT, Tolerances
from .plain_onnx import PlainSession

Run: TypeAlias = Callable[..., Any]

WHOLE_PIPELINE = f"{DEFAULT_PIPELINE},{LOWERING_PIPELINE}"

REORDERED: Tolerances = {torch.float32: (1e-5, 1e-6), torch.float64: (1e-12, 1e-13)}
"""For torch's own kernels where operands have another layout: folded transposed weights."""

ROUNDED: Tolerances = {
    torch.float16: (1e-2, 1e-3),
    torch.float32: (1e-4, 1e-5),
    torch.float64: (1e-9, 1e-10),
}
"""For engines other than torch."""


@dataclass(frozen=True)
class Configuration:
    """How to make a program callable from its capture, and how far its results may be off."""

    prepare: Callable[[Program, Captured], Run]
    tolerances: Tolerances


def cloned(module: Module) -> Module:
    """Return an equal module that can be changed."""
    funcs = {symbol: clone_func(func, symbol) for symbol, func in module.funcs.items()}
    tables = (dict(module.dims), dict(module.weights), dict(module.cells))
    return Module(module.name, module.level, module.target, *tables, funcs)


def passed(captured: Captured, pipeline: str, observers: Sequence[Observer] = ()) -> Captured:
    """Return `captured` after the passes of `pipeline`."""
    module, weights = cloned(captured.module), dict(captured.weights)
    run_pipeline(module, pipeline, PassContext(weights=weights), observers)
    return Captured(module, weights, captured.notes)


def interpreted(captured: Captured) -> Run:
    """Return the program as the reference interpreter runs it."""
    return Interpreter(captured.module, captured.weights).run


def _reparsed(_: Program, captured: Captured) -> Run:
    return Interpreter(parse_module(print_module(captured.module)), captured.weights).run


def _optimised(_: Program, captured: Captured) -> Run:
    return interpreted(passed(captured, DEFAULT_PIPELINE))


def _outlined(_: Program, captured: Captured) -> Run:
    return interpreted(passed(captured, WHOLE_PIPELINE, [verify_passes]))


def _compiled(program: Program, captured: Captured) -> Run:
    """Compile with the capture that is at hand: a second one would be the same."""
    example = program.calls[0]
    again = Captured(cloned(captured.module), dict(captured.weights), captured.notes)
    with mock.patch.object(driver, "capture", mock.Mock(return_value=again)):
        inputs = Example(example.args, dict(example.kwargs))
        return modelc.compile(program.build(), inputs, dims=program.dims)


def _one_file(program: Program, captured: Captured) -> Run:
    """Write the program as one ONNX model, and run that by a session of ONNX Runtime alone."""
    example = program.calls[0]
    again = Captured(cloned(captured.module), dict(captured.weights), captured.notes)
    instance = program.build()
    with (
        mock.patch.object(driver, "capture", mock.Mock(return_value=again)),
        tempfile.TemporaryDirectory() as directory,
    ):
        call = Example(example.args, dict(example.kwargs))
        built = driver.build(instance, call, Options(target="onnx", dims=program.dims))
        path = Path(directory) / "program.onnx"
        write_artifact(built.artifact, path)
        return PlainSession(path, instance)


OTHER_KERNELS: Mapping[str, str] = {
    "layers.Recurrent": "eager calls one fused kernel for all time steps",
    "arrays.arithmetic": "eager calls NumPy's exponential function",
    "layers.Attention": "eager takes the fused fast path of the encoder layer",
    "layers.EncoderWithMasks": "eager calls a fused kernel for attention",
    "layers.GrowingDecoder": "eager calls a fused kernel for attention",
    "sizes.RecurrentLayers": "eager calls fused kernels for recurrences",
}
"""Programs that are REORDERED even as captured, and why."""

CONFIGURATIONS: Mapping[str, Configuration] = {
    "captured": Configuration(lambda _, captured: interpreted(captured), EXACT),
    "reparsed": Configuration(_reparsed, EXACT),
    "optimised": Configuration(_optimised, REORDERED),
    "outlined": Configuration(_outlined, REORDERED),
    "compiled": Configuration(_compiled, ROUNDED),
    "onnx": Configuration(_one_file, ROUNDED),
}


def tolerances(program: Program, configuration: str) -> Tolerances:
    """Return how far `program` may be off in `configuration`."""
    own = CONFIGURATIONS[configuration].tolerances
    return REORDERED if own is EXACT and program.name in OTHER_KERNELS else own
