"""Types of values: tensors with symbolic dims, host scalars, host lists."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TypeAlias

from .dims import Dim, dim_symbols, format_dim, symbol

__all__ = [
    "F64",
    "I1",
    "I64",
    "STR",
    "DType",
    "Dim",
    "ListType",
    "ScalarKind",
    "ScalarType",
    "TensorType",
    "Type",
    "free_symbols",
    "item_type",
    "symbol",
]

Type: TypeAlias = "TensorType | ScalarType | ListType"


class DType(enum.Enum):
    """Element types, by the names that the text form uses."""

    F64 = "f64"
    F32 = "f32"
    F16 = "f16"
    BF16 = "bf16"
    I64 = "i64"
    I32 = "i32"
    I16 = "i16"
    I8 = "i8"
    U8 = "u8"
    I1 = "i1"
    C64 = "c64"
    C128 = "c128"

    def __str__(self) -> str:
        return self.value

    @property
    def is_floating(self) -> bool:
        return self in (DType.F64, DType.F32, DType.F16, DType.BF16)


@dataclass(frozen=True)
class TensorType:
    """A dense tensor: `shape` in elements, row-major unless an op says otherwise."""

    shape: tuple[Dim, ...]
    dtype: DType
    device: str = "cpu"

    def __str__(self) -> str:
        dims = ", ".join(format_dim(dim) for dim in self.shape)
        device = "" if self.device == "cpu" else f', "{self.device}"'
        return f"tensor<[{dims}], {self.dtype}{device}>"

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_static(self) -> bool:
        return all(isinstance(dim, int) for dim in self.shape)

    @property
    def elements(self) -> int | None:
        """How many elements every such tensor has, None if that varies."""
        return math.prod(map(int, self.shape)) if self.is_static else None


class ScalarKind(enum.Enum):
    """Kinds of host scalars: Python int (64 bits at engine borders), float, bool, and string."""

    I64 = "i64"
    F64 = "f64"
    I1 = "i1"
    STR = "str"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class ScalarType:
    """A Python number or string that lives on the host."""

    kind: ScalarKind

    def __str__(self) -> str:
        return str(self.kind)


@dataclass(frozen=True)
class ListType:
    """A host list whose length depends on data; all elements have type `element`."""

    element: Type

    def __str__(self) -> str:
        return f"list<{self.element}>"


I64 = ScalarType(ScalarKind.I64)
F64 = ScalarType(ScalarKind.F64)
I1 = ScalarType(ScalarKind.I1)
STR = ScalarType(ScalarKind.STR)


def item_type(dtype: DType) -> ScalarType:
    """Return the type of the Python number that an element of a tensor becomes."""
    if dtype is DType.I1:
        return I1
    return F64 if dtype.is_floating else I64


def free_symbols(value_type: Type) -> frozenset[str]:
    """Return the names of all dims that `value_type` mentions."""
    if isinstance(value_type, ListType):
        return free_symbols(value_type.element)
    if isinstance(value_type, ScalarType):
        return frozenset()
    return frozenset(name for dim in value_type.shape for name in dim_symbols(dim))
