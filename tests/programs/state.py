"""State that modules keep between calls. Each program is called several times in a row."""

from typing import Any

import torch
from torch import Tensor, nn, tensor

from .case import made_by, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


@program((POSITIVE,), (POSITIVE,), (NEGATIVE,), (POSITIVE,))
class Counter(nn.Module):
    """H8: an integer that is read, then written."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        y = x * self.calls
        self.calls += 1
        return y, self.calls


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,), (POSITIVE,))
class ReadBeforeWritten(nn.Module):
    """H8: the attribute is read long before one arm writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 1.0
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x) * self.scale
        if x.sum() > 0:
            y = y + 1
            self.scale = self.scale * 2
        return y


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 2,))
class Buffer(nn.Module):
    """A buffer that is replaced, and one that is changed in place."""

    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(3))
        self.register_buffer("count", tensor(0))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        self.count += 1
        self.total = self.total + x
        return self.total / self.count, self.total * 1.0


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 2,), (POSITIVE * 3,))
class Cache(nn.Module):
    """H8: None, then a tensor: without a guard the second call is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.cache is None:
            self.cache = x * 10
            return x
        return x + self.cache


@program((POSITIVE,), (NEGATIVE,), (NEGATIVE,), (POSITIVE,), (POSITIVE,))
class CacheThatIsCleared(nn.Module):
    """H8: None to tensor and back, by data."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None

    def forward(self, x: Tensor) -> tuple[Tensor, bool]:
        known = self.last is not None
        y = x if self.last is None else x + self.last
        if x.sum() > 0:
            self.last = x * 2
        else:
            self.last = None
        return y, known


@program((tensor([[1.0, 2.0]]),), (tensor([[3.0, 4.0]]),), (tensor([[5.0, 6.0]]),))
class KeyValueCache(nn.Module):
    """A cache that grows by one row with each call."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(2, 4)
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        key, value = self.project(x).chunk(2, dim=-1)
        if self.keys is not None and self.values is not None:
            key = torch.cat([self.keys, key])
            value = torch.cat([self.values, value])
        self.keys, self.values = key, value
        return (x @ key.t()).softmax(-1) @ value


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,), (NEGATIVE,))
class ToggledFlag(nn.Module):
    """A boolean that every second call finds set."""

    def __init__(self) -> None:
        super().__init__()
        self.odd = False

    def forward(self, x: Tensor) -> Tensor:
        self.odd = not self.odd
        if self.odd:
            return x + 1
        return x - 1 if x.sum() > 0 else x * 2


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class MovingAverage(nn.Module):
    """A float that data moves."""

    def __init__(self) -> None:
        super().__init__()
        self.average = 0.0
        self.warm = False

    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        if self.warm:
            self.average = 0.9 * self.average + 0.1 * x.mean().item()
        else:
            self.average = x.mean().item()
            self.warm = True
        return x - self.average, self.average


class _Meter:
    """A plain object that a module owns."""

    def __init__(self) -> None:
        self.highest = 0.0
        self.updates = 0

    def update(self, value: float) -> None:
        if value > self.highest:
            self.highest = value
        self.updates += 1


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 5,))
class StateOfAPlainObject(nn.Module):
    """State that is not on a module but on an object below it."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = _Meter()

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.meter.update(x.max().item())
        return x / (1.0 + self.meter.highest), self.meter.updates


class _Counting(nn.Module):
    """A sub-module with a counter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        return x + self.count


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class StateOfASubmodule(nn.Module):
    """One counting module that is called once or twice per call, and a second one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = _Counting()
        self.second = _Counting()

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        y = self.first(x)
        if x.sum() > 0:
            y = self.first(y)
        y = self.second(y)
        return y, self.first.count


@made_by((POSITIVE,), (NEGATIVE,), (POSITIVE,))
def shared_state() -> nn.Module:
    """One counting module under two names."""
    counting = _Counting()
    return nn.Sequential(counting, nn.ReLU(), counting)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 3,))
class InPlaceState(nn.Module):
    """A buffer that a view changes in one arm."""

    memory: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("memory", torch.zeros(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        row = self.memory[0]
        if x.sum() > 0:
            row.add_(x)
        else:
            self.memory[1] = x
        return self.memory.sum(0)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,), (POSITIVE,))
class StateInALoop(nn.Module):
    """State that a data-dependent loop changes."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = 6
        self.rounds = 0

    def forward(self, x: Tensor) -> tuple[Tensor, int, int]:
        while x.sum() > 1 and self.budget > 0:
            x = x / 2
            self.budget -= 1
            self.rounds += 1
        return x, self.budget, self.rounds


@program((POSITIVE,), (POSITIVE,), (NEGATIVE,), (POSITIVE,))
class WarmUp(nn.Module):
    """The count of calls selects what is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.step += 1
        if self.step <= 2:
            return self.linear(x)
        return self.linear(x) * 0.5 ** (self.step - 2)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class Accumulator(nn.Module):
    """A tensor attribute that is no buffer, changed in place, and returned."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = torch.zeros(3)

    def forward(self, x: Tensor) -> Tensor:
        self.sum += x
        if self.sum.sum() > 5:
            self.sum.zero_()
        return self.sum.clone()


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class WrittenBeforeRaising(nn.Module):
    """H8: an exception does not undo what was written before."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.calls += 1
        if x.sum() < 0:
            raise ValueError("negative")
        return x, self.calls


