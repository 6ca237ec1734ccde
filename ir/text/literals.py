"""How types, attributes and literal arguments are written."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Callable, Iterable, Mapping
from functools import singledispatch
from typing import Any

from ..core import Successor, Symbol, Value
from ..graph.literals import Device, Layout, MemoryFormat
from ..structure import Array, Constant, Leaf, Record, Sequence
from ..structure import Mapping as DictStructure
from ..types import ListType, ScalarType, TensorType

_PLAIN_SYMBOL = frozenset("_.")


@dataclasses.dataclass(frozen=True)
class References:
    """Say how values and blocks are referred to."""

    value: Callable[[Value], str]
    edge: Callable[[Successor], str]


def join(items: Iterable[str]) -> str:
    """Return `items` separated by commas."""
    return ", ".join(items)


def format_string(text: str) -> str:
    """Return `text` in double quotes, escaped as JSON does."""
    return json.dumps(text, ensure_ascii=False)


def format_symbol(name: str) -> str:
    """Return `@name`, in quotes if the name holds more than letters, digits, `_` and `.`."""
    plain = name and all(
        char in _PLAIN_SYMBOL or char.isascii() and char.isalnum() for char in name
    )
    return f"@{name if plain else format_string(name)}"


def format_attributes(attributes: Mapping[str, str]) -> str:
    """Return ` {name = value, ...}`, or nothing without attributes."""
    body = join(f"{name} = {text}" for name, text in attributes.items())
    return f" {{{body}}}" if body else ""


@singledispatch
def format_literal(literal: Any, refer: References) -> str:
    """Return the text of an attribute or argument; values and edges in it print as `refer` says."""
    raise TypeError(f"{type(literal).__name__} has no text form")


@format_literal.register(type(None))
def _(literal: None, refer: References) -> str:
    return "none"


@format_literal.register(bool)
def _(literal: bool, refer: References) -> str:
    return "true" if literal else "false"


@format_literal.register(int)
@format_literal.register(float)
def _(literal: float, refer: References) -> str:
    return repr(literal)


@format_literal.register(complex)
def _(literal: complex, refer: References) -> str:
    return f"complex({literal.real!r}, {literal.imag!r})"


@format_literal.register(str)
def _(literal: str, refer: References) -> str:
    return format_string(literal)


@format_literal.register(Symbol)
def _(literal: Symbol, refer: References) -> str:
    return format_symbol(literal)


@format_literal.register(enum.Enum)
@format_literal.register(TensorType)
@format_literal.register(ScalarType)
@format_literal.register(ListType)
def _(literal: Any, refer: References) -> str:
    return str(literal)


@format_literal.register(tuple)
def _(literal: tuple[Any, ...], refer: References) -> str:
    return f"[{join(format_literal(item, refer) for item in literal)}]"


@format_literal.register(Value)
def _(literal: Value, refer: References) -> str:
    return refer.value(literal)


@format_literal.register(Successor)
def _(literal: Successor, refer: References) -> str:
    return refer.edge(literal)


@format_literal.register(Device)
def _(literal: Device, refer: References) -> str:
    return f"device({format_string(literal.name)})"


@format_literal.register(MemoryFormat)
def _(literal: MemoryFormat, refer: References) -> str:
    return f"memory({format_string(literal.value)})"


@format_literal.register(Layout)
def _(literal: Layout, refer: References) -> str:
    return f"layout({format_string(literal.value)})"


@format_literal.register(Leaf)
def _(literal: Leaf, refer: References) -> str:
    return f"leaf({literal.index})"


@format_literal.register(Constant)
def _(literal: Constant, refer: References) -> str:
    return format_literal(literal.value, refer)


@format_literal.register(Array)
@format_literal.register(Sequence)
def _(literal: Array | Sequence, refer: References) -> str:
    return f"{literal.kind}({join(format_literal(item, refer) for item in literal.items)})"


@format_literal.register(DictStructure)
def _(literal: DictStructure, refer: References) -> str:
    return f"dict({_pairs(literal.keys, literal.items, refer)})"


@format_literal.register(Record)
def _(literal: Record, refer: References) -> str:
    head = f"{literal.kind}({format_string(literal.type_name)}"
    pairs = _pairs(literal.fields, literal.items, refer)
    return f"{head}, {pairs})" if pairs else f"{head})"


def _pairs(keys: Iterable[Any], items: Iterable[Any], refer: References) -> str:
    return join(
        f"[{format_literal(key, refer)}, {format_literal(item, refer)}]"
        for key, item in zip(keys, items, strict=True)
    )
