"""Tensors by name in safetensors files."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

_SAFETENSORS: Any = import_module("safetensors.torch")  # untyped


def write_tensors(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write tensors, each of which must be contiguous and share memory with no other."""
    _SAFETENSORS.save_file(dict(tensors), path)


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read all tensors of a file."""
    return _SAFETENSORS.load_file(path)
