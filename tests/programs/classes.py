"""User classes and modules: methods, properties, inheritance, shared parts."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn, tensor

from .case import made_by, normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


class Range:
    """A plain class with a property, operators and a call."""

    limit = 2.5

    def __init__(self, low: Tensor, high: Tensor) -> None:
        self.low = low
        self.high = high

    @property
    def width(self) -> Tensor:
        return self.high - self.low

    @classmethod
    def around(cls, center: Tensor) -> Range:
        return cls(center - 1, center + 1)

    @staticmethod
    def clip(x: Tensor) -> Tensor:
        return x.clamp(max=Range.limit)

    def __call__(self, x: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(x, self.low), self.high)

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __getitem__(self, end: int) -> Tensor:
        return (self.low, self.high)[end]

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.low, self.high))


@program((POSITIVE,), (NEGATIVE,))
def plain_class(x: Tensor) -> Tensor:
    bounds = Range(x.min(), x.mean())
    if bounds.width > 0.5:
        bounds.high = bounds.high + 1
    return bounds(x)


@program((POSITIVE,), (NEGATIVE,))
def special_methods(x: Tensor) -> Tensor:
    bounds = Range.around(x) + Range(x, x * 2)
    if bounds[1].sum() > 0:
        bounds = bounds + bounds
    low, high = bounds
    return Range.clip(low) * len(bounds) + high


@dataclass
class Beam:
    """State of a search, changed in place."""

    score: Tensor
    words: list[int] = field(default_factory=lambda: [])
    done: bool = False

    def extend(self, word: int, score: Tensor) -> None:
        self.words.append(word)
        self.score = self.score + score


@program((POSITIVE,), (NEGATIVE,))
def dataclass_object(x: Tensor) -> tuple[Tensor, list[int], bool]:
    beam = Beam(torch.zeros(()))
    for word in range(3):
        beam.extend(word, x[word])
        if beam.score < 0:
            beam.done = True
    longer = replace(beam, score=beam.score * 2)
    return longer.score, beam.words, beam.done


class Options(NamedTuple):
    """A named tuple that the program makes and takes apart."""

    scale: Tensor
    shift: float = 1.0


@program((POSITIVE,), (NEGATIVE,))
def named_tuple(x: Tensor) -> Tensor:
    options = Options(x.max())
    if options.scale > 0:
        options = options._replace(shift=5.0)
    scale, shift = options
    return x * scale + shift + options[0]


class Activation(enum.Enum):
    """A static choice."""

    RELU = "relu"
    TANH = "tanh"


class Layer(nn.Module):
    """A layer that subclasses extend."""

    activation = Activation.RELU

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size)

    def activate(self, x: Tensor) -> Tensor:
        return x.relu() if self.activation is Activation.RELU else x.tanh()

    def forward(self, x: Tensor) -> Tensor:
        y = self.activate(self.linear(x))
        return y if y.sum() > 0.8 else y - 1


@program((POSITIVE,), (NEGATIVE,))
class ResidualLayer(Layer):
    """`super()`, an overridden method, and an enumeration."""

    activation = Activation.TANH

    def activate(self, x: Tensor) -> Tensor:
        return super().activate(x) * 2

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


@program((POSITIVE,), (NEGATIVE,))
class ModuleWithProperties(nn.Module):
    """Properties, `getattr` with a default, `hasattr`, a module dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({"first": nn.Linear(3, 3), "second": Layer()})
        self.order = ["second", "first"]

    @property
    def head(self) -> nn.Module:
        return self.parts[self.order[-1]]

    def forward(self, x: Tensor) -> Tensor:
        for name in self.order:
            x = x + self.parts[name](x)
        if hasattr(self, "missing") or getattr(self, "absent", None) is not None:
            x = x * 1000
        return self.head(x) if x.sum() > 0 else x


