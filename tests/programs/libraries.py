"""What libraries put around programs, and what programs take from them."""

# Much here is as untyped as public code is.
# pyright: basic, reportArgumentType=false, reportIncompatibleMethodOverride=false
# pyright: reportOperatorIssue=false, reportOptionalOperand=false, reportCallIssue=false

import contextlib
import functools
import itertools
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn, tensor
from torch.nn.functional import linear, one_hot, pad
from torch.nn.utils.rnn import pad_sequence
from torch.utils.checkpoint import checkpoint

from .case import program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
COUNTS = tensor([2, 1, 3])
OTHER_COUNTS = tensor([1, 0, 2])


def _maybe(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inner(x: Any, *args: Any) -> Any:
        return None if x is None else function(x, *args)

    return inner


@program((POSITIVE,), (NEGATIVE,))
def decorates_while_it_runs(x: Tensor) -> Any:
    """The wrapper has the name of what it wraps."""
    scale = _maybe(linear)

    def own(y: Tensor) -> Tensor:
        return y * 3 if y.sum() > 0 else y

    wrapped = _maybe(own)
    return scale(x, torch.eye(3)), {wrapped.__name__: wrapped(x)}, wrapped(None)


@torch.autocast("cpu", enabled=False)
def _in_full_precision(x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else x - 1


@program((POSITIVE,), (NEGATIVE,))
class CalledWithoutAutocast(nn.Module):
    """The decorator of torch switches autocast off, which it is."""

    @torch.autocast("cpu", enabled=False)
    def forward(self, x: Tensor) -> Tensor:
        return _in_full_precision(x) if x[0] > -2 else x


class _Threshold(torch.autograd.Function):
    """With a context that keeps what the gradient needs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, limit: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.limit = limit
        return x * 2 if x.sum() > ctx.limit else x - ctx.limit

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return gradient, None


class _Split(torch.autograd.Function):
    """With a context of its own."""

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Tensor]:
        return (x.relu(), x) if x.sum() > 0 else (x, x.relu())

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.mark_non_differentiable(output[0])
        ctx.shape = inputs[0].shape


@program((POSITIVE,), (NEGATIVE,))
def functions_with_gradients(x: Tensor) -> Any:
    return _Threshold.apply(x, 1.0), _Split.apply(x)


class _Bar:
    """A progress bar, like `tqdm`'s, which looks at the clock."""

    __module__ = "tqdm.std"

    def __init__(self, iterable: Any = None, **options: Any) -> None:
        self.items, self.begin, self.options = iterable, time.time(), options

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def set_postfix(self, **values: Any) -> None:
        self.options.update(values)

    def close(self) -> None:
        self.items = None


@program((POSITIVE, tensor(3)), (NEGATIVE, tensor(5)))
def shows_progress(x: Tensor, count: Tensor) -> Tensor:
    bar = _Bar(range(3), desc="known")
    for step in bar:
        x = x + step if x.sum() > 0 else x - step
        bar.set_postfix(loss=x.sum().item())
    for step in _Bar(iterable=range(int(count)), desc="unknown"):
        x = x * 0.5 + step
    bar.close()
    return x


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what `beartype` makes: code without a file that checks, then calls."""
    source = "def check(*args, **kwargs):\n    return function(*args, **kwargs)\n"
    scope: dict[str, Any] = {"function": function}
    exec(compile(source, "<@beartype(forward) at 0x1>", "exec"), scope)  # noqa: S102 -- as it does
    return functools.wraps(function)(scope["check"])


@program((POSITIVE,), (NEGATIVE,))
class ChecksTypes(nn.Module):
    @_checked
    def forward(self, x: Tensor) -> Tensor:
        return self.scaled(x) if x.sum() > 0 else x

    @_checked
    def scaled(self, x: Tensor) -> Tensor:
        return x * 4


def _logger() -> Any:
    """Return a logger like that of `loguru`, which looks at the clock."""
    lines = ("import time", "class Logger:", "    def warning(self, text):", "        time.time()")
    module = types.ModuleType("loguru")
    exec(compile("\n".join(lines), "<loguru>", "exec"), vars(module))  # noqa: S102 -- see above
    return module.Logger()


_LOGGER = _logger()


@program((POSITIVE,), (NEGATIVE,))
def logs_what_it_does(x: Tensor) -> Tensor:
    if x.sum() > 0:
        _LOGGER.warning(f"the sum is {x.sum().item()}")
        return x
    return x + 1


@program((COUNTS,), (OTHER_COUNTS,), (tensor([0, 2, 1]),))
def pads_by_data(counts: Tensor) -> Any:
    """Padding by a negative number crops."""
    x = torch.arange(5.0)
    grown = pad(x, (counts[0].item() - 1, 2 - counts[1].item()), value=7.0)
    filled = pad(x, (0, max(0, 9 - int(counts.sum()))))
    return grown, filled, pad(torch.ones(2, 3), (0, 1, counts[0].item(), -counts[1].item()))


@program((COUNTS,), (OTHER_COUNTS,))
def shifts_what_is_selected(counts: Tensor) -> Any:
    chosen = counts[counts > 0]
    return pad(chosen, (1, -1)), pad(chosen.unsqueeze(0), (-1, 2), value=9)


@program((COUNTS,), (OTHER_COUNTS,))
def counts_of_classes(counts: Tensor) -> Any:
    classes = max(counts.max() + 1, 3)
    return one_hot(counts), one_hot(counts, classes)[..., :3], one_hot(counts, int(classes))


@program((tensor(1),), (tensor(2),), (tensor(7),))
def steps_by_data(count: Tensor) -> Any:
    steps = int(count)
    falling = torch.linspace(2.0, -1.0, steps, dtype=torch.float64)
    fine = torch.linspace(0, 0.6, steps, dtype=torch.float64)
    return torch.linspace(0, 1, count), falling, fine, torch.linspace(0, 99, steps, dtype=torch.int)


@program((COUNTS, tensor(9)), (COUNTS, tensor(2)), (-COUNTS, tensor(9)))
def classes_that_there_are_not(counts: Tensor, classes: Tensor) -> Tensor:
    return one_hot(counts, int(classes))


@program((COUNTS,), (tensor([1, 1, 1]),))
def pads_what_is_unique(counts: Tensor) -> Any:
    parts = [counts.unique(), counts[:2].unique(), counts]
    padded = pad_sequence(parts, batch_first=True, padding_value=-1)
    return padded, pad_sequence(parts[:2]), padded.float().logit().isnan()


@program((POSITIVE,), (NEGATIVE,))
def numbers_that_are_constants(x: Tensor) -> Any:
    """What is computed of constants alone is known while compiling."""
    parts: dict[int, Tensor] = {}
    for amount in (2 ** torch.arange(3)).tolist():
        parts[amount] = x * amount if x.sum() > 0 else x - amount
    times = torch.linspace(0, 1, 3).cos() * tensor([3.0, 4.0, 5.0])
    return parts, [x[:1].repeat(max(int(time), 1)) for time in times.unbind()]


@program((POSITIVE,), (NEGATIVE,), (POSITIVE,))
class RegistersABuffer(nn.Module):
    """A cache that is registered while the program runs is state."""

    cache: Tensor | None

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.cache is None:
            self.register_buffer("cache", x * 10, persistent=False)
        elif x.sum() > 0:
            x = x + self.cache
        return x + self.cache


@program((POSITIVE,), (NEGATIVE,))
class ArrangesItsModules(nn.Module):
    """Containers of modules that there are."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        shallow = nn.Sequential(*self.stages[:2], nn.ReLU())
        deep = nn.ModuleList([self.stages[2], shallow])
        for stage in deep if x.sum() > 0 else [shallow]:
            x = stage(x)
        return x


@program((POSITIVE,), (NEGATIVE,))
class HasContexts(nn.Module):
    """A method that is a context manager; modes that do not change."""

    def forward(self, x: Tensor) -> Tensor:
        was_training = self.training
        self.eval().to(x.device, torch.float32).cpu()
        with self.scaled(x) as y:
            y = y + 1 if y.sum() > 0 else y
        self.train(was_training)
        return y

    @contextlib.contextmanager
    def scaled(self, x: Tensor) -> Iterator[Tensor]:
        yield x * 2


@program((POSITIVE,), (NEGATIVE,))
def iterators_side_by_side(x: Tensor) -> Any:
    parts = [x, x + 1]
    longest = itertools.zip_longest(range(3), reversed(parts), fillvalue=None)
    total = [x * i if y is None or y.sum() > 7 else y for i, y in longest]
    return (
        total,
        list(itertools.permutations(reversed([1, 2]))),
    )


@program((POSITIVE,), (NEGATIVE,))
def complex_numbers(x: Tensor) -> Tensor:
    y = (x + 0j) * (1 + 2j)
    return torch.view_as_real(y) if x.sum() > 0 else torch.view_as_real(y + 1j)


class _Counted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.linear(x) if x.sum() > 0 else x * self.calls


def _doubled(x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else x - 1


_compiled_double = torch.compile(_doubled, backend="eager")


@program((POSITIVE,), (NEGATIVE,))
class IsCompiledElsewhere(nn.Module):
    """What `torch.compile` wraps is interpreted, as is what Dynamo is kept away from."""

    def __init__(self) -> None:
        super().__init__()
        self.part = torch.compile(_Counted(), backend="eager")
        self.last = nn.Linear(3, 3)
        self.last.compile(backend="eager")
        self.step = torch.compile(self.step, backend="eager")

    @torch.compiler.disable
    def bias(self) -> Tensor:
        return self.part.linear.bias

    def step(self, x: Tensor) -> Tensor:
        return self.part(x) + self.bias()

    @torch.compile(backend="eager")
    def forward(self, x: Tensor) -> Tensor:
        return self.last(_compiled_double(self.step(x)))


@program((POSITIVE,), (NEGATIVE,))
def keeps_no_activations(x: Tensor) -> Tensor:
    """`checkpoint` calls the function, of which no gradient is wanted."""
    y = checkpoint(lambda a: a * 2 if a.sum() > 0 else -a, x, use_reentrant=False)
    return y + checkpoint(_doubled, x, use_reentrant=False)
