"""Captures of the programs, and what was true of the program before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from modelc.compiler.frontend import Captured, capture

from ..programs import Program


@dataclass(frozen=True)
class CapturedProgram:
    """A capture with the instance it was made of, and the instance's state before and after."""

    instance: Callable[..., Any]
    captured: Captured
    before: dict[str, Any]
    after: dict[str, Any]


def capture_program(program: Program) -> CapturedProgram:
    """Capture a fresh instance of `program` with its first call."""
    instance, example = program.build(), program.calls[0]
    before = snapshot(instance)
    captured = capture(
        instance, example.args, dict(example.kwargs), name="program", dims=program.dims
    )
    return CapturedProgram(instance, captured, before, snapshot(instance))


def snapshot(program: Callable[..., Any]) -> dict[str, Any]:
    """Return what a capture could spoil: torch's settings, the objects and tensors of modules."""
    kept: dict[str, Any] = {
        "random numbers": _numbers(torch.get_rng_state()),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "fast path": torch.backends.mha.get_fastpath_enabled(),
        "dtype": torch.get_default_dtype(),
    }
    if isinstance(program, nn.Module):
        parts = cast("Iterator[tuple[str, nn.Module]]", program.named_modules())
        for path, part in parts:
            kept.update(_objects(path, vars(part)))
        kept.update(_contents(program))
    return kept


def _objects(path: str, attributes: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in attributes.items():
        if name == "_flat_weight_refs":  # torch makes this list of weak references anew at will
            kept[f"{path}.{name}"] = [id(reference()) for reference in value]
            continue
        kept[f"{path}.{name}"] = id(value)
        if isinstance(value, dict):
            members = cast("dict[Any, Any]", value).items()
            kept.update({f"{path}.{name}.{key}": id(entry) for key, entry in members})
    return kept


def _contents(module: nn.Module) -> dict[str, Any]:
    tensors = [*module.named_parameters(), *module.named_buffers()]
    return {f"{name} contains": (value.data_ptr(), _numbers(value)) for name, value in tensors}


def _numbers(tensor: torch.Tensor) -> Any:
    return cast(Any, tensor).tolist()  # torch leaves it untyped
