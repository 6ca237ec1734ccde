"""Whether two outcomes are the same, within tolerances that the caller names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import numpy
import torch

from .observation import Outcome

_TORCH: Any = torch
"""Untyped where it takes arrays."""

Tolerances: TypeAlias = Mapping[torch.dtype, tuple[float, float]]
"""dtype -> (relative, absolute). Python floats go by float32, from which they come; what is not
listed must be equal."""

EXACT: Tolerances = {}


def difference(
    actual: Outcome, expected: Outcome, tolerances: Tolerances, *, messages: bool = True
) -> str:
    """Return what differs first, "" if nothing does. `messages` compares those of exceptions."""
    if actual.error is not None or expected.error is not None:
        found = _different_errors(actual.error, expected.error, messages)
    else:
        found = _different(actual.output, expected.output, tolerances, "output")
    return found or _different(
        (actual.call.args, dict(actual.call.kwargs)),
        (expected.call.args, dict(expected.call.kwargs)),
        tolerances,
        "arguments",
    )


def _different_errors(actual: Exception | None, expected: Exception | None, messages: bool) -> str:
    if type(actual) is type(expected) and (not messages or str(actual) == str(expected)):
        return ""
    return f"raised {actual!r} instead of {expected!r}"


def _different(actual: Any, expected: Any, tolerances: Tolerances, path: str) -> str:
    if type(actual) is not type(expected):
        return f"{path} is {type(actual)} instead of {type(expected)}: {actual!r}, {expected!r}"
    if isinstance(expected, torch.Tensor):
        return _different_tensors(actual, expected, tolerances, path)
    if _is_of_numpy(expected):
        return _different_tensors(_as_tensor(actual), _as_tensor(expected), tolerances, path)
    members = _members(expected)
    if members is None:
        same = _same_value(actual, expected, tolerances)
        return "" if same else f"{path} is {actual!r} instead of {expected!r}"
    others = cast("dict[Any, Any]", _members(actual))
    if list(others) != list(members):
        return f"{path} has {list(others)} instead of {list(members)}"
    found = (_different(others[k], members[k], tolerances, f"{path}[{k!r}]") for k in members)
    return next(filter(None, found), "")


def _different_tensors(
    actual: torch.Tensor, expected: torch.Tensor, tolerances: Tolerances, path: str
) -> str:
    relative, absolute = tolerances.get(expected.dtype, (0.0, 0.0))
    try:
        torch.testing.assert_close(actual, expected, rtol=relative, atol=absolute, equal_nan=True)
    except AssertionError as error:
        return f"{path}: {error}\n{actual!r} instead of {expected!r}"
    return ""


def _is_of_numpy(value: Any) -> bool:
    return isinstance(value, (numpy.ndarray, numpy.generic))


def _as_tensor(value: Any) -> torch.Tensor:
    return _TORCH.from_numpy(numpy.asarray(value).copy())


def _same_value(actual: Any, expected: Any, tolerances: Tolerances) -> bool:
    if not isinstance(expected, float):
        return bool(actual == expected)
    if repr(actual) == repr(expected):  # NaN equals itself, and 0.0 is not -0.0
        return True
    relative, absolute = tolerances.get(torch.float32, (0.0, 0.0))
    return absolute > 0 and abs(actual - expected) <= absolute + relative * abs(expected)


def _members(value: Any) -> dict[Any, Any] | None:
    """Return the parts of a container, None of anything else."""
    if isinstance(value, dict):
        return dict(cast("dict[Any, Any]", value))
    if isinstance(value, (tuple, list)):
        return dict(enumerate(cast("list[Any]", value)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None
