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
    path.write_bytes(b"")
    mode = path.stat().st_mode  # what the user's umask gives; safetensors would give 0600
    _SAFETENSORS.save_file(dict(tensors), path)
    path.chmod(mode)


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read all tensors of a file."""
    return _SAFETENSORS.load_file(path)
