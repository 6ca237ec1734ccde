"""Putting an artifact together from a lowered module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from ..backends import OneFile, Partition, host_program, load_backend
from ..ir import Func, Module, Symbol
from ..runtime import ONE_FILE, Artifact, Payload, parameters_of, unwritable, weight_handle
from .onnx_file import is_onnx_path, write_onnx_file
from .tensor_files import write_tensors


def assemble(
    module: Module,
    weights: Mapping[Symbol, torch.Tensor],
    split: Partition,
    program: Callable[..., Any],
    stages: Mapping[str, str],
) -> Artifact:
    """Return the artifact of the outlined `module`; its weights share memory with `weights`."""
    return Artifact.create(
        host_program(module, parameters_of(program)),
        {str(func.symbol): _payload(func, split) for func in module.graph_funcs},
        {str(symbol): weight_handle(weights[symbol]) for symbol in module.weights},
        stages=_numbered(stages),
        target=split.target,
    )


def assemble_whole(
    whole: OneFile, weights: Mapping[Symbol, torch.Tensor], stages: Mapping[str, str]
) -> Artifact:
    """Return the artifact of a program that is one ONNX model, control flow included."""
    return Artifact.create(
        whole.program,
        {one.callee: Payload("onnxruntime", whole.model) for one in whole.program.instances},
        {name: weight_handle(weights[Symbol(name)]) for name in whole.program.weights},
        stages=_numbered(stages),
        target=ONE_FILE,
    )


def write_artifact(artifact: Artifact, path: Path, *, directory: bool = False) -> None:
    """Write `artifact` at `path`: as an ONNX model if that ends in `.onnx`; MC0505 if it fails."""
    if is_onnx_path(path):
        write_onnx_file(artifact, path)
    else:
        artifact.save(path, directory=directory)


def _numbered(stages: Mapping[str, str]) -> dict[str, str]:
    return {f"{number:02d}-{name}": text for number, (name, text) in enumerate(stages.items())}


def _payload(func: Func, split: Partition) -> Payload:
    engine = split.engine_of_subnet(func)
    return Payload(engine, load_backend(engine).emit(func))


def write_dumps(
    directory: Path, dumps: Mapping[str, str], weights: Mapping[Symbol, torch.Tensor]
) -> None:
    """Write IR texts by name, and beside them the weights with which they can be run.

    Dumps of an earlier compilation in the same directory are replaced.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _clear(directory.glob("[0-9][0-9]-*.mc"))
        for name, text in dumps.items():
            (directory / f"{name}.mc").write_text(text, encoding="utf-8")
        whole = {str(name): tensor.contiguous() for name, tensor in weights.items()}
        write_tensors(whole, directory / "weights.safetensors")
    except OSError as error:
        raise unwritable(directory, error) from None


def _clear(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink()
