"""Instances of dataclasses: what their generated `__init__` does."""

from __future__ import annotations

import inspect
import types
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from .objects import class_of

if TYPE_CHECKING:
    from .machine import Machine


def values_of_dataclass(
    machine: Machine, function: Any, args: list[Any], kwargs: dict[str, Any]
) -> list[Any]:
    """Return what `prelude.initialise_dataclass` takes to do what a generated `__init__` does."""
    instance, *_ = args
    bound = machine.python(inspect.signature(function).bind, *args, **kwargs).arguments
    given = dict(list(bound.items())[1:])
    items = [(field.name, given.pop(field.name, field.default)) for field in fields(instance)]
    if given:
        raise machine.tracer.refuse(
            "MC0101",
            f"the dataclass `{type(instance).__name__}` has an InitVar",
            help="write an `__init__` instead",
        )
    made: dict[str, Any] = {field.name: field.default_factory for field in fields(instance)}
    values = [
        (name, machine.python(made[name]) if value is MISSING else value) for name, value in items
    ]
    kind = class_of(instance)
    return [instance, values, object.__setattr__ if kind.__dataclass_params__.frozen else setattr]


def initialises_dataclass(function: types.FunctionType, args: list[Any]) -> bool:
    is_first = function.__name__ == "__init__" and bool(args) and is_generated(function)
    return is_first and is_dataclass(args[0])


def is_generated(function: Any) -> bool:
    return function.__code__.co_filename == "<string>" or not function.__code__.co_filename
