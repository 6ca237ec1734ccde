"""Dataclasses to and from JSON, strictly: whatever does not fit the declared types is refused."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, cast

T = TypeVar("T")

KIND = "kind"
"""Where a dataclass with a `KIND` constant states which one it is, so that unions can be read."""


class Malformed(Exception):
    """Say where in a document (`$.entries[0].blocks`) what is wrong."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")


def encode(value: Any) -> Any:
    """Return the JSON form of dataclasses, tuples, mappings with string keys and plain values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encode_fields(value)
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in cast("tuple[Any, ...]", value)]
    if isinstance(value, Mapping):
        return {str(k): encode(item) for k, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, float) and not math.isfinite(value):
        return {KIND: "float", "text": repr(value)}
    return value


def decode(expected: type[T], value: Any, path: str = "$") -> T:
    """Return the `expected` object whose JSON form is `value`; `Malformed` if there is none."""
    return _decode(expected, value, path)


def _encode_fields(value: Any) -> dict[str, Any]:
    encoded: dict[str, Any] = {KIND: value.KIND} if hasattr(value, "KIND") else {}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        if held != _default(field):
            encoded[field.name] = encode(held)
    return encoded


def _decode(expected: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(expected)
    if origin in (typing.Union, types.UnionType):
        return _decode(_alternative(expected, value, path), value, path)
    if origin is tuple:
        return _decode_tuple(expected, value, path)
    if origin is Mapping:
        return _decode_mapping(expected, value, path)
    if dataclasses.is_dataclass(expected):
        return _decode_dataclass(cast("type[Any]", expected), value, path)
    return _decode_plain(expected, value, path)


def _decode_plain(expected: Any, value: Any, path: str) -> Any:
    if expected is float and _is_special_float(value):
        return float(value["text"])
    if expected is None or expected is types.NoneType:
        fits = value is None
    else:
        fits = type(value) is expected
    if not fits:
        raise Malformed(path, f"expected {_name(expected)}, found {_shown(value)}")
    return value


def _decode_tuple(expected: Any, value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Malformed(path, f"expected a list, found {_shown(value)}")
    items = cast("list[Any]", value)
    inner = typing.get_args(expected)
    if inner[-1] is Ellipsis:
        inner = (inner[0],) * len(items)
    if len(inner) != len(items):
        raise Malformed(path, f"expected {len(inner)} items, found {len(items)}")
    pairs = zip(inner, items, strict=True)
    return tuple(_decode(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(pairs))


def _decode_mapping(expected: Any, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(path, f"expected an object, found {_shown(value)}")
    inner = typing.get_args(expected)[1]
    items = cast("dict[str, Any]", value).items()
    return {key: _decode(inner, item, f"{path}.{key}") for key, item in items}


def _decode_dataclass(expected: type[Any], value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise Malformed(path, f"expected an object, found {_shown(value)}")
    given = dict(cast("dict[str, Any]", value))
    if hasattr(expected, "KIND") and given.pop(KIND, None) != expected.KIND:
        raise Malformed(path, f"expected kind {expected.KIND!r}")
    hints = _field_types(expected)
    if unknown := sorted(given.keys() - hints.keys()):
        raise Malformed(path, f"unknown field {unknown[0]!r}")
    decoded = {name: _decode(hints[name], item, f"{path}.{name}") for name, item in given.items()}
    if missing := sorted(_required(expected) - decoded.keys()):
        raise Malformed(path, f"field {missing[0]!r} is missing")
    return expected(**decoded)


def _alternative(union: Any, value: Any, path: str) -> Any:
    """Choose the member of `union` that `value` must be decoded as."""
    members = _members(union)
    if isinstance(value, dict) and not _is_special_float(value):
        kind = cast("dict[str, Any]", value).get(KIND)
        for member in members:
            if getattr(member, "KIND", None) == kind and kind is not None:
                return member
        raise Malformed(path, f"unknown kind {_shown(kind)}")
    if isinstance(value, list):
        return next((m for m in members if typing.get_origin(m) is tuple), members[0])
    found = float if isinstance(value, dict) else type(cast(object, value))
    return found if found in members else members[0]


@functools.cache
def _members(union: Any) -> tuple[Any, ...]:
    members: list[Any] = []
    for member in typing.get_args(union):
        nested = typing.get_origin(member) in (typing.Union, types.UnionType)
        members.extend(_members(member) if nested else (member,))
    return tuple(members)


@functools.cache
def _field_types(cls: type[Any]) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


@functools.cache
def _required(cls: type[Any]) -> frozenset[str]:
    fields = dataclasses.fields(cls)
    return frozenset(f.name for f in fields if _default(f) is dataclasses.MISSING)


def _default(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def _is_special_float(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    given = cast("dict[str, Any]", value)
    special = given.get("text") in ("inf", "-inf", "nan")
    return special and given == {KIND: "float", "text": given["text"]}


def _name(expected: Any) -> str:
    return str(getattr(expected, "__name__", expected))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
