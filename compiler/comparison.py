"""Compiled against eager, call by call."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy
import torch

from .example import Example
from .outcome import outcome

_TORCH: Any = torch
"""Untyped where it takes arrays."""


@dataclass(frozen=True)
class Comparison:
    """Whether one call gave the same answer, and how long both took, in milliseconds."""

    agrees: bool
    difference: str
    eager_ms: float
    compiled_ms: float


def compare_with_eager(
    program: Callable[..., Any],
    compiled: Callable[..., Any],
    example: Example,
    *,
    rtol: float,
    atol: float,
) -> Comparison:
    """Call both with `example`, on copies of the inputs, and compare outputs and mutations."""
    expected, eager_ms, eager_inputs = _call(program, example)
    actual, compiled_ms, compiled_inputs = _call(compiled, example)
    difference = first_difference(
        (actual, compiled_inputs), (expected, eager_inputs), rtol=rtol, atol=atol
    )
    return Comparison(not difference, difference, eager_ms, compiled_ms)


def _call(program: Callable[..., Any], example: Example) -> tuple[Any, float, Example]:
    inputs = copy.deepcopy(example)
    start = time.perf_counter()
    with torch.no_grad():
        output = outcome(program, inputs)
    return output, (time.perf_counter() - start) * 1e3, inputs


def first_difference(actual: Any, expected: Any, *, rtol: float, atol: float) -> str:
    """Return what differs first between two pytrees, or "" if nothing does.

    Tensors are compared element by element, NaN equal to NaN, dtype and shape too; containers and
    dataclasses by type and member; all else by type and `==`.
    """
    try:
        _assert_same(actual, expected, rtol, atol, "output")
    except AssertionError as error:
        return str(error).replace("\n", " ")
    return ""


def _assert_same(actual: Any, expected: Any, rtol: float, atol: float, path: str) -> None:
    if isinstance(expected, torch.Tensor):
        torch.testing.assert_close(
            actual, expected, rtol=rtol, atol=atol, equal_nan=True, msg=lambda m: f"{path}: {m}"
        )
        return
    assert type(actual) is type(expected), f"{path}: {type(actual)} is not {type(expected)}"
    if _is_of_numpy(expected):
        return _assert_same(_as_tensor(actual), _as_tensor(expected), rtol, atol, path)
    members = _members(expected)
    if members is None:
        same = actual == expected or _close(actual, expected, rtol, atol)
        assert same, f"{path}: {actual!r} is not {expected!r}"
        return
    others = _members(actual)
    assert others is not None and list(others) == list(members), f"{path}: other members"
    for key, value in members.items():
        _assert_same(others[key], value, rtol, atol, f"{path}[{key!r}]")


def _is_of_numpy(value: Any) -> bool:
    return isinstance(value, (numpy.ndarray, numpy.generic))


def _as_tensor(value: Any) -> torch.Tensor:
    return _TORCH.from_numpy(numpy.asarray(value).copy())


def _members(value: Any) -> dict[Any, Any] | None:
    if isinstance(value, dict):
        return dict(cast("dict[Any, Any]", value))
    if isinstance(value, (tuple, list)):
        return dict(enumerate(cast("tuple[Any, ...]", value)))
    fields = getattr(value, "__dataclass_fields__", None)
    return None if fields is None else {name: getattr(value, name) for name in fields}


def _close(actual: Any, expected: Any, rtol: float, atol: float) -> bool:
    if not isinstance(expected, float):
        return False
    both_nan = actual != actual and expected != expected
    return both_nan or abs(actual - expected) <= atol + rtol * abs(expected)