@program((POSITIVE,), (POSITIVE,), (NEGATIVE,))
class IntegerThatBecomesFloat(nn.Module):
    """H8: a cell of another type from the second call on."""

    def __init__(self) -> None:
        super().__init__()
        self.level = 0

    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        before = self.level
        self.level = before + x.max().item()  # pyright: ignore[reportAttributeAccessIssue]
        return x * before, self.level


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class History(nn.Module):
    """A list that grows from call to call."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.seen.append(x * 2)
        return torch.stack(self.seen).sum(0), len(self.seen)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class CountsInADictionary(nn.Module):
    """Numbers that are kept in a container."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = {"positive": 0, "negative": 0}

    def forward(self, x: Tensor) -> dict[str, int]:
        self.counts["positive" if x.sum() > 0 else "negative"] += 1
        return dict(self.counts)


@program((torch.eye(3, 4),), (torch.eye(3, 4) * 5,), (torch.ones(3, 4),))
class BatchStatistics(nn.Module):
    """H18: buffers that a native function changes in place."""

    mean: Tensor
    variance: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("variance", torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.batch_norm(x, self.mean, self.variance, training=True)


@program((POSITIVE * 9,), (POSITIVE,), (NEGATIVE,), (POSITIVE,), (POSITIVE * 2,), (NEGATIVE,))
class KeysAndValues(nn.Module):
    """A cache that is None at first, then a list of tuples of tensors that grow."""

    past: list[tuple[Tensor, Tensor]] | None

    def __init__(self) -> None:
        super().__init__()
        self.past = None
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        key, value = self.linear(x)[None], x[None]
        if self.past is not None:
            old_key, old_value = self.past[0]
            key, value = torch.cat([old_key, key]), torch.cat([old_value, value])
        self.past = [(key, value)]
        if value.sum() > 15:
            self.past = None
        return (key @ x).softmax(0) @ value


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 5,), (POSITIVE,))
class Trace(nn.Module):
    """A list of data-dependent length in an attribute that did not exist, or held None."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Tensor] | None = None

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        before = 0 if self.rows is None else len(self.rows)
        residuals: list[float] = []
        rows = [x]
        while rows[-1].sum() > 1.0:
            rows.append(rows[-1] / 2)
            residuals.append(rows[-1].max().item())
        self.residuals = residuals
        self.rows = rows
        return torch.stack(self.rows), before


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,), (POSITIVE * 2,), (NEGATIVE,))
class Window(nn.Module):
    """The last inputs: a list that grows, then stays as long as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.recent: list[Tensor] = []

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.recent.append(x)
        if len(self.recent) > 2:
            self.recent.pop(0)
        return torch.stack(self.recent).mean(0), len(self.recent)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,), (NEGATIVE,))
class Nested(nn.Module):
    """Lists of numbers in a dictionary, of which one begins filled, and text beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.log: dict[str, Any] = {"name": "log", "high": [0.5], "last": torch.zeros(3)}

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        high = self.log["high"]
        if x.sum() > 0:
            high.append(x.max().item())
        before = self.log["last"]
        self.log["last"] = x * 2
        return before + x, len(high)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class SharedState(nn.Module):
    """Two attributes hold one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = torch.zeros(3)
        self.outputs = (torch.zeros(3), 0)

    def forward(self, x: Tensor) -> Tensor:
        self.hidden = (self.hidden + x).tanh() if x.sum() > 0 else self.hidden * 0.5
        last, count = self.outputs
        self.outputs = (self.hidden, count + 1)
        return self.hidden + last * count


@program((POSITIVE,), (NEGATIVE,), (POSITIVE * 2,))
class ResetInForward(nn.Module):
    """Each call begins anew: what the one before has left does not matter."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: Tensor | None = None
        self.seen: list[Tensor] = []

    def step(self, x: Tensor) -> Tensor:
        self.hidden = x if self.hidden is None else self.hidden * 0.5 + x
        self.seen.append(self.hidden)
        return self.hidden

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.hidden, self.seen = None, []
        for _ in range(2):
            if self.step(x).sum() > 0:
                x = x - 1
        return torch.stack(self.seen), len(self.seen)


@program(
    (POSITIVE,),
    (NEGATIVE,),
    (POSITIVE.flip(0),),
    (NEGATIVE,),
    (tensor([0.0, -1.0, 2.0]),),
    (torch.zeros(3),),
    (tensor([0.0, 1.0, 2.0]),),
)
class KeptForOthers(nn.Module):
    """State that the program never reads, and does not write on every path."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Any = None

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            self.last = {"value": x * 2}
            if x[0] > x[1]:
                self.last = (x, {"max": x.max().item()})
        if x[0] == 0:
            self.last = None
        return x + 1


@program((NEGATIVE,), (NEGATIVE * 9,), (POSITIVE,), (NEGATIVE,), (NEGATIVE * 9,), (POSITIVE,))
class ReadOnOnePath(nn.Module):
    """State that is overwritten on one path and read on the other."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() < -20:
            raise ValueError("too small")
        if x.sum() > 0:
            self.hidden = x
        if self.hidden is None:
            return x
        self.hidden = self.hidden * 2
        return self.hidden
