"""From the arguments of a call to the parameters of an entry, with all its guards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch

from .. import structure
from ..core import DimRange, Func
from ..dims import Dim, dim_symbols, evaluate_dim
from ..structure import Structure
from ..types import TensorType, Type
from .evaluation import conforms, describe

_MISSING: Any = object()


@dataclass(frozen=True)
class Misfit(Exception):
    """Say why an entry does not serve a call."""

    reasons: tuple[str, ...]


@dataclass
class DimBinder:
    """Find the values of named dims from the sizes of tensors."""

    ranges: Mapping[str, DimRange]
    values: dict[str, int] = field(default_factory=lambda: {})
    _checks: list[tuple[str, Dim, int]] = field(default_factory=lambda: [])

    def bind(self, path: str, tensor: torch.Tensor, declared: TensorType) -> None:
        """Take the dims of `declared` from `tensor`; compare them in `misfits`."""
        for dim, size in zip(declared.shape, tensor.shape, strict=True):
            if isinstance(dim, int):
                continue
            if dim.is_Symbol:
                self.values.setdefault(str(dim), size)
            self._checks.append((path, dim, size))

    def misfits(self) -> list[str]:
        """Return what contradicts the declared dims and their ranges."""
        found = [reason for check in self._checks if (reason := self._contradiction(*check))]
        for name, bounds in self.ranges.items():
            size = self.values.get(name, bounds.minimum)
            if size < bounds.minimum or (bounds.maximum is not None and size > bounds.maximum):
                found.append(f"dim {name} is {size}, outside of its range")
        return found

    def _contradiction(self, path: str, dim: Dim, size: int) -> str:
        if not dim_symbols(dim) <= set(self.values):
            return ""
        wanted = evaluate_dim(dim, self.values)
        return "" if wanted == size else f"{path} has size {size} where {dim} is {wanted}"


class InputBinder:
    """Match the arguments of one call with the parameters of `func`."""

    def __init__(self, func: Func, ranges: Mapping[str, DimRange]) -> None:
        self._func = func
        self._leaves: dict[int, Any] = {}
        self._reasons: list[str] = []
        self.dims = DimBinder(ranges)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        """Return the values of the parameters in order; raise Misfit with every reason."""
        if self._func.inputs is None:
            self._match(structure.Sequence("tuple", self._plain_leaves()), args, "arguments")
        else:
            self._bind_names(cast(structure.Mapping, self._func.inputs), args, kwargs)
        reasons = self._reasons or self.dims.misfits()
        if reasons:
            raise Misfit(tuple(reasons))
        return [self._leaves[number] for number in range(len(self._func.params))]

    def _plain_leaves(self) -> tuple[Structure, ...]:
        return tuple(structure.Leaf(number) for number in range(len(self._func.params)))

    def _bind_names(
        self, inputs: structure.Mapping, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        names = [str(key) for key in inputs.keys]
        if len(args) > len(names):
            self._reasons.append(f"{len(args)} arguments for {len(names)} parameters")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name in given or name not in names:
                self._reasons.append(f"unexpected argument {name}")
            given[name] = value
        for name, declared in zip(names, inputs.items, strict=True):
            if name in given:
                self._match(declared, given[name], name)
            elif any(structure.leaves(declared)):
                self._reasons.append(f"missing argument {name}")

    def _match(self, declared: Structure, value: Any, path: str) -> None:
        todo = [(declared, value, path)]
        while todo:
            declared, value, path = todo.pop()
            if isinstance(declared, structure.Leaf):
                self._leaf(declared.index, value, path)
            elif isinstance(declared, structure.Constant):
                self._constant(declared, value, path)
            else:
                items = _items(declared, value)
                if items is None:
                    self._reasons.append(f"{path} is {describe(value)} of another structure")
                    continue
                paths = [f"{path}[{number}]" for number in range(len(items))]
                todo.extend(zip(declared.items, items, paths, strict=True))

    def _leaf(self, number: int, value: Any, path: str) -> None:
        declared = self._func.params[number].type
        self._leaves[number] = value
        if not conforms(value, declared):
            self._reasons.append(f"{path} is {describe(value)}, not {declared}")
        elif isinstance(declared, TensorType):
            self.dims.bind(path, value, declared)

    def _constant(self, declared: structure.Constant, value: Any, path: str) -> None:
        if type(value) is not type(declared.value) or value != declared.value:
            self._reasons.append(f"{path} is {value!r}, not {declared.value!r}")


def cell_reasons(held: Any, declared: Type, name: str) -> list[str]:
    """Return why a cell that holds `held` does not serve an entry that reads it as `declared`."""
    if conforms(held, declared):
        return []
    return [f"cell @{name} holds {describe(held)}, not {declared}"]


def _items(declared: Structure, value: Any) -> list[Any] | None:
    """Return the parts of `value` that `declared` arranges, None if it is arranged otherwise."""
    if isinstance(declared, structure.Sequence):
        fits: bool = type(value).__name__ == declared.kind and len(value) == len(declared.items)
        return list(value) if fits else None
    if isinstance(declared, structure.Mapping):
        fits = type(value) is dict and set(cast("dict[Any, Any]", value)) == set(declared.keys)
        return [value[key] for key in declared.keys] if fits else None
    assert isinstance(declared, structure.Record)
    return _fields(declared, value) if class_name(value) == declared.type_name else None


def _fields(declared: structure.Record, value: Any) -> list[Any] | None:
    if declared.kind == "mapping":
        fits = set(value) == set(declared.fields)
        return [value[name] for name in declared.fields] if fits else None
    return [getattr(value, name) for name in declared.fields]


def class_name(instance: Any) -> str:
    """Return the name under which a Record refers to the class of `instance`."""
    cls: type[Any] = instance.__class__
    return f"{cls.__module__}:{cls.__qualname__}"