class Shared(nn.Module):
    """One layer under two names, and in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Layer()
        self.second = self.first
        self.layers = nn.ModuleList([self.first, nn.Linear(3, 3), self.second])

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            x = self.first(x)
        for layer in self.layers:
            x = x + layer(x)
        return self.second(x)


@made_by((POSITIVE,), (NEGATIVE,))
def shared_modules() -> nn.Module:
    """H17: sub-modules that are shared."""
    return Shared()


@program((tensor([0, 2, 1]),), (tensor([3, 3, 3]),))
class TiedWeights(nn.Module):
    """H17: one parameter in two modules."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 4)
        self.output = nn.Linear(4, 4, bias=False)
        self.output.weight = self.embedding.weight

    def forward(self, words: Tensor) -> Tensor:
        states = self.embedding(words)
        if states.sum() > 0:
            states = states.relu()
        return self.output(states)


class TwoHeads(nn.Module):
    """A module whose `forward` is replaced on the instance."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.linear(x), x

    def only_output(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        return y + 10 if y.sum() > 0 else y - 10


class Wrapper(nn.Module):
    """Call a module whose `forward` was replaced."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Any:
        return self.inner(x)


def _reassigned() -> nn.Module:
    module = TwoHeads()
    module.forward = module.only_output  # pyright: ignore[reportAttributeAccessIssue]: the point
    return module


@made_by((POSITIVE,), (NEGATIVE,), (normal(3, 3) * 9,))
def reassigned_forward() -> nn.Module:
    """H23: `self.forward = ...` on the instance."""
    return _reassigned()


@made_by((POSITIVE,), (NEGATIVE,), (normal(3, 3) * 9,))
def reassigned_forward_inside() -> nn.Module:
    """H23: the same, one call deeper."""
    return Wrapper(_reassigned())


class Called(nn.Module):
    """A module that overrides `__call__`."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def __call__(self, x: Tensor) -> Tensor:
        return self.forward(x) * 2 if x.sum() > 0 else self.forward(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


@made_by((POSITIVE,), (NEGATIVE,))
def overridden_call() -> nn.Module:
    """H23: `__call__` of a module class, below another module."""
    return Wrapper(Called())


@made_by((POSITIVE,), (NEGATIVE,))
def bound_method() -> Callable[..., Any]:
    """A method of an instance as the program."""
    return TwoHeads().only_output


class Gated(nn.Sequential):
    """A container with a `forward` of its own."""

    def forward(self, input: Tensor) -> Tensor:
        for index, module in enumerate(self):
            if input.sum() > 0 or index == 0:
                input = module(input)
        return input


@made_by((POSITIVE,), (NEGATIVE,), (POSITIVE * 9,), (NEGATIVE * 9,), (normal(1, 3) * 5,))
def subclass_of_sequential() -> nn.Module:
    return Gated(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))


@program((POSITIVE,), (NEGATIVE,))
class PlainTensorAttributes(nn.Module):
    """H10: tensors that are neither parameters nor buffers, and a list of them."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = tensor([1.0, 10.0, 100.0])
        self.shifts = [tensor(1.0), tensor(2.0)]

    def forward(self, x: Tensor) -> Tensor:
        y = x * self.scale + tensor([0.5, 0.25, 0.125])
        for shift in self.shifts:
            if y.sum() > shift:
                y = y - shift
        return y.clone()


@program((POSITIVE,), (NEGATIVE,))
def cloned_constants(x: Tensor) -> tuple[Tensor, Tensor]:
    """H10: constants that are cloned, changed, and decided on."""
    limit = tensor(1.5).clone()
    steps = tensor(0)
    y = x.clone()
    while y.max() > limit:
        y = y - limit
        steps = steps + 1
    if steps > 0:
        limit.add_(1)
    return y * limit, steps


