"""NumPy in the program: tensors that become arrays and return."""

# NumPy's stubs type few of these precisely; `from_numpy` is untyped in torch.
# pyright: basic

from typing import Any

import numpy
import torch
from torch import Tensor, nan, nn, tensor

from .case import program

POSITIVE = tensor([1.0, 2.0, 3.0])
MIXED = tensor([1.0, -2.0, 3.0])
TABLE = tensor([[1.0, -1.0, 2.0], [-2.0, 3.0, -3.0]])
NAN = tensor([float("nan"), -1.0, 2.0])


@program((POSITIVE,), (-POSITIVE,))
def there_and_back(x: Tensor) -> Tensor:
    values = x.numpy()
    return torch.from_numpy(values * 2)


@program((POSITIVE,), (-POSITIVE,), (NAN,))
def arithmetic(x: Tensor) -> tuple[Tensor, ...]:
    values = x.detach().cpu().numpy()
    first = (values + 1) / 2 - values**2
    second = numpy.clip(values, 0, 2) * numpy.exp(-numpy.abs(values))
    third = numpy.maximum(values, 0.5) + numpy.sign(values)
    return torch.from_numpy(first), torch.tensor(second), torch.as_tensor(third)


@program((MIXED * 10,), (-POSITIVE,))
def promotion(x: Tensor) -> tuple[Tensor, ...]:
    """NumPy's rules: int32 / int is float64, int32 with int64 is int64."""
    narrow = x.int().numpy()
    wide = narrow.astype(numpy.int64)
    return (
        torch.from_numpy(narrow / 3),
        torch.from_numpy(wide // 2 + narrow % 3),
        torch.from_numpy(narrow * 0.5),
        torch.from_numpy(numpy.array([narrow[0], 2, 3])),
        torch.from_numpy(numpy.where(wide > 0, narrow, wide)),
    )


@program((POSITIVE,), (-POSITIVE,), (MIXED,))
def decisions(x: Tensor) -> Tensor:
    values = x.numpy()
    best = int(numpy.argmax(values))
    if values[best] > 2.5:
        return x * best
    worst = values.argmin()
    return x[worst] + best if worst in (0, 1) else x


@program((TABLE,), (-TABLE,))
def reductions(x: Tensor) -> tuple[Tensor, float, float, tuple[int, ...], bool]:
    values = x.numpy()
    rows = [values.sum(0), values.mean(axis=0), values.max(0), numpy.min(values, axis=0)]
    spread = values.std(axis=0)
    total = numpy.sum(values, keepdims=True)
    stacked = numpy.stack([*rows, spread])
    positive = bool((values > -5).all())
    return (
        torch.from_numpy(stacked),
        float(total[0, 0]),
        float(values.mean()),
        values.shape,
        positive,
    )


@program((MIXED,), (POSITIVE,), (-POSITIVE,))
def places(x: Tensor) -> tuple[Tensor, Tensor, int, Tensor]:
    """The size of what `where` finds depends on data."""
    values = x.numpy()
    (found,) = numpy.where(values > 0)
    filled = numpy.where(values > 0, values, 0.5)
    both = numpy.concatenate([values, filled])
    return torch.from_numpy(filled), torch.from_numpy(found), len(found), torch.from_numpy(both)


@program((MIXED,), (POSITIVE,), (-POSITIVE,))
def buffer_filled_by_a_loop(x: Tensor) -> Tensor:
    """Each path has its own array."""
    values = x.numpy()
    result = numpy.zeros((3,), dtype=numpy.float32)
    for position in range(3):
        if values[position] > 0:
            result[position] = values[position] * 2
    result += 1
    return torch.from_numpy(result)


@program((MIXED,), (POSITIVE,))
def shared_memory(x: Tensor) -> tuple[Tensor, float]:
    """An array is the memory of its tensor; one element of it is a copy."""
    y = x.clone()
    values = y.numpy()
    first = values[0]
    values[0] = 7
    values *= 2
    return y, float(first)


@program((MIXED,), (POSITIVE,))
def masks(x: Tensor) -> tuple[Tensor, list[float]]:
    values = x.numpy().copy()
    values[values < 0] = 0
    return torch.from_numpy(values[1:] + values[:-1]), values.tolist()


@program((MIXED,), (POSITIVE,), (-POSITIVE,))
def loops_over_arrays(x: Tensor) -> tuple[Tensor, float]:
    values, total = x.numpy(), 0.0
    for value in values:
        if value > 0:
            total += float(value)
    while values.sum() > 1:
        values = values / 2
    return torch.from_numpy(values), total


@program((MIXED,), (POSITIVE,))
def known_arrays(x: Tensor) -> tuple[Tensor, Tensor]:
    """What depends on no data stays NumPy's."""
    scale = numpy.linspace(0, 1, 3)
    count = int(numpy.prod(x.shape))
    return x * float(scale[1]) + count, x * torch.from_numpy(scale)


@program((MIXED,), (-POSITIVE,))
def orders(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    values = x.numpy()
    order = numpy.argsort(-values, kind="stable")
    return (
        torch.from_numpy(numpy.sort(values)),
        torch.from_numpy(order),
        torch.from_numpy(values[order]),
    )


@program((tensor([0.5, nan, 0.5, nan]),), (tensor([2.0, 1.0, 2.0, -1.0]),))
def distinct_floats(x: Tensor) -> Tensor:
    """To NumPy, all that are not numbers are one."""
    found = numpy.unique(x.numpy())
    return torch.from_numpy(found) if len(found) > 2 else x[: len(found)]


@program((tensor([0.5, 0.7]),), (tensor([2.0, 1.0]),))
def array_of_tensors(x: Tensor) -> Tensor:
    """A list of tensors is an array to NumPy, and so is what `where` is asked about."""
    best = numpy.argmax([x[0], x[1]])
    (found,) = numpy.where(x > 0.6)
    return x[int(best)] + len(found)


class _Schedule:
    """Time steps that are computed by NumPy, then changed as a tensor."""

    def set_steps(self, count: int, offset: int) -> None:
        steps = (numpy.arange(0, count) * 3).round()[::-1].copy().astype(numpy.int64)
        self.steps = torch.from_numpy(steps).to("cpu")
        self.steps += offset


@program((POSITIVE,), (-POSITIVE,), (-MIXED,), (tensor([-1.0, -1.0, 2.0]),))
class StepsOfNumpy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.schedule = _Schedule()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.schedule.set_steps(3, 1)
        total = x.sum()
        for position, step in enumerate(self.schedule.steps):
            total = total + step
            if x[position] > 0:
                break
        return total, self.schedule.steps


# --- arrays that are returned -------------------------------------------------------------------


@program((POSITIVE,), (-POSITIVE,))
def returned(x: Tensor) -> dict[str, Any]:
    """Arrays, a tensor and constants side by side; nothing on the other way."""
    values = x.detach().cpu().numpy()
    if x.sum() > 0:
        return {"values": values, "twice": x * 2, "parts": [values[1:], values[0], values.sum()]}
    return {"table": numpy.array([[1, 2], [3, 4]]), "half": numpy.float32(0.5), "x": None}


@program((TABLE,), (-TABLE,))
def scalars_and_arrays_of_rank_0(x: Tensor) -> tuple[Any, ...]:
    """What NumPy makes of a number: an array of rank 0, or a scalar, which have other types."""
    whole, scalar = x.sum().numpy(), x.numpy().sum()
    made = (numpy.array(scalar), whole.copy(), scalar.copy(), whole.astype(float), whole.T)
    moved = (whole.reshape(()), numpy.squeeze(whole), numpy.where(x.numpy()[0] > 0, 1.0, 0.0))
    computed = (whole + 1, numpy.abs(whole), numpy.maximum(whole, scalar), whole.max(), whole[()])
    return whole, scalar, made, moved, computed, numpy.float64(2.0), numpy.ones(())


@program((POSITIVE,), (-POSITIVE,), (POSITIVE + 9,))
def list_of_arrays(x: Tensor) -> tuple[list[Any], Any]:
    """A list of arrays that data lets grow, and the last of them."""
    kept = []
    largest = None
    while x.sum() < 10:
        x = x + 1.5
        kept.append(x.numpy())
        largest = x.numpy().max()
    return kept, largest


@program((TABLE, tensor(1)), (-TABLE, tensor(2)))
def chosen_array(x: Tensor, count: Tensor) -> Any:
    """An array that paths make differently, some of them of a size that depends on data."""
    if x[0, 0] > 0:
        values = x.numpy()
    else:
        values = numpy.zeros((2, 3), dtype=numpy.float32)
    return values, values[:, : int(count)], numpy.nonzero(x.numpy() > 0)[0]
