"""The Python parameters of a compiled program and their defaults."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from .structure import Constant, Mapping, Sequence, Static, Structure, builder

KINDS = {
    "positional": inspect.Parameter.POSITIONAL_ONLY,
    "standard": inspect.Parameter.POSITIONAL_OR_KEYWORD,
    "variadic": inspect.Parameter.VAR_POSITIONAL,
    "keyword": inspect.Parameter.KEYWORD_ONLY,
    "keywords": inspect.Parameter.VAR_KEYWORD,
}
"""How each kind of parameter is called in an artifact."""


@dataclass(frozen=True)
class Parameter:
    """One Python parameter; `default` is None if it has none that an artifact can hold."""

    name: str
    kind: str = "standard"
    default: Structure | None = None

    def to_inspect(self) -> inspect.Parameter:
        """Return what the standard library calls this parameter."""
        empty = inspect.Parameter.empty
        default = empty if self.default is None else builder(self.default)(())
        return inspect.Parameter(self.name, KINDS[self.kind], default=default)


def parameters_of(program: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters with which `program`, a function or a torch module, is called.

    A default other than None, numbers, strings and tuples, lists and dicts of these is left out,
    and those of the positional parameters before it: callers must pass these arguments.
    """
    signature = inspect.signature(getattr(program, "forward", program))
    names = {kind: name for name, kind in KINDS.items()}
    found: list[Parameter] = []
    required = False
    for parameter in reversed(list(signature.parameters.values())):
        default = _default(parameter)
        if names[parameter.kind] in ("positional", "standard"):
            required = required or default is None
            default = None if required else default
        found.append(Parameter(parameter.name, names[parameter.kind], default))
    return tuple(reversed(found))


def check_parameters(parameters: tuple[Parameter, ...]) -> list[str]:
    """Return what is wrong with `parameters` as the parameters of a Python function."""
    problems = list(_check_each(parameters))
    if len({parameter.name for parameter in parameters}) != len(parameters):
        problems.append("two parameters have one name")
    if problems:
        return problems
    try:
        inspect.Signature([parameter.to_inspect() for parameter in parameters])
    except ValueError as error:
        return [str(error)]
    return []


def _check_each(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    for parameter in parameters:
        if not parameter.name.isidentifier() or keyword.iskeyword(parameter.name):
            yield f"{parameter.name!r} is no parameter name"
        elif parameter.kind not in KINDS:
            yield f"unknown kind {parameter.kind!r} of parameter {parameter.name}"
        elif parameter.default is not None and not _is_static(parameter.default):
            yield f"the default of {parameter.name} has leaves"
        elif parameter.default is not None and parameter.kind in ("variadic", "keywords"):
            yield f"{parameter.name} cannot have a default"


def _default(parameter: inspect.Parameter) -> Structure | None:
    if parameter.default is inspect.Parameter.empty:
        return None
    return static_structure(parameter.default)


def static_structure(value: Any) -> Structure | None:
    """Return the structure of constants that arranges `value`, None if there is none."""
    if value is None or type(value) in (bool, int, float, str):
        return Constant(cast(Static, value))
    if type(value) in (tuple, list):
        items = tuple([static_structure(item) for item in value])
        return None if None in items else Sequence(type(value).__name__, _all(items))
    if type(value) is dict:
        given = cast("dict[Static, Any]", value)
        keys = tuple(given)
        items = tuple([static_structure(item) for item in given.values()])
        plain = all(type(key) in (bool, int, float, str) for key in keys)
        return None if None in items or not plain else Mapping(keys, _all(items))
    return None


def _all(items: tuple[Structure | None, ...]) -> tuple[Structure, ...]:
    return cast("tuple[Structure, ...]", items)


def _is_static(structure: Structure) -> bool:
    if isinstance(structure, Constant):
        return True
    return isinstance(structure, Sequence | Mapping) and all(map(_is_static, structure.items))
