"""Literals of ATen arguments that Python has no type for, to and from torch."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..types import DType


@dataclass(frozen=True)
class Device:
    """A device by torch's name, such as `cpu` or `cuda:0`."""

    name: str

    def __str__(self) -> str:
        return self.name


class MemoryFormat(enum.Enum):
    """How the elements of a tensor are ordered, by torch's names."""

    CONTIGUOUS = "contiguous_format"
    PRESERVE = "preserve_format"
    CHANNELS_LAST = "channels_last"
    CHANNELS_LAST_3D = "channels_last_3d"

    def __str__(self) -> str:
        return self.value


class Layout(enum.Enum):
    """How a tensor is stored, by torch's names."""

    STRIDED = "strided"

    def __str__(self) -> str:
        return self.value


@functools.cache
def torch_dtypes() -> Mapping[DType, Any]:
    """Return torch's dtype for each of ours."""
    import torch  # heavy: only conversion to and from torch needs it

    return {
        DType.F64: torch.float64,
        DType.F32: torch.float32,
        DType.F16: torch.float16,
        DType.BF16: torch.bfloat16,
        DType.I64: torch.int64,
        DType.I32: torch.int32,
        DType.I16: torch.int16,
        DType.I8: torch.int8,
        DType.U8: torch.uint8,
        DType.I1: torch.bool,
        DType.C64: torch.complex64,
        DType.C128: torch.complex128,
    }


def dtype_from_torch(dtype: Any) -> DType:
    """Return our name of a `torch.dtype`; KeyError if the IR has none."""
    return {theirs: ours for ours, theirs in torch_dtypes().items()}[dtype]


def to_torch(argument: Any) -> Any:
    """Return what torch calls `argument`; tuples become lists, as torch's graphs have them."""
    import torch  # heavy: only conversion to and from torch needs it

    if isinstance(argument, DType):
        return torch_dtypes()[argument]
    if isinstance(argument, Device):
        return torch.device(argument.name)
    if isinstance(argument, (MemoryFormat, Layout)):
        return getattr(torch, argument.value)
    if isinstance(argument, tuple):
        return [to_torch(item) for item in cast("tuple[Any, ...]", argument)]
    return argument


def from_torch(argument: Any) -> Any:
    """Return the literal of the IR for what torch calls `argument`."""
    import torch  # heavy: only conversion to and from torch needs it

    if isinstance(argument, torch.dtype):
        return dtype_from_torch(argument)
    if isinstance(argument, torch.device):
        return Device(str(argument))
    if isinstance(argument, torch.memory_format):
        return MemoryFormat(str(argument).removeprefix("torch."))
    if isinstance(argument, torch.layout):
        return Layout(str(argument).removeprefix("torch."))
    if isinstance(argument, (list, tuple)):
        return tuple(from_torch(item) for item in cast("tuple[Any, ...]", argument))
    return argument


def flatten(result: Any) -> list[Any]:
    """Return the tensors and numbers of what an operator of torch returned, in order."""
    if result is None:
        return []
    if isinstance(result, (tuple, list)):
        return [leaf for item in cast("Sequence[Any]", result) for leaf in flatten(item)]
    return [result]
