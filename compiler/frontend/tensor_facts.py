"""What the flags and counts that a path has read say of others, and of the sizes of selections."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from ...ir import TensorType, Value
from ...ir.graph import AtenOp
from ...ir.types import DType
from .torch_internals import Fake

if TYPE_CHECKING:
    from .tracer import Tracer

_OPERATOR: Any = operator

_PREDICATES: Mapping[str, Callable[[Any, Any], bool]] = {
    f"aten.{name}.Scalar": getattr(_OPERATOR, name) for name in ("lt", "le", "eq", "ne", "gt", "ge")
}

_NEGATIONS = frozenset(["aten.logical_not.default", "aten.bitwise_not.default"])

_ANY = frozenset(["aten.any.default", "aten.any.dim", "aten.any.dims"])

_ALL = frozenset(["aten.all.default", "aten.all.dim", "aten.all.dims"])

_COUNTS = frozenset(
    [
        "aten.sum.default",
        "aten.sum.dim_IntList",
        "aten.count_nonzero.default",
        "aten.count_nonzero.dim_IntList",
    ]
)

_SAME_ELEMENTS = frozenset(
    [
        "aten._unsafe_view.default",
        "aten.clone.default",
        "aten.permute.default",
        "aten.reshape.default",
        "aten.squeeze.default",
        "aten.squeeze.dim",
        "aten.squeeze.dims",
        "aten.t.default",
        "aten.transpose.int",
        "aten.unsqueeze.default",
        "aten.view.default",
    ]
)
"""Operators whose results hold all elements of their first argument, and no others."""

_FLOATS: Mapping[DType, torch.dtype] = {DType.F32: torch.float32, DType.F64: torch.float64}


@dataclass(frozen=True)
class _Result:
    """What a pure op computes of certain operands."""

    target: str
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    position: int


_Identity: TypeAlias = Value | _Result
"""What is equal for values that hold the same, such as a mask that is computed twice."""


@dataclass(frozen=True)
class _Comparison:
    """Whether `predicate(element, constant)` holds, for the only element of a tensor."""

    element: _Identity
    is_float: bool
    predicate: Callable[[Any, Any], bool]
    constant: int | float
    holds: bool

    def excludes(self, number: float) -> bool:
        """Tell whether the element is not `number`."""
        return _excludes(self.predicate, self.constant, self.holds, number)


def _excludes(
    predicate: Callable[[Any, Any], bool], constant: int | float, holds: bool, number: float
) -> bool:
    """Tell whether `number` is none of those for which the comparison is what `holds` says."""
    return predicate(number, constant) is not holds


def known_flag(tracer: Tracer, source: Fake) -> bool | None:
    """Return the flag in `source` if what the path has read decides it, else None."""
    value = tracer.tensors.value_of_fake(source)
    if not tracer.state.items or _dtype(value) is not DType.I1:
        return None
    asked, plain = _meaning(value, holds=True)
    read = [_meaning(flag, holds=holds) for flag, holds in _flags_read(tracer)]
    for meaning, holds in read:
        if meaning == asked:
            return holds is plain
    comparison = _comparison(asked, holds=True)
    if comparison is None:
        return None
    known = [_comparison(meaning, holds=holds) for meaning, holds in read]
    answer = _implied(comparison, [fact for fact in known if fact is not None])
    return None if answer is None else answer is plain


def is_inhabited(tracer: Tracer, mask: Value) -> bool:
    """Tell whether the path has read that `mask` has a true element."""
    if not tracer.state.items or _dtype(mask) is not DType.I1:
        return False
    wanted = _identity(_whole(mask))
    flags = (_inhabited(*_meaning(flag, holds=holds)) for flag, holds in _flags_read(tracer))
    return wanted in flags or wanted in map(_counted, _positive_counts(tracer))


# --- what was read ------------------------------------------------------------------------------


def _flags_read(tracer: Tracer) -> Iterator[tuple[Value, bool]]:
    """Yield the flags that the path has branched on, and what they were."""
    for value, number in tracer.state.items.items():
        if isinstance(number, torch.SymBool):
            truth = tracer.scalars.truth(number)
            if isinstance(truth, bool):
                yield value, truth


def _positive_counts(tracer: Tracer) -> Iterator[Value]:
    """Yield the tensors whose only element is known to be an int above zero."""
    for value, number in tracer.state.items.items():
        if isinstance(number, torch.SymInt):
            low, _ = tracer.shapes.bounds(number)
            if low is not None and low > 0:
                yield value


def _meaning(flag: Value, *, holds: bool) -> tuple[_Identity, bool]:
    """Return what identifies `flag` apart from negations, and its truth without them."""
    value = _whole(flag)
    while isinstance(value.owner, AtenOp) and value.owner.target in _NEGATIONS:
        value, holds = _whole(value.owner.arguments[0]), not holds
    return _identity(value), holds


def _identity(value: Value) -> _Identity:
    op = value.owner
    if not isinstance(op, AtenOp) or not op.is_pure:
        return value
    return _Result(op.target, op.arguments, op.keywords, op.results.index(value))


def _whole(value: Value) -> Value:
    """Return the value of which `value` shows all elements in another shape."""
    while isinstance(value.owner, AtenOp) and _keeps_elements(value.owner):
        value = value.owner.arguments[0]
    return value


def _keeps_elements(op: AtenOp) -> bool:
    if op.target != "aten.select.int":
        return op.target in _SAME_ELEMENTS
    source, dim, _ = op.arguments
    shape: Any = _type(source).shape
    return bool(shape[dim] == 1)


# --- masks --------------------------------------------------------------------------------------


def _inhabited(meaning: _Identity, holds: bool) -> _Identity | None:
    """Return the identity of the mask of which a flag says that it has a true element.

    The flag is the only element of its tensor: it speaks of the whole mask.
    """
    if not isinstance(meaning, _Result) or not meaning.arguments:
        return None
    target, first = meaning.target, meaning.arguments[0]
    if target in _ALL and not holds:
        return _negated(_whole(first))
    if holds and (target in _ANY or (target in _ALL and _type(first).elements)):
        return _identity(_whole(first))
    if target in _PREDICATES:
        constant = meaning.arguments[1]
        if isinstance(constant, (int, float)):
            is_positive = _excludes(_PREDICATES[target], constant, holds, 0)
            return _counted(_whole(first)) if is_positive else None
    return None


def _negated(mask: Value) -> _Identity | None:
    """Return the identity of the mask of which `mask` is the opposite, None if it is none."""
    op = mask.owner
    if not isinstance(op, AtenOp) or op.target not in _NEGATIONS:
        return None
    return _identity(_whole(op.arguments[0]))


def _counted(count: Value) -> _Identity | None:
    """Return the identity of the mask whose true elements `count` counts, None if there is none."""
    op = count.owner
    if not isinstance(op, AtenOp) or op.target not in _COUNTS:
        return None
    mask = op.arguments[0]
    if isinstance(mask.owner, AtenOp) and mask.owner.target == "aten._to_copy.default":
        mask = mask.owner.arguments[0]
    return _identity(_whole(mask)) if _dtype(mask) is DType.I1 else None


# --- comparisons --------------------------------------------------------------------------------


def _comparison(meaning: _Identity, *, holds: bool) -> _Comparison | None:
    """Return `meaning` as the comparison of one element with a number, None if it is none."""
    if not isinstance(meaning, _Result) or meaning.target not in _PREDICATES:
        return None
    operand, constant = meaning.arguments
    if not isinstance(constant, (int, float)):
        return None
    kind = _dtype(operand)
    if kind in _FLOATS:
        constant = torch.tensor(constant, dtype=_FLOATS[kind]).item()
    elif kind is not DType.I64 or not isinstance(constant, int):
        return None
    element, is_float = _identity(_whole(operand)), kind in _FLOATS
    return _Comparison(element, is_float, _PREDICATES[meaning.target], constant, holds)


def _implied(asked: _Comparison, known: list[_Comparison]) -> bool | None:
    """Return whether `asked` holds for every element of which `known` holds, None if for some.

    A comparison changes its truth at its constant only: it is enough to look at all constants,
    between them, and at what is no number.
    """
    known = [fact for fact in known if fact.element == asked.element]
    if not known:
        return None
    constants = [asked.constant, *(fact.constant for fact in known)]
    candidates = _floats(constants) if asked.is_float else _ints(constants)
    possible = (number for number in candidates if not any(fact.excludes(number) for fact in known))
    answers = {asked.predicate(number, asked.constant) for number in possible}
    return answers.pop() if len(answers) == 1 else None


def _floats(constants: list[int | float]) -> list[float]:
    """Return a float from each part of the line that `constants` divide, and NaN."""
    points = {float(constant) for constant in constants}
    above = {math.nextafter(point, math.inf) for point in points}
    below = {math.nextafter(point, -math.inf) for point in points}
    return [*points, *above, *below, math.nan]


def _ints(constants: list[int | float]) -> list[float]:
    """Return an int from each part of the line that `constants` divide."""
    return [constant + step for constant in constants for step in (-1, 0, 1)]


def _dtype(value: Value) -> DType:
    return _type(value).dtype


def _type(value: Any) -> TensorType:
    assert isinstance(value, Value)
    assert isinstance(value.type, TensorType)
    return value.type
