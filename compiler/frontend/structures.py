"""Inputs and outputs: from Python objects to structures of the IR and back."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch

from ...ir import structure as ir
from ...ir.structure import Structure
from .objects import class_of, is_a
from .torch_internals import is_traced

LeafRule = Callable[[Any], Any]


class NoStructure(Exception):
    """Report a value that the IR has no structure for; `name` says what it is to the user."""

    def __init__(self, value: Any, name: str = "") -> None:
        super().__init__(name or f"a {type(value).__name__}")
        self.value = value


def type_name(cls: type) -> str:
    """Return `module:qualified.name`."""
    return f"{cls.__module__}:{cls.__qualname__}"


def record_kind(value: Any) -> str | None:
    """Return what kind of record `value` is, None if it is none."""
    if is_a(value, tuple) and hasattr(value, "_fields"):
        return "namedtuple"
    if is_a(value, dict) and class_of(value) is not dict:
        return "mapping"
    if is_a(value, type):
        return None
    if hasattr(class_of(value), "__dataclass_fields__"):
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
        return ir.Record(kind, type_name(class_of(value)), tuple(parts), items)
    if is_a(value, (list, tuple)):
        sequence = "list" if is_a(value, list) else "tuple"
        return ir.Sequence(sequence, tuple(describe(item, leaf) for item in value))
    if class_of(value) is dict:
        return ir.Mapping(tuple(value), tuple(describe(item, leaf) for item in value.values()))
    raise NoStructure(value)


def rebuild(value: Any, leaf: LeafRule, made: Callable[[Any], None]) -> Any:
    """Return `value` with each tensor replaced by `leaf`; `made` is told each new container."""
    if isinstance(value, torch.Tensor):
        return leaf(value)
    kind = record_kind(value)
    if kind is not None:
        return _rebuild_record(value, kind, leaf, made)
    result: Any = None
    if is_a(value, (list, tuple)):
        items = [rebuild(item, leaf, made) for item in value]
        result = items if is_a(value, list) else tuple(items)
    elif class_of(value) is dict:
        result = {key: rebuild(item, leaf, made) for key, item in value.items()}
    else:
        return value
    made(result)
    return result


def _rebuild_record(value: Any, kind: str, leaf: LeafRule, made: Callable[[Any], None]) -> Any:
    parts = {k: rebuild(part, leaf, made) for k, part in fields_of(value, kind).items()}
    if kind == "namedtuple":
        return class_of(value)(**parts)
    if not contains_tensor(value):
        return value
    cls = class_of(value)
    result = object.__new__(cls) if kind == "dataclass" else cls.__new__(cls)
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
    if is_a(value, Mapping):
        return any(map(contains_tensor, value.values()))
    if is_a(value, (list, tuple)):
        return any(map(contains_tensor, value))
    return False


def bind_inputs(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments by parameter name, without defaults; TypeError if they do not fit."""
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


def is_leaf_tensor(value: Any) -> bool:
    """Tell whether `value` is a tensor, traced or not."""
    return is_traced(value) or isinstance(value, torch.Tensor)
