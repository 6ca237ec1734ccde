"""Writing a program that was compiled for target `onnx` as one ONNX file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import onnx

from ..diagnostics import Diagnostic, DiagnosticError
from ..runtime import ONE_FILE, Artifact, unwritable
from ..runtime.onnx_file import SUFFIX, program_metadata

MAX_BYTES = (1 << 31) - (1 << 26)
"""Beyond this, weights stand in a file of their own: a protocol buffer has less than 2 GiB."""

ALIGNMENT = 4096


def is_onnx_path(path: Path) -> bool:
    """Whether `path` asks for an ONNX file."""
    return path.suffix == SUFFIX


def write_onnx_file(artifact: Artifact, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
    """Write the program as an ONNX model at `path`, with weights beyond `max_bytes` in PATH.data.

    If anything fails, what was there before is still there. MC0505 if the program was compiled for
    another target, or the place cannot be written.
    """
    if artifact.target != ONE_FILE:
        message = f"a program compiled for target {artifact.target} is not one ONNX model"
        help_text = f"compile with target {ONE_FILE}, or write NAME.modelc"
        raise DiagnosticError(Diagnostic("MC0505", message, help=help_text))
    (instance,) = artifact.program.instances
    model: Any = onnx.load_model_from_string(artifact.files[artifact.subnets[instance.callee].file])
    for key, text in program_metadata(artifact.program, artifact.weights).items():
        model.metadata_props.add(key=key, value=text)
    constants = {int(position): symbol for position, symbol in instance.constants.items()}
    weights = {
        model.graph.input[position].name: artifact.weights[symbol]
        for position, symbol in constants.items()
    }
    kept = [one for position, one in enumerate(model.graph.input) if position not in constants]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    with _writing(path) as directory:
        data = _Data(directory, path) if _size(weights) > max_bytes else None
        for name, array in weights.items():
            _add_weight(model, name, numpy.ascontiguousarray(array).reshape(array.shape), data)
        (directory / path.name).write_bytes(model.SerializeToString(deterministic=True))


def _size(weights: dict[str, Any]) -> int:
    return sum(array.nbytes for array in weights.values())


class _Data:
    """The file beside the model that holds its weights."""

    def __init__(self, directory: Path, path: Path) -> None:
        self.name = f"{path.name}.data"
        self._path = directory / self.name
        self._size = 0

    def add(self, array: Any) -> tuple[int, int]:
        """Append `array`; return where it begins and how long it is."""
        with self._path.open("ab") as stream:
            begin = self._size + -self._size % ALIGNMENT
            stream.write(bytes(begin - self._size))
            stream.write(array.tobytes())
        self._size = begin + array.nbytes
        return begin, array.nbytes


def _add_weight(model: Any, name: str, array: Any, data: _Data | None) -> None:
    tensor = model.graph.initializer.add()
    tensor.name = name
    tensor.dims.extend(array.shape)
    tensor.data_type = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    if data is None:
        tensor.raw_data = array.tobytes()
        return
    tensor.data_location = onnx.TensorProto.EXTERNAL
    begin, length = data.add(array)
    for key, value in (("location", data.name), ("offset", begin), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))


@contextmanager
def _writing(path: Path) -> Generator[Path]:
    """Give a directory whose files go beside `path` when all is written, that at `path` last."""
    temporary: Path | None = None
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        yield temporary
        for file in sorted(temporary.iterdir(), key=lambda file: file.name == path.name):
            os.replace(file, path.with_name(file.name))
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
