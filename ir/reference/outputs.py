"""From the outputs of an entry to the objects that the program returns or raises."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from .. import structure
from ..structure import Structure


def find_class(type_name: str) -> Any:
    """Return the class that `module:qualified.name` names."""
    module, _, name = type_name.partition(":")
    return operator.attrgetter(name)(importlib.import_module(module))


def make_exception(type_name: str, message: str | float) -> BaseException:
    """Return an exception of the class that `type_name` names, with this message.

    A constructor that words the message itself is passed by.
    """
    cls = find_class(type_name)
    try:
        made = cls(message)
    except Exception:
        return cls.__new__(cls, message)
    return made if made.args == (message,) else cls.__new__(cls, message)


def rebuild(arrangement: Structure, values: Sequence[Any]) -> Any:
    """Return the pytree of `values` that `arrangement` describes."""
    return _REBUILD[type(arrangement)](arrangement, values)


def _items(node: Any, values: Sequence[Any]) -> list[Any]:
    return [rebuild(item, values) for item in node.items]


def _sequence(node: structure.Sequence, values: Sequence[Any]) -> Any:
    return {"tuple": tuple, "list": list}[node.kind](_items(node, values))


def _record(node: structure.Record, values: Sequence[Any]) -> Any:
    cls, items = find_class(node.type_name), _items(node, values)
    fields = dict(zip(node.fields, items, strict=True))
    return cls(fields) if node.kind == "mapping" else cls(**fields)


def _array(node: structure.Array, values: Sequence[Any]) -> Any:
    return _as_numpy(rebuild(node.items[0], values), node.kind)


def _as_numpy(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_as_numpy(item, kind) for item in cast("list[Any]", value)]
    return value.numpy() if kind == "array" else value.numpy()[()]


_REBUILD: Mapping[type, Callable[[Any, Sequence[Any]], Any]] = {
    structure.Leaf: lambda node, values: values[node.index],
    structure.Constant: lambda node, values: node.value,
    structure.Sequence: _sequence,
    structure.Mapping: lambda node, values: dict(zip(node.keys, _items(node, values), strict=True)),
    structure.Record: _record,
    structure.Array: _array,
}
