"""What two calls must share to run the same compiled program."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .example import Example
from .frontend import Dim, Dims

_KIND = attrgetter("shape", "dtype", "device")
_PLAIN = (int, float, str, type(None))


@dataclass(frozen=True)
class Signature:
    """The arrangement of the inputs, and dtype, shape and device of each tensor among them."""

    structure: Hashable
    leaves: tuple[Hashable, ...]

    def __str__(self) -> str:
        return "(" + ", ".join(map(str, self.leaves)) + ")"


def signature_of(program: Callable[..., Any], example: Example, dims: Dims) -> Signature:
    """Return the signature of calling `program` with `example`.

    Of an axis that `dims` names it has the name, since the extent may differ between calls.
    """
    names = (*_positional_names(program, len(example.args), dims), *example.kwargs)
    structures: list[Hashable] = []
    described: list[Hashable] = []
    for name, value in zip(names, (*example.args, *example.kwargs.values()), strict=True):
        leaves, structure = pytree.tree_flatten(value)
        structures.append(structure)
        described += [_describe(leaf, dims.get(name, {})) for leaf in leaves]
    training = bool(getattr(program, "training", False))
    return Signature((training, tuple(example.kwargs), tuple(structures)), tuple(described))


def _positional_names(program: Callable[..., Any], count: int, dims: Dims) -> list[str]:
    """Return what the first `count` inputs are called; "" if it is not asked for, or not known."""
    if not dims:
        return [""] * count
    names: list[str] = []
    function = getattr(program, "forward", program)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{name}[{number}]" for number in range(count - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(name)
    return [*names, *[""] * count][:count]


def quick_key(
    program: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Hashable | None:
    """Return what tells most calls of different signatures apart, None for calls it cannot tell.

    It takes 1 us, where `signature_of` takes 20 us and more. Equal keys do not promise equal
    signatures: `1 == True`, and objects that are equal may have come to hold other things.
    """
    key: list[Hashable] = [getattr(program, "training", False)]
    for value in args:
        if isinstance(value, torch.Tensor):
            key.append(_KIND(value))
        elif isinstance(value, _PLAIN) or _is_known_by_hash(value):
            key.append(value)
        else:
            return None
    if kwargs:
        rest = quick_key(program, tuple(kwargs.values()), {})
        return None if rest is None else (*key, tuple(kwargs), rest)
    return tuple(key)


def _is_known_by_hash(value: object) -> bool:
    """Whether only the same object is equal to `value`, or one of its frozen class and fields."""
    cls = type(value)
    if dataclasses.is_dataclass(cls):
        return cls.__hash__ is not None
    return cls.__hash__ is object.__hash__


def _describe(leaf: Any, axes: Mapping[int, Dim]) -> Hashable:
    if isinstance(leaf, torch.Tensor) or hasattr(leaf, "__dlpack__"):
        shape = "x".join(_extents(leaf.shape, axes)) or "scalar"
        dtype = str(leaf.dtype).removeprefix("torch.")
        return f"{shape} {dtype} {getattr(leaf, 'device', 'cpu')}"
    if isinstance(leaf, (int, float, bool, str)) or leaf is None:
        return (type(leaf).__name__, leaf)
    if dataclasses.is_dataclass(leaf):
        members = [getattr(leaf, field.name) for field in dataclasses.fields(leaf)]
        return (type(leaf), tuple(_describe(member, axes) for member in members))
    if type(leaf) in (tuple, list):
        return (type(leaf).__name__, tuple(_describe(item, axes) for item in leaf))
    return _Identity(leaf)


def _extents(shape: Sequence[int], axes: Mapping[int, Dim]) -> Iterator[str]:
    for axis, extent in enumerate(shape):
        dim = axes.get(axis) or axes.get(axis - len(shape))
        yield dim.name if dim else str(extent)


class _Identity:
    """Equal to another if both hold the very same object, which is kept alive."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.held is self.held

    def __hash__(self) -> int:
        return id(self.held)

    def __repr__(self) -> str:
        return f"{type(self.held).__name__} at {id(self.held):#x}"
