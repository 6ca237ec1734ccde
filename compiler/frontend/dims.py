"""Whether the dimensions that a user names fit each other and the example inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

import torch

from ...diagnostics import Diagnostic, DiagnosticError, Location, suggest
from ...runtime import caller_location
from .signature import Dim
from .structures import rebuild

Dims: TypeAlias = Mapping[str, Mapping[int, Dim]]

FORM = 'write it as {"x": {0: modelc.Dim("B", 1, 64)}}'


def check_dims_form(dims: Any) -> None:
    """Raise MC0005, where the caller stands, with every reason why `dims` cannot be read."""
    if found := list(_malformed(dims)):
        place = caller_location()
        raise DiagnosticError(*(_diagnostic(message, place, text) for message, text in found))


def check_dims_fit(
    dims: Dims, values: Mapping[str, Any], defaults: frozenset[str], place: Location | None
) -> None:
    """Raise MC0005 with every reason why `dims` do not fit the inputs of the program at `place`.

    `values` are the inputs by name; those in `defaults` were not given.
    """
    found: list[Diagnostic] = []
    extents: dict[str, tuple[int, str]] = {}
    for name, axes in dims.items():
        if name not in values:
            message = f"`dims` names {name!r}, which is no input of the program"
            found.append(_diagnostic(message, place, suggest(name, list(values))))
        elif name in defaults or not (tensors := _tensors_in(values[name])):
            message = f"`dims` names axes of {name!r}, of which the example inputs hold no tensor"
            found.append(_diagnostic(message, place, "name axes of tensors that are given"))
        else:
            for tensor in tensors:
                for message, text in _misfits(name, tensor, axes, extents):
                    found.append(_diagnostic(message, place, text))
    if found:
        raise DiagnosticError(*dict.fromkeys(found))


def _diagnostic(message: str, place: Location | None, text: str) -> Diagnostic:
    return Diagnostic("MC0005", message, place, help=text)


_Findings: TypeAlias = Iterator[tuple[str, str]]
"""Messages, each with its help."""


def _malformed(dims: Any) -> _Findings:
    if not isinstance(dims, Mapping):
        yield f"`dims` is {_kind(dims)}, not a mapping from names of inputs", FORM
        return
    ranges: dict[str, Dim] = {}
    for name, axes in cast("Mapping[Any, Any]", dims).items():
        if not isinstance(axes, Mapping):
            yield f"`dims[{name!r}]` is {_kind(axes)}, not a mapping from axes", FORM
            continue
        for axis, dim in cast("Mapping[Any, Any]", axes).items():
            where = f"`dims[{name!r}][{axis!r}]`"
            if type(axis) is not int:
                yield f"{where}: an axis is an int, not {_kind(axis)}", FORM
            elif not isinstance(dim, Dim):
                yield f"{where} is {_kind(dim)}, not a modelc.Dim", FORM
            else:
                yield from _bad_range(where, dim)
                if ranges.setdefault(dim.name, dim) != dim:
                    text = "give equal bounds wherever the name stands, or another name"
                    yield f"{where} is {dim}, but {dim.name!r} is {ranges[dim.name]} before", text


def _bad_range(where: str, dim: Dim) -> _Findings:
    low, high = cast("tuple[Any, Any]", (dim.minimum, dim.maximum))
    if not isinstance(cast(Any, dim.name), str) or not dim.name.isidentifier():
        yield f"{where}: {dim.name!r} is no name of a dimension", 'name it like "B" or "length"'
    if type(low) is not int or type(high) not in (int, type(None)) or low < 0:
        yield f"{where}: the bounds of {dim} are no extents", "give ints from 0; None is unbounded"
    elif high is not None and high < low:
        text = f"write modelc.Dim({dim.name!r}, {high}, {low})"
        yield f"{where}: no extent lies between the bounds of {dim}", text


def _misfits(
    name: str, tensor: torch.Tensor, axes: Mapping[int, Dim], extents: dict[str, tuple[int, str]]
) -> _Findings:
    """Compare with one tensor; `extents` has what each name stands for so far, and where."""
    shape = list(tensor.shape)
    named: set[int] = set()
    for axis, dim in axes.items():
        where = f"axis {axis} of {name!r}"
        if not -len(shape) <= axis < len(shape):
            text = f"its axes are 0 to {len(shape) - 1}" if shape else "a scalar has no axes"
            yield f"`dims` names {where}, whose example has shape {shape}", text
            continue
        if axis % len(shape) in named:
            yield f"`dims` names {where} twice", f"{axis} counts from the end"
        named.add(axis % len(shape))
        extent = shape[axis]
        if extent < dim.minimum or (dim.maximum is not None and extent > dim.maximum):
            text = "widen the bounds, or give an example that lies within them"
            yield f"{where} is {extent} in the example, outside of {dim}", text
        other, place = extents.setdefault(dim.name, (extent, where))
        if other != extent:
            text = "give these axes names of their own, or an example in which they are equal"
            yield f"{dim.name!r} is {other} as {place}, and {extent} as {where}", text


def _tensors_in(value: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []

    def leaf(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor)
        return tensor

    def made(container: Any) -> None:
        pass

    rebuild(value, leaf, made)
    return found


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"
