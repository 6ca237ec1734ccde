"""A whole program for one engine: its control flow is part of what the engine runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..diagnostics import Note
from ..ir import Module
from ..runtime import Parameter
from ..runtime.host import Program


@dataclass(frozen=True)
class OneFile:
    """A serialised model whose last inputs are the weights, and the host program around it.

    `notes` say what the model leaves out.
    """

    model: bytes
    program: Program
    notes: tuple[Note, ...]


def one_file(module: Module, parameters: Sequence[Parameter]) -> OneFile:
    """Return the ONNX model of `module`, at level `captured`; `parameters` are those of its source.

    Raises MC0401 to MC0405 with the reasons if there is none.
    """
    package = importlib.import_module(".onnx.program", __package__)  # heavy
    convert: Callable[[Module, Sequence[Parameter]], OneFile] = package.one_file
    return convert(module, parameters)