class Record(OrderedDict[str, Any]):
    """A dictionary whose entries are attributes too, as outputs of published models are."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in {entry.name for entry in fields(self)} and value is not None:  # type: ignore[arg-type] -- of dataclasses
            super().__setitem__(name, value)
        super().__setattr__(name, value)


@dataclass
class ModelOutput(Record):
    """What a model returns: what is None is no entry."""

    hidden: Tensor
    pooled: Tensor | None = None
    notes: list[str] = field(default_factory=list[str])
    scale: float = 2.0

    def __post_init__(self) -> None:
        self.scale = self.scale + 1
        self.notes.append("made")

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if isinstance(key, str) else tuple(self.values())[key]


@program((POSITIVE,), (NEGATIVE,))
def record_with_its_own_ways(x: Tensor) -> tuple[Tensor, int, list[str]]:
    output = ModelOutput(x * 2, x.sum() if x.sum() > 0 else None)
    total = output[0] * output.scale
    if output.pooled is not None:
        total = total + output["pooled"] + output.hidden
    return total, len(output), output.notes


@dataclass(frozen=True)
class Bounds:
    """A frozen dataclass that checks itself."""

    low: Tensor
    high: Tensor

    def __post_init__(self) -> None:
        if self.low.sum() > self.high.sum():
            raise ValueError("the bounds are in the wrong order")


@program((POSITIVE, POSITIVE + 1), (POSITIVE, NEGATIVE))
def dataclass_checks_itself(x: Tensor, y: Tensor) -> Tensor:
    bounds = Bounds(x, high=y)
    return bounds.high - bounds.low


@program((POSITIVE,), (NEGATIVE,), (tensor([1.0, -9.0, 3.0]),))
def record_is_changed_on_one_path(x: Tensor) -> tuple[Tensor, int, float]:
    output = ModelOutput(x)
    if x.max() > 2:
        output.scale = output.scale * 2
        if x.sum() > 0:
            output["more"] = x + 1
    output["last"] = x - 1
    return output[0] * output.scale + output[-1], len(output), output.scale


class Reversed(nn.Module):
    """Wraps a module that somebody else has made, as solvers do with what they integrate."""

    def __init__(self, inner: nn.Module, factor: float = 1.0) -> None:
        super().__init__()
        self.inner = inner
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) * self.factor


@program((normal(0, 3),), (-normal(0, 3).abs(),), (normal(0, 3).abs() * 9,))
class WrapsItsParts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        layer: nn.Module = self.linear
        if x.sum() > 0:
            layer = Reversed(layer, factor=-1.0)
        try:
            hook: Any = self.no_such_attribute
        except AttributeError:
            hook = layer
        return hook(Reversed(layer)(x)) if x.max() < 5 else x


@program((POSITIVE,), (NEGATIVE,))
def classes_of_a_function(x: Tensor) -> tuple[Tensor, Tensor]:
    factor = 2

    class Inner:
        scale = 3

        def __init__(self, value: Tensor) -> None:
            self.value = value

        def scaled(self) -> Tensor:
            return self.value * self.scale * factor

    @dataclass
    class State:
        value: Tensor
        steps: int = 0

    class Pair(NamedTuple):
        left: Tensor
        right: Tensor

    state = State(x)
    if x.sum() > 0:
        state = State(Inner(x).scaled(), 1)
    pair = Pair(state.value, x)
    return pair.left + pair.right, pair.right * state.steps


@program((POSITIVE,), (NEGATIVE,))
def module_made_in_the_program(x: Tensor) -> Tensor:
    class Gate(nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.scale = scale
            self.activation = nn.ReLU()

        def forward(self, value: Tensor) -> Tensor:
            if value.sum() > 0:
                return self.activation(value) * self.scale
            return value

    return Gate(2.0)(x) + 1


class _Offset:
    """A hook that is an object."""

    def __call__(self, module: nn.Module, args: tuple[Any, ...]) -> Tensor:
        return args[0] + 1


@program((normal(0, 3),), (-normal(0, 3),), (normal(1, 3),))
class Hooked(nn.Module):
    """Hooks that run before and after modules of torch and of the user, in torch's order."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.linear.register_forward_pre_hook(_Offset())
        self.linear.register_forward_pre_hook(self.scaled, with_kwargs=True)
        self.linear.register_forward_hook(self.doubled)
        self.register_forward_hook(self.residual)

    def scaled(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        return tuple(value * 3 for value in args), kwargs

    def doubled(self, module: nn.Module, args: Any, output: Tensor) -> Tensor | None:
        return output * 2 if output.sum() > 0 else None

    def residual(self, module: nn.Module, args: Any, output: Tensor) -> Tensor:
        return output + args[0]

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


@program((POSITIVE,), (NEGATIVE,))
def identity_of_flags(x: Tensor) -> tuple[Tensor, bool]:
    """There is one True and one False."""
    positive = bool(x.sum() > 0)
    same = positive is bool(x[0] > 0)
    if positive is True:
        x = x + 1
    if positive == False:  # noqa: E712 -- that is the point
        x = x * 2
    return x, same is not False


class _Computed:
    """A descriptor that keeps what it computes, such as `torch.distributions` has."""

    def __init__(self, compute: Callable[[Any], Tensor]) -> None:
        self.compute, self.name = compute, compute.__name__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.compute(instance)
        setattr(instance, self.name, value)
        return value


class _Statistics:
    def __init__(self, x: Tensor) -> None:
        self.x = x

    @_Computed
    def spread(self) -> Tensor:
        deviation = self.x - self.x.mean()
        return deviation.abs().max() if self.x.sum() > 0 else deviation.abs().min()


@program((POSITIVE,), (NEGATIVE,))
def computes_an_attribute_once(x: Tensor) -> Tensor:
    statistics = _Statistics(x)
    return x / statistics.spread + statistics.spread


@torch.jit._script_if_tracing  # type: ignore[attr-defined] -- as torchvision does
def _suppressed(x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else x


@program((POSITIVE,), (NEGATIVE,))
def decorated_by_torch(x: Tensor) -> Tensor:
    return _suppressed(x) + 1


class _Travellers(NamedTuple):
    """A state whose rows are chosen by an index, as the rows of a tensor are."""

    positions: Tensor
    lengths: Tensor

    def __getitem__(self, key: Any) -> Any:
        assert isinstance(key, Tensor)
        return self._replace(positions=self.positions[key], lengths=self.lengths[key])


class _Board:
    def __init__(self, x: Tensor) -> None:
        self.cells, self.moves = x.clone(), 0

    def __setitem__(self, place: Any, value: Any) -> None:
        self.cells[place] = value
        self.moves += int(place) + 1


@program(
    *[(tensor(x),) for x in ([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [-1.0, 2.0, 3.0], [0.5, -2, 1])]
)
def indexed_by_data(x: Tensor) -> tuple[Any, ...]:
    state = _Travellers(x, torch.zeros(3))
    unfinished = torch.nonzero(x > 0)[:, 0]
    if len(unfinished) > 1:
        state = state[unfinished]
    board = _Board(x)
    board[x.argmax()] = x.min()
    return *state, board.cells, board.moves


class _Hypotheses:
    """What a search has found."""

    def __init__(self, start: Tensor) -> None:
        self.best = start
        self.mode = "none"

    def add(self, x: Tensor) -> None:
        self.best = torch.maximum(self.best, x)


@program((POSITIVE,), (NEGATIVE,), (POSITIVE / 4,), (tensor([3.0, -5.0, 0.0]),))
class KeptForNobody(nn.Module):
    """Objects, text, and lists of dictionaries in attributes that each call sets anew."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Any = _Hypotheses(torch.zeros(1))
        self.mode = "none"
        self.done: list[list[dict[str, Any]]] = []

    def forward(self, x: Tensor) -> tuple[Tensor, bool, int]:
        self.found = _Hypotheses(x)
        self.mode = "high" if x.max() > 1 else "low"
        self.done = [[] for _ in range(2)]
        steps = 0
        while x.sum() > 1:
            x = x / 2
            self.found.add(1 - x)
            self.done[0].append({"row": x, "sum": x.sum().item()})
            steps += 1
        return self.found.best, self.mode == "high", len(self.done[0])
