"""Register code means what Python means: both run, and their results, effects and errors agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

import pytest

from .evaluator import evaluate
from .programs import CASES

_EXAMPLES = [
    pytest.param(function, arguments, id=f"{function.__qualname__}-{number}")
    for function, calls in CASES
    for number, arguments in enumerate(calls)
]


def outcome(call: Callable[..., Any], arguments: tuple[Any, ...]) -> object:
    """Return what a call returned or raised, and what it left in its arguments."""
    arguments = copy.deepcopy(arguments)
    try:
        result: object = call(*arguments)
    except Exception as error:
        result = ("raised", _kind(error), _details(error), _kind(error.__cause__))
    return _plain(result), _plain(arguments)


def _kind(error: BaseException | None) -> object:
    return NameError if isinstance(error, NameError) else type(error)


def _details(error: Exception) -> object:
    return () if isinstance(error, (NameError, ImportError)) else error.args


def _plain(value: Any) -> object:
    """Return a form that compares types too, and objects by their attributes."""
    kind = cast("type[object]", type(value))
    if isinstance(value, (tuple, list)):
        return kind, [_plain(part) for part in cast("list[Any]", value)]
    if isinstance(value, dict):
        return kind, _plain(list(cast("dict[Any, Any]", value).items()))
    if isinstance(value, type) or callable(value):
        return kind, value if isinstance(value, type) else None
    if hasattr(value, "__dict__"):
        return kind, _plain(sorted(cast("dict[str, Any]", vars(value)).items()))
    return kind, None if kind.__repr__ is object.__repr__ else repr(value)


@pytest.mark.parametrize(("function", "arguments"), _EXAMPLES)
def test_evaluates_like_python(function: FunctionType, arguments: tuple[Any, ...]) -> None:
    expected = outcome(function, arguments)
    assert outcome(lambda *args: evaluate(function, *args), arguments) == expected


def _append_one(items: list[int]) -> None:
    items.append(1)


def test_the_comparison_rejects_a_wrong_answer() -> None:
    assert outcome(lambda: 1, ()) != outcome(lambda: True, ())
    assert outcome(_append_one, ([],)) != outcome(id, ([],))
    assert outcome(lambda: 1 // 0, ()) != outcome(lambda: int("x"), ())
