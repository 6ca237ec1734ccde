"""Types of inputs, cells and values, and the arithmetic of symbolic dims."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, TypeAlias

UNKNOWN_DIM = "?"
"""The extent of a value inside of the program that no check needs."""


@dataclass(frozen=True)
class Apply:
    """Apply `function`, a key of `FUNCTIONS`, to `arguments`."""

    KIND: ClassVar[str] = "apply"
    function: str
    arguments: tuple[Dim, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Dim: TypeAlias = int | str | Apply
"""An extent: a number, the name of a dim, or a function of these."""


@dataclass(frozen=True)
class TensorType:
    """A dense tensor of `shape` elements of `dtype` on `device`."""

    KIND: ClassVar[str] = "tensor"
    shape: tuple[Dim, ...]
    dtype: str
    device: str = "cpu"

    def __str__(self) -> str:
        return f"tensor<[{', '.join(map(str, self.shape))}], {self.dtype}>"

    @property
    def is_static(self) -> bool:
        """Whether every extent is a number."""
        return all(isinstance(dim, int) for dim in self.shape)

    @property
    def has_one_element(self) -> bool:
        """Whether every extent is known to be 1."""
        return all(dim == 1 for dim in self.shape)


@dataclass(frozen=True)
class ScalarType:
    """A Python number, `i64` an int, `f64` a float, `i1` a bool, or a string, `str`."""

    KIND: ClassVar[str] = "scalar"
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ListType:
    """A list whose elements all have type `element`."""

    KIND: ClassVar[str] = "list"
    element: Type

    def __str__(self) -> str:
        return f"list<{self.element}>"


Type: TypeAlias = TensorType | ScalarType | ListType


@dataclass(frozen=True)
class DimRange:
    """Bounds, inclusive, of a named dim; `maximum` None means unbounded."""

    minimum: int = 0
    maximum: int | None = None


DTYPES: Mapping[str, str] = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "uint16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
    "i1": "bool",
    "c64": "complex64",
    "c128": "complex128",
}
"""The numpy dtype of the handles of each element type: numpy lacks bfloat16, so its bits are held
as uint16, which no element type of the IR uses otherwise."""

SCALARS: Mapping[str, type[bool] | type[int] | type[float] | type[str]] = {
    "i64": int,
    "f64": float,
    "i1": bool,
    "str": str,
}

FUNCTIONS: Mapping[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "add": lambda values: sum(values, Fraction(0)),
    "mul": lambda values: math.prod(values, start=Fraction(1)),
    "div": lambda values: values[0] / values[1],
    "floor": lambda values: Fraction(math.floor(values[0])),
    "mod": lambda values: values[0] % values[1],
    "pow": lambda values: Fraction(values[0] ** int(values[1])),
    "min": min,
    "max": max,
}
"""What dims are computed with; exact, since intermediate values may be fractions."""


_COUNTS = {"div": 2, "mod": 2, "pow": 2, "floor": 1}
_MAX_EXPONENT = 16


def check_type(value_type: Type) -> Iterator[str]:
    """Yield what is wrong with names inside of `value_type`."""
    while isinstance(value_type, ListType):
        value_type = value_type.element
    if isinstance(value_type, ScalarType):
        if value_type.name not in SCALARS:
            yield f"unknown scalar {value_type.name!r}"
        return
    if value_type.dtype not in DTYPES:
        yield f"unknown element type {value_type.dtype!r}"
    for dim in value_type.shape:
        yield from _check_dim(dim)


def dim_names(dim: Dim) -> frozenset[str]:
    """Return the names that `dim` mentions."""
    if isinstance(dim, Apply):
        return frozenset[str]().union(*map(dim_names, dim.arguments))
    return frozenset((dim,)) if isinstance(dim, str) else frozenset()


def evaluate(dim: Dim, known: Mapping[str, int]) -> Fraction:
    """Return the extent `dim` where each name has the extent `known` says; KeyError if it lacks."""
    if isinstance(dim, Apply):
        return FUNCTIONS[dim.function]([evaluate(argument, known) for argument in dim.arguments])
    return Fraction(known[dim] if isinstance(dim, str) else dim)


def solve(dim: Dim, extent: int, known: Mapping[str, int]) -> tuple[str, int] | None:
    """Return the name and extent that make `dim` equal to `extent`.

    None if it has not exactly one unknown name, or is not linear in it, or has no such solution.
    """
    names = dim_names(dim) - known.keys()
    if len(names) != 1:
        return None
    (name,) = names
    offset = evaluate(dim, {**known, name: 0})
    slope = evaluate(dim, {**known, name: 1}) - offset
    if slope == 0:
        return None
    solution = (extent - offset) / slope
    if solution.denominator != 1 or evaluate(dim, {**known, name: int(solution)}) != extent:
        return None
    return name, int(solution)


def _is_small_exponent(dim: Dim) -> bool:
    return isinstance(dim, int) and abs(dim) <= _MAX_EXPONENT


def _check_dim(dim: Dim) -> Iterator[str]:
    if isinstance(dim, int) and dim < 0:
        yield f"negative extent {dim}"
    todo = [dim]
    while todo:
        inner = todo.pop()
        if isinstance(inner, Apply):
            yield from _check_apply(inner)
            todo.extend(inner.arguments)


def _check_apply(dim: Apply) -> Iterator[str]:
    count = _COUNTS.get(dim.function)
    if dim.function not in FUNCTIONS:
        yield f"unknown function {dim.function!r} in a dim"
    elif count is not None and len(dim.arguments) != count:
        yield f"{dim.function} takes {count} arguments, not {len(dim.arguments)}"
    elif not dim.arguments:
        yield f"{dim.function} takes arguments"
    elif dim.function == "pow" and not _is_small_exponent(dim.arguments[1]):
        yield f"exponent {dim.arguments[1]}"
