"""What is interpreted, what runs natively, and how arguments are bound."""

from __future__ import annotations

import functools
import inspect
import json
import math
import os
import random
import time
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor, nn

from modelc.compiler.frontend.calls import is_leaf
from modelc.compiler.frontend.code_kinds import is_interpreted
from modelc.compiler.frontend.functions import bind_arguments
from modelc.compiler.frontend.hir import lower_function

from .evaluation import agree, captured, main, refusals

ONES = torch.ones(3)


def f(a: Any, b: Any = 2, /, c: Any = 3, *rest: Any, d: Any, e: Any = 5, **more: Any) -> Any:
    """Have every kind of parameter."""


def g(a: Any, b: Any) -> Any:
    """Have two parameters."""


ARGUMENTS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (f, (1,), {"d": 4}),
    (f, (1, 20, 30, 40, 50), {"d": 4, "e": 6, "x": 7}),
    (f, (1,), {"c": 8, "d": 4, "a": 9}),
    (f, (), {"d": 4}),
    (f, (1,), {}),
    (g, (1, 2, 3), {}),
    (g, (1,), {"a": 2}),
    (g, (1,), {"b": 2, "c": 3}),
    (g, (), {"b": 2, "a": 1}),
]


@pytest.mark.parametrize(("function", "args", "kwargs"), ARGUMENTS)
def test_arguments_are_bound_as_python_does(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
):
    code: Any = function
    defaults, keyword = list(code.__defaults__ or ()), dict(code.__kwdefaults__ or {})

    def bind() -> dict[str, Any]:
        return bind_arguments(lower_function(code), defaults, keyword, list(args), kwargs)

    try:
        expected = inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError):
            bind()
        return
    expected.apply_defaults()
    assert bind() == dict(expected.arguments)


def test_user_code_is_interpreted_and_libraries_are_not():
    assert is_interpreted(g)
    natives: list[Any] = [torch.nn.functional.relu, json.dumps, functools.wraps, inspect.getsource]
    assert not any(is_interpreted(native) for native in natives)


def test_a_wrapped_function_is_not_taken_for_its_wrapper():
    """H5: `functools.wraps` makes the wrapper claim another source."""

    def doubling(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args) * 2

        return wrapper

    @doubling
    def program(x: Tensor) -> Tensor:
        return x + 1 if x.sum() > 0 else x - 1

    agree(program, captured(program, ONES), (ONES,), (-ONES,))


def test_leaves_are_modules_of_torch_without_hooks():
    class Mine(nn.Module):
        pass

    assert is_leaf(nn.Linear(1, 1)) and is_leaf(nn.Sequential(nn.ReLU()))
    assert not is_leaf(Mine()) and not is_leaf(nn.Sequential(Mine()))


def test_a_forward_that_was_replaced_is_called():
    """H23: `self.forward` may be an attribute of the instance."""
    model = nn.Linear(3, 3).eval()
    model.forward = lambda x: x * 7  # pyright: ignore[reportAttributeAccessIssue]
    container = nn.Sequential(model).eval()
    agree(container, captured(container, ONES), (ONES,))


def test_gradient_contexts_are_ignored():
    class Model(nn.Module):
        @torch.no_grad()
        def forward(self, x: Tensor) -> Tensor:
            with torch.enable_grad():
                y = x * 2
            return y if y.sum() > 0 else x

    model = Model().eval()
    agree(model, captured(model, ONES), (ONES,), (-ONES,))


def test_builtins_see_symbolic_numbers():
    def program(x: Tensor, n: Tensor) -> tuple[Any, ...]:
        count, scale = int(n), float(x.sum())
        value: Any = count
        return (
            max(count, 3, 2),
            min(scale, 1.0),
            abs(count),
            count in (2, 5),
            isinstance(value, int),
            math.sqrt(abs(scale)),
            sum([count, 1, count]),
            any([x[0] > 0, x[1] > 0]),
            divmod(count, 2)[1],
            round(scale),
        )

    result = captured(program, ONES, torch.tensor(5))
    agree(program, result, (ONES, torch.tensor(5)), (-ONES * 9, torch.tensor(-2)))


def random_number(x: Any) -> Any:
    return x * random.random()


def time_of_day(x: Any) -> Any:
    return x * time.time()


def other_library(x: Any) -> Any:
    return numpy.sqrt(x)


def identity_number(x: Any) -> Any:
    return id(x) + x


def module_made_in_passing(x: Any) -> Any:
    return nn.Linear(3, 3)(x)


STRANGERS: list[tuple[Callable[..., Any], str]] = [
    (random_number, "MC0105"),
    (time_of_day, "MC0105"),
    (other_library, "MC0101"),
    (identity_number, "MC0105"),
    (module_made_in_passing, "MC0101"),
]


@pytest.mark.parametrize(("source", "code"), STRANGERS)
def test_effects_and_strangers_are_refused(source: Callable[..., Any], code: str):
    found = refusals(source, ONES)
    assert [diagnostic.code for diagnostic in found] == [code]
    assert all(diagnostic.help for diagnostic in found)


def test_environment_is_read_once_and_explained(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MODELC_TEST_SIGN", "-")

    def program(x: Tensor) -> Tensor:
        sign = os.environ.get("MODELC_TEST_SIGN", "+")
        return -x if sign == os.getenv("MODELC_TEST_SIGN") and x.sum() > 0 else x

    result = captured(program, ONES)
    agree(program, result, (ONES,), (-ONES,))
    message = "the environment is read while compiling; what it says then stays"
    assert {note.message for note in result.notes} == {message}


def test_environment_is_not_changed():
    def program(x: Tensor) -> Tensor:
        os.environ["MODELC_TEST_SIGN"] = "+"
        return x

    assert [diagnostic.code for diagnostic in refusals(program, ONES)] == ["MC0105"]


def test_dropped_output_is_explained():
    import warnings

    def program(x: Tensor) -> Tensor:
        warnings.warn("slow", stacklevel=2)
        return x + 1

    result = captured(program, ONES)
    assert [note.message for note in result.notes] == ["the output of `warn` is dropped"]
    assert len(main(result).body.blocks) == 1


@pytest.mark.filterwarnings("ignore:where received a uint8:UserWarning")
def test_bytes_choose_like_flags():
    def choose(x: Tensor) -> Tensor:
        return torch.where((x > 1).byte(), x, -x) if x.sum() > 0 else x

    calls = (torch.tensor([1.0, 2.0]),), (torch.tensor([-1.0, 0.0]),)
    agree(choose, captured(choose, *calls[0]), *calls)
