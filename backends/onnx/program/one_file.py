"""The model of a whole program, checked and serialised, and what it says about itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import onnx
import onnx.checker
import onnx_ir

from ....diagnostics import Diagnostic, DiagnosticError, Note
from ....ir.core import Module
from ....ir.host import Print
from ....runtime import Parameter, codec
from ....runtime.host import Program
from ...host import host_program
from ...host.types import runtime_structure
from ...whole import OneFile
from ..element_types import Unsupported
from ..engine import load_model
from .host import host_module
from .model import Whole, convert_program
from .operations import HELP

_CHECKER: Any = onnx.checker  # its annotations are partial

SIGNATURE = "modelc.signature"
"""The key of the metadata that say how inputs and outputs are arranged, as JSON."""


def one_file(module: Module, parameters: Sequence[Parameter]) -> OneFile:
    """Return the ONNX model of `module`, at level `captured`; MC0401 to MC0405 if there is none."""
    whole = convert_program(module)
    if not whole.results.outputs:
        message = "the program returns neither tensors nor numbers"
        raise DiagnosticError(Diagnostic("MC0405", message, whole.entry.loc, help=HELP))
    program = host_program(host_module(module, whole), parameters)
    whole.model.metadata_props[SIGNATURE] = json.dumps(_signature(program, whole))
    proto = onnx_ir.serde.serialize_model(whole.model)
    data = proto.SerializeToString(deterministic=True)
    try:
        _CHECKER.check_model(proto, full_check=True)
        load_model(data)
    except (
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
        Unsupported,
    ) as error:
        reason = str(error).strip().splitlines()[0]
        message = f"the ONNX model is refused: {reason}"
        raise DiagnosticError(Diagnostic("MC0405", message, whole.entry.loc, help=HELP)) from error
    return OneFile(data, program, tuple(_notes(module)))


def _notes(module: Module) -> Iterator[Note]:
    """Yield what the model does not do that the program does."""
    for func in module.entries:
        for op in func.ops:
            if isinstance(op, Print):
                yield Note("this print is left out: ONNX has none", op.loc)


def _signature(program: Program, whole: Whole) -> dict[str, Any]:
    """Return how inputs and outputs are arranged; leaves are numbers in the list beside them."""
    results = whole.results
    names = [output.name for output in results.outputs]
    return {
        "program": program.name,
        "inputs": {
            "tree": codec.encode(program.entries[0].inputs),
            "names": whole.inputs[: len(whole.entry.params)],
            "types": [str(value.type) for value in whole.entry.params],
        },
        "outputs": [
            {
                "tree": codec.encode(runtime_structure(shape.structure)),
                "names": [names[number] for number in shape.outputs],
                "types": [str(results.outputs[number].type) for number in shape.outputs],
            }
            for shape in results.shapes
        ],
        "errors": [
            {
                "exception": failure.exception,
                "message": failure.message,
                "values": [names[number] for number in failure.values],
                "types": [str(results.outputs[number].type) for number in failure.values],
                "writes": [
                    *(names[results.cells[cell]] for cell in failure.cells),
                    *(names[results.copies[leaf]] for leaf in failure.copied_inputs),
                ],
            }
            for failure in results.failures
        ],
        "updated_inputs": {
            whole.inputs[leaf]: names[number] for leaf, number in results.copies.items()
        },
        "state": _state(program, whole, names),
    }


def _state(program: Program, whole: Whole, names: list[str]) -> list[dict[str, Any]]:
    """Return, for each cell, its path and the names of the input and the output that hold it."""
    outputs = {str(cell): names[number] for cell, number in whole.results.cells.items()}
    held = whole.inputs[len(whole.entry.params) :]
    inputs = dict(zip(map(str, whole.cells), held, strict=True))
    return [
        {
            "path": cell.path,
            "input": inputs.get(cell.symbol),
            "output": outputs.get(cell.symbol),
            "initial": codec.encode(cell.initial),
        }
        for cell in program.cells
    ]
