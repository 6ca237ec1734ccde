"""What programs return: every kind of structure, and another one on another way."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, tensor

from .case import program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


class Pair(NamedTuple):
    """An output that is a named tuple."""

    value: Tensor
    label: int


@dataclass
class Answer:
    """An output that is a dataclass."""

    logits: Tensor
    exit: int
    confident: bool = False


@program((POSITIVE,), (NEGATIVE,))
def dictionary(x: Tensor) -> dict[str, Any]:
    result = {"x": x + 1, "steps": 3}
    if x.sum() > 0:
        result["extra"] = x * 2
    return result


@program((POSITIVE,), (NEGATIVE,))
def ordered_dictionary(x: Tensor) -> "OrderedDict[str, Tensor]":
    return OrderedDict(b=x.abs() if x.sum() > 0 else x, a=x * 2)


@program((POSITIVE,), (NEGATIVE,))
def named_tuple(x: Tensor) -> Pair:
    if x.sum() > 0:
        return Pair(x * 2, 1)
    return Pair(label=0, value=x)


@program((POSITIVE,), (NEGATIVE,))
def dataclass_instance(x: Tensor) -> Answer:
    answer = Answer(x * 2, exit=int(x.argmax()))
    if x.sum() > 0:
        answer.confident = True
    return answer


@program((POSITIVE,), (NEGATIVE,))
def nested(x: Tensor) -> tuple[Any, ...]:
    return [x, {"a": (x + 1, None), 2: [x * 2, "text"]}], (), Pair(x, 4), {}, []


@program((POSITIVE,), (NEGATIVE,))
def nothing(x: Tensor) -> None:
    y = x * 2
    if y.sum() > 0:
        return
    y.add_(1)


@program((POSITIVE,), (NEGATIVE,))
def structure_depends_on_data(x: Tensor) -> Any:
    if x.sum() > 0:
        return {"positive": x}
    return (x, None)


@program((POSITIVE,), (NEGATIVE,))
def optional(x: Tensor) -> tuple[Tensor, Tensor | None]:
    hidden = None
    if x.sum() > 0:
        hidden = x * 2
    return x, hidden


@program((POSITIVE,), (NEGATIVE,), (tensor([0.0, 4.0, 1.0]),))
def python_numbers(x: Tensor) -> tuple[int, float, bool, str, None]:
    return int(x.argmax()), x.max().item(), bool(x[0] > 0), "text", None


@program((POSITIVE,), (NEGATIVE,))
def constants_only(x: Tensor) -> tuple[int, float]:
    return (1, 2.5) if x.sum() > 0 else (-1, 0.5)


@program((POSITIVE,), (NEGATIVE,))
def one_tensor_twice(x: Tensor) -> dict[str, Tensor]:
    y = x * 2
    return {"first": y, "second": y, "view": y[1:]}


@program((POSITIVE,), (NEGATIVE,))
def what_torch_returns(x: Tensor) -> Any:
    """`max` along a dim returns a structure of torch's own, which unpacks like a tuple."""
    result = x.view(1, 3).max(dim=1)
    if result.values[0] > 0:
        return result.values, result.indices
    values, indices = result
    return indices, values


@program((POSITIVE,), (NEGATIVE,))
def many_dtypes(x: Tensor) -> tuple[Tensor, ...]:
    if x.sum() > 0:
        x = x * 100
    return x.long(), x.double(), x > 0, x.half(), x.to(torch.int32), x.to(torch.uint8)


@program((POSITIVE,), (NEGATIVE,))
def constant_tensors(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.sum() > 0:
        return torch.arange(3), torch.zeros(())
    return torch.tensor([5, 6]), torch.ones(1)
