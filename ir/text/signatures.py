"""What may be written for an op: its fields, their annotations and defaults."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core import Op
from .convert import StructureField, TypeField

REQUIRED: Any = dataclasses.MISSING


@dataclass(frozen=True)
class Field:
    """One operand slot or attribute; `default` is REQUIRED if it must be written."""

    name: str
    annotation: Any
    default: Any = field(default_factory=lambda: REQUIRED)
    spread: bool = False


@dataclass(frozen=True)
class Signature:
    operands: tuple[Field, ...]
    attributes: Mapping[str, Field]


@functools.cache
def signature(cls: type[Op]) -> Signature:
    """Return what is written for the ops of class `cls`."""
    hints = typing.get_type_hints(cls, localns={"Type": TypeField, "Structure": StructureField})
    fields: dict[str, list[Field]] = {"operand": [], "attr": []}
    for declared in dataclasses.fields(cls):
        slot = declared.metadata.get("slot")
        if slot is not None:
            spread = declared.metadata.get("spread", False)
            written = Field(declared.name, hints[declared.name], declared.default, spread)
            fields["attr" if slot == "attr" else "operand"].append(written)
    return Signature(tuple(fields["operand"]), {held.name: held for held in fields["attr"]})
