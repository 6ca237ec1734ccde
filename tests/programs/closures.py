"""Nested functions, lambdas, decorators, recursion."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn, tensor

from .case import made_by, normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
TensorFunction = Callable[[Tensor], Tensor]


@program((POSITIVE,), (NEGATIVE,))
def nested_function(x: Tensor) -> Tensor:
    scale = x.max()

    def scaled(y: Tensor, power: int = 2) -> Tensor:
        if scale > 0:
            return y**power * scale
        return y

    return scaled(x) + scaled(x, power=3)


@program((POSITIVE,), (NEGATIVE,))
def captured_by_reference(x: Tensor) -> Tensor:
    """The closure sees what the local is when the closure runs."""
    bias = x

    def shifted(y: Tensor) -> Tensor:
        return y + bias

    first = shifted(x)
    if x.sum() > 0:
        bias = x * 100
    return first + shifted(x)


@program((POSITIVE,), (NEGATIVE,))
def nonlocal_counter(x: Tensor) -> tuple[Tensor, int]:
    count = 0

    def visit(y: Tensor) -> Tensor:
        nonlocal count
        if y.sum() > 0:
            count += 1
        return y * 2

    return visit(visit(x) - 3) + visit(-x), count


@program((POSITIVE,), (NEGATIVE,))
def late_binding(x: Tensor) -> list[Tensor]:
    functions: list[TensorFunction] = []
    for factor in (1.0, 2.0, 3.0):
        functions.append(lambda y: y * factor)  # noqa: B023 -- all see the last factor
    if x.sum() > 0:
        return [function(x) for function in functions]
    return [function(x) for function in reversed(functions)][:2]


@program((POSITIVE,), (NEGATIVE,))
def two_lambdas_on_one_line(x: Tensor) -> Tensor:
    """H5: the source of a lambda is not its line."""
    pair: list[TensorFunction] = [lambda y: y + 100 if y[0] > 0 else y, lambda y: y - 1]
    return pair[0](x) * pair[1](x)


def _doubled(function: TensorFunction) -> TensorFunction:
    @functools.wraps(function)
    def wrapper(x: Tensor) -> Tensor:
        return function(x) * 2

    return wrapper


@_doubled
def _inner(x: Tensor) -> Tensor:
    return x + 1 if x.sum() > 0 else x - 1


@program((POSITIVE,), (NEGATIVE,))
def calls_a_decorated_function(x: Tensor) -> Tensor:
    """H5: `inspect.getsource` sees through `functools.wraps`; the factor 2 must stay."""
    return _inner(x)


@made_by((POSITIVE,), (NEGATIVE,))
def decorated_program() -> Callable[..., Any]:
    """H5: the program itself is decorated."""
    return _inner


@made_by((POSITIVE,), (NEGATIVE,))
def two_lambdas() -> Callable[..., Any]:
    functions: list[TensorFunction] = [lambda x: x + 1, lambda x: x - 1 if x[0] > 0 else -x]
    return functions[1]


def _configured(factor: float, offset: float) -> Callable[[TensorFunction], TensorFunction]:
    def decorate(function: TensorFunction) -> TensorFunction:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Tensor:
            result = function(*args, **kwargs)
            return result * factor if result.sum() > 0 else result + offset

        return wrapper

    return decorate


@_configured(3.0, offset=7.0)
@_configured(0.5, offset=1.0)
def _configured_twice(x: Tensor) -> Tensor:
    return x.cumsum(0)


@made_by((POSITIVE,), (NEGATIVE,), (tensor([-1.0, 0.5, 0.5]),))
def decorators_with_arguments() -> Callable[..., Any]:
    return _configured_twice


def _affine(x: Tensor, scale: float, *, shift: float) -> Tensor:
    return x * scale + shift if x.sum() > 0 else x


@program((POSITIVE,), (NEGATIVE,))
def partial_application(x: Tensor) -> Tensor:
    function = functools.partial(_affine, scale=2.0, shift=1.0)
    return function(x) + functools.partial(function, shift=5.0)(x)


def _compose(*functions: TensorFunction) -> TensorFunction:
    def composed(x: Tensor) -> Tensor:
        for function in functions:
            x = function(x)
        return x

    return composed


@program((POSITIVE,), (NEGATIVE,))
def function_that_returns_a_function(x: Tensor) -> Tensor:
    clipped = _compose(torch.sin, lambda y: y.relu() if x.sum() > 0 else y, torch.exp)
    return clipped(x)


@program((POSITIVE,), (NEGATIVE,))
def closure_chosen_by_data(x: Tensor) -> Tensor:
    offset = x.mean()
    if x.sum() > 0:

        def change(y: Tensor) -> Tensor:
            return y + offset
    else:

        def change(y: Tensor) -> Tensor:
            return y * offset

    return change(x) + change(x * 2)


def _power(x: Tensor, exponent: int) -> Tensor:
    if exponent == 0:
        return torch.ones_like(x)
    half = _power(x, exponent // 2)
    return half * half * x if exponent % 2 else half * half


@program((POSITIVE, 5), (NEGATIVE, 5))
def static_recursion(x: Tensor, exponent: int) -> Tensor:
    return _power(x, exponent) if x.sum() > 0 else x


@dataclass(frozen=True)
class Tree:
    """A position in a sequence and the subtrees below it."""

    word: int
    children: tuple["Tree", ...] = ()


TREE = Tree(0, (Tree(1, (Tree(2),)), Tree(3)))


@program(*[(normal(number, 4, 5), TREE) for number in (0, 1, 2, 3, 4, 5)])
class TreeNetwork(nn.Module):
    """H21: recursion over a Python tree that skips subtrees by data."""

    def __init__(self) -> None:
        super().__init__()
        self.combine = nn.Linear(10, 5)
        self.gate = nn.Linear(5, 1)

    def encode(self, words: Tensor, tree: Tree) -> Tensor:
        state = words[tree.word]
        if tree.children and self.gate(state) > 0:
            below = torch.stack([self.encode(words, child) for child in tree.children])
            return torch.tanh(self.combine(torch.cat([state, below.sum(0)])))
        return state

    def forward(self, words: Tensor, tree: Tree) -> Tensor:
        return self.encode(words, tree)
