"""`match` statements, on values that the data decides and on static ones."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, tensor

from .case import program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
FIRST = tensor([5.0, 1.0, 0.0])
MIDDLE = tensor([0.0, 4.0, 1.0])


@program((POSITIVE,), (FIRST,), (MIDDLE,))
def index_of_the_largest(x: Tensor) -> Tensor:
    match int(x.argmax()):
        case 0:
            return x
        case 1:
            y = x * 2
        case _:
            y = x + 1
    return y - 1


@program((POSITIVE,), (FIRST,), (MIDDLE,), (NEGATIVE,))
def alternatives_and_guards(x: Tensor) -> tuple[Tensor, str]:
    match int(x.argmax()):
        case 0 | 1 as index if x[2] > 0:
            return x * index, "early"
        case int(index) if index == 2:
            return x * index, "last"
        case index:
            return x * index, "none"


@program((POSITIVE,), (NEGATIVE,))
def flags(x: Tensor) -> Tensor:
    match bool(x.sum() > 0):
        case True:
            return x
        case False:
            return -x


class Point(NamedTuple):
    """A pair of tensors."""

    left: Tensor
    right: Tensor


@dataclass
class Scaled:
    """A tensor to be scaled."""

    value: Tensor
    factor: float = 1.0


def _describe(value: Any) -> Any:
    match value:
        case None:
            return "nothing"
        case Tensor(ndim=1):
            return value.sum()
        case Point(left, right):
            return left - right
        case Scaled(value=inner, factor=2.0):
            return inner * 2
        case Scaled(inner):
            return inner
        case [first, *middle, last]:
            return first + last + len(middle)
        case {"x": first, **rest}:
            return first, sorted(rest)
        case str(text) | bytes(text):
            return text
        case int() | float():
            return value + 1
        case [only]:
            return only
        case _:
            return "other"


@program((POSITIVE,), (NEGATIVE,))
def kinds_of_values(x: Tensor) -> list[Any]:
    y = x if x.sum() > 0 else x * 3
    values = [
        None,
        y,
        Point(y, x),
        Scaled(y, 2.0),
        Scaled(y),
        [y, x, y],
        {"x": y, "b": 1, "a": 2},
        "text",
        3,
        x.sum().item(),
        (y,),
        {1, 2},
        [],
    ]
    return [_describe(value) for value in values]


@program((POSITIVE,), (NEGATIVE,))
def kind_that_depends_on_data(x: Tensor) -> Tensor:
    state: Any = [x, x + 1] if x.sum() > 0 else {"scale": x}
    match state:
        case [first, second]:
            return first * second
        case {"scale": scale}:
            return scale / 2
        case _:
            raise TypeError("neither")


@program((POSITIVE, "double"), (NEGATIVE, "double"))
def static_modes(x: Tensor, mode: str) -> Tensor:
    match mode.split():
        case ["double"]:
            y = x * 2
        case ["scale", factor]:
            y = x * float(factor)
        case _:
            raise ValueError(f"unknown mode {mode}")
    return y if x.sum() > 0 else y + 1
