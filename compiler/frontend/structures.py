"""Inputs and outputs: from Python objects to structures of the IR and back."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch

from ...ir import structure as ir
from ...ir.structure import Structure
from .torch_internals import is_traced

LeafRule = Callable[[Any], Any]


class NoStructure(Exception):
    """Report a value that the IR has no structure for."""

    def __init__(self, value: Any) -> None:
        super().__init__(f"a {type(value).__name__}")
        self.value = value


def type_name(cls: type) -> str:
    """Return `module:qualified.name`."""
    return f"{cls.__module__}:{cls.__qualname__}"


def record_kind(value: Any) -> str | None:
    """Return what kind of record `value` is, None if it is none."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return "namedtuple"
    if isinstance(value, dict) and type(value) is not dict:
        return "mapping"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return "dataclass"
    return None


def fields_of(value: Any, kind: str) -> dict[str, Any]:
    """Return the fields of a record by name."""
    if kind == "namedtuple":
        return {name: getattr(value, name) for name in value._fields}
    if kind == "mapping":
        return dict(value)
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def describe(value: Any, leaf: Callable[[Any], Structure | None]) -> Structure:
    """Return the structure of `value`; `leaf` gives that of leaves, None for what is none."""
    found = leaf(value)
    if found is not None:
        return found
    if value is None or isinstance(value, (bool, int, float, str)):
        return ir.Constant(value)
    kind = record_kind(value)
    if kind is not None:
        parts = fields_of(value, kind)
        items = tuple(describe(part, leaf) for part in parts.values())
        return ir.Record(kind, type_name(type(value)), tuple(parts), items)
    if isinstance(value, (list, tuple)):
        members = cast("list[Any]", value)
        sequence = "list" if isinstance(value, list) else "tuple"
        return ir.Sequence(sequence, tuple(describe(item, leaf) for item in members))
    if type(value) is dict:
        mapping = cast("dict[Any, Any]", value)
        keys = tuple(mapping)
        return ir.Mapping(keys, tuple(describe(item, leaf) for item in mapping.values()))
    raise NoStructure(value)


def rebuild(value: Any, leaf: LeafRule, made: Callable[[Any], None]) -> Any:
    """Return `value` with each tensor replaced by `leaf`; `made` is told each new container."""
    if isinstance(value, torch.Tensor):
        return leaf(value)
    kind = record_kind(value)
    if kind is not None:
        return _rebuild_record(value, kind, leaf, made)
    if isinstance(value, (list, tuple)):
        items = [rebuild(item, leaf, made) for item in cast("list[Any]", value)]
        result: Any = items if isinstance(value, list) else tuple(items)
    elif type(value) is dict:
        pairs = cast("dict[Any, Any]", value).items()
        result = {key: rebuild(item, leaf, made) for key, item in pairs}
    else:
        return value
    made(result)
    return result


def _rebuild_record(value: Any, kind: str, leaf: LeafRule, made: Callable[[Any], None]) -> Any:
    parts = {k: rebuild(part, leaf, made) for k, part in fields_of(value, kind).items()}
    if kind == "namedtuple":
        return type(value)(**parts)
    if not contains_tensor(value):
        return value
    result = (
        object.__new__(type(value)) if kind == "dataclass" else type(value).__new__(type(value))
    )
    for name, part in parts.items():
        if kind == "dataclass":
            object.__setattr__(result, name, part)
        else:
            result[name] = part
    made(result)
    return result


def contains_tensor(value: Any) -> bool:
    """Tell whether a tensor is among the leaves of `value`."""
    if isinstance(value, torch.Tensor):
        return True
    kind = record_kind(value)
    if kind is not None:
        return any(map(contains_tensor, fields_of(value, kind).values()))
    if isinstance(value, Mapping):
        return any(map(contains_tensor, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        return any(map(contains_tensor, cast("list[Any]", value)))
    return False


def bind_inputs(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments by parameter name, without defaults; TypeError if they do not fit."""
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


def is_leaf_tensor(value: Any) -> bool:
    """Tell whether `value` is a tensor, traced or not."""
    return is_traced(value) or isinstance(value, torch.Tensor)
