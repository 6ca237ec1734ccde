"""Results of a host function to what the caller gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

import numpy

from .host.program import Entry, Exit, Program, Return
from .host.values import Handle
from .structure import Constant, builder
from .tensors import to_numpy, to_torch
from .types import ListType, TensorType, Type

Convert = Callable[[Any, bool, Collection[int]], Any]
"""From a value, whether torch tensors are wanted, and the ids of handles that are not the caller's
to change."""


class OutputBuilder:
    """Convert and arrange the outputs of one exit.

    A tensor that is an input, a weight or state of the model is copied: what the caller does to
    an output changes nothing else, and what is done to an input later does not change an output.
    `borrowed` are the values for which that may be so; if none is, `may_borrow` is False.
    """

    def __init__(
        self, program: Program, entry: Entry, terminator: Exit, borrowed: Collection[int]
    ) -> None:
        held = {*borrowed, *terminator.cell_values}
        outputs = terminator.outputs if isinstance(terminator, Return) else ()
        self.converters = [
            _converter(program.type_of(entry, value), may_borrow=value in held) for value in outputs
        ]
        self.arrange = builder(
            terminator.structure if isinstance(terminator, Return) else Constant(None)
        )
        written = {*outputs, *terminator.cell_values, *terminator.copied_values}
        self.may_borrow = not written.isdisjoint(held)

    def build(self, outputs: Sequence[Any], as_torch: bool, borrowed: Collection[int]) -> Any:
        """Return the pytree of the outputs, tensors as torch tensors or as numpy arrays."""
        pairs = zip(self.converters, outputs, strict=True)
        return self.arrange([convert(output, as_torch, borrowed) for convert, output in pairs])


def own(value: Any, borrowed: Collection[int]) -> Any:
    """Return `value`, copied if it is one of `borrowed`."""
    if isinstance(value, list):
        return [own(item, borrowed) for item in cast("list[Any]", value)]
    if isinstance(value, numpy.ndarray) and id(cast(Handle, value)) in borrowed:
        return cast(Handle, value).copy()
    return cast(Any, value)


def _converter(kind: Type, *, may_borrow: bool) -> Convert:
    if isinstance(kind, TensorType):
        return _tensor_converter(kind.dtype == "bf16", may_borrow)
    if isinstance(kind, ListType):
        element = kind.element
        is_number = not isinstance(element, TensorType | ListType)
        convert = _number if is_number else _converter(element, may_borrow=may_borrow)
        return _list_converter(convert)
    return lambda value, as_torch, borrowed: value


def _number(value: Any, as_torch: bool, borrowed: Collection[int]) -> Any:
    """Return a number of a list; in one that an engine made, it is a tensor of rank 0."""
    return cast(Handle, value).item() if isinstance(value, numpy.ndarray) else value


def _tensor_converter(is_bfloat16: bool, may_borrow: bool) -> Convert:
    def convert(value: Handle, as_torch: bool, borrowed: Collection[int]) -> Any:
        if may_borrow and id(value) in borrowed:
            value = value.copy()
        write = to_torch if as_torch else to_numpy
        return write(value, is_bfloat16=is_bfloat16)

    return convert


def _list_converter(element: Convert) -> Convert:
    return lambda value, as_torch, borrowed: [element(item, as_torch, borrowed) for item in value]
