"""The engines by name."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import cast

from ...diagnostics import Diagnostic, DiagnosticError, suggest
from .interface import Engine

ENGINES: Mapping[str, str] = {
    "numpy": "numpy:NumpyEngine",
    "onnxruntime": "onnxruntime:OnnxRuntimeEngine",
    "torch": "torch:TorchEngine",
}
"""Module, beside this one, and class of each engine."""

ONE_FILE = "onnx"
"""The target for which a program, its control flow included, is one ONNX model."""

TARGETS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("onnxruntime", "torch"),
    ONE_FILE: ("onnxruntime",),
}
"""The engines of each target; of equal bids that of the first engine wins."""


@functools.cache
def load_engine(name: str, threads: int | None = None) -> Engine:
    """Return the engine `name`, one per number of threads and process.

    `threads` None means one per CPU that the process may use. MC0504 if the engine is unknown or
    what it needs is not installed.
    """
    module_name, _, class_name = _known(name).partition(":")
    try:
        module = importlib.import_module(f".{module_name}", __package__)
    except ImportError as error:
        raise _missing(name, error) from error
    make = cast("Callable[[int | None], Engine]", getattr(module, class_name))
    return make(threads)


def _known(name: str) -> str:
    if name not in ENGINES:
        message = f"the artifact needs the engine {name!r}, which this version does not have"
        raise DiagnosticError(Diagnostic("MC0504", message, help=suggest(name, list(ENGINES))))
    return ENGINES[name]


def _missing(name: str, error: ImportError) -> DiagnosticError:
    needed = error.name or name
    message = f"the artifact needs the engine {name!r}, but {needed} cannot be imported: {error}"
    return DiagnosticError(Diagnostic("MC0504", message, help=f"pip install {needed}"))
