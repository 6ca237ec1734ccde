"""A whole program in one ONNX file: what `modelc` needs to run it stands in its metadata.

`modelc.program` is the host program around the model, `modelc.state` the tensors with which state
begins. Other readers need neither: the model itself computes everything.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy

from ..diagnostics import Diagnostic, DiagnosticError
from . import codec
from .engines.onnx_model import metadata
from .host import Program, generate_source, read_program, verify_program, write_program
from .host.program import Instance
from .host.values import Handle
from .manifest import SubnetFile, damaged
from .types import DTYPES, TensorType

SUFFIX = ".onnx"
ENGINE = "onnxruntime"
PROGRAM = "modelc.program"
STATE = "modelc.state"


def program_metadata(program: Program, weights: Mapping[str, Handle]) -> dict[str, str]:
    """Return the metadata of the file of a program that is one instance of a sub-network.

    The file holds the weights of the instance; those with which state begins are written here.
    """
    initial = {symbol for cell in program.cells for symbol in cell.weights}
    (instance,) = program.instances
    free = Instance(
        instance.callee, instance.parameters - len(instance.constants), instance.results, {}
    )
    alone = dataclasses.replace(
        program,
        instances=(free,),
        weights={symbol: kind for symbol, kind in program.weights.items() if symbol in initial},
    )
    state = {symbol: base64.b64encode(weights[symbol].tobytes()).decode() for symbol in initial}
    return {PROGRAM: write_program(alone).decode(), STATE: json.dumps(state, sort_keys=True)}


@dataclasses.dataclass(frozen=True)
class OnnxFile:
    """What was read: the host program, its only sub-network, and the weights of its state."""

    program: Program
    subnets: Mapping[str, SubnetFile]
    files: Mapping[str, bytes]
    weights: Mapping[str, Handle]


def read_onnx_file(path: Path) -> OnnxFile:
    """Return the program in the file at `path`; MC0506 if it is not there, MC0502 if damaged."""
    if not path.is_file():
        raise DiagnosticError(Diagnostic("MC0506", f"there is no ONNX file at {path}"))
    model = path.read_bytes()
    try:
        found = metadata(model)
    except ValueError as error:
        raise damaged(path, f"is no ONNX model: {error}") from None
    if PROGRAM not in found:
        message = f"{path} was not written by modelc"
        help_text = "modelc runs ONNX files that `modelc compile --target onnx` made"
        raise DiagnosticError(Diagnostic("MC0502", message, help=help_text))
    try:
        program = read_program(found[PROGRAM].encode())
        if problems := verify_program(program):
            raise codec.Malformed("$", "; ".join(problems))
        weights = _state(program, found.get(STATE, "{}"))
    except (codec.Malformed, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"its metadata: {error}") from None
    return OnnxFile(program, *_files(program, model), weights)


def _files(program: Program, model: bytes) -> tuple[dict[str, SubnetFile], dict[str, bytes]]:
    file = "subnets/program.onnx"
    subnets = {instance.callee: SubnetFile(ENGINE, file) for instance in program.instances}
    return subnets, {file: model, "host.py": generate_source(program).encode()}


def _state(program: Program, text: str) -> dict[str, Handle]:
    written = cast("dict[str, str]", json.loads(text))
    return {
        symbol: _tensor(kind, base64.b64decode(written[symbol]))
        for symbol, kind in program.weights.items()
        if isinstance(kind, TensorType)
    }


def _tensor(kind: TensorType, data: bytes) -> Handle:
    shape = cast("tuple[int, ...]", kind.shape)
    elements: Any = numpy.frombuffer(data, numpy.dtype(DTYPES[kind.dtype]))
    return elements.reshape(shape)
