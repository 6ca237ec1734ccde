"""Programs that must be refused, each with the place that the diagnostic must name."""

# Much here is untyped, undefined or unreachable on purpose.
# pyright: basic, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false

import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy
import torch
from torch import Tensor, nn, tensor

from .refusal import Refused, refused, refused_maker

POSITIVE = tensor([1.0, 2.0, 3.0])


def _hook(module: nn.Module, args: Any, output: Tensor) -> Tensor:
    return output * 2


@refused(POSITIVE)
def python_random(x: Tensor) -> Tensor:
    """H9: it would be drawn once."""
    if random.random() > 0.5:  # <- MC0105: random.random()
        return x
    return x + 1


@refused(POSITIVE)
def clock(x: Tensor) -> Tensor:
    """H9: it would be read once."""
    return x * time.time()  # <- MC0105: time.time()


_SCALE: ContextVar[Tensor] = ContextVar("scale")


@refused(POSITIVE)
def context_variable_that_stays_set(x: Tensor) -> Tensor:
    """Whoever reads it after the call would miss the value."""
    _SCALE.set(x.sum())
    return x * _SCALE.get()  # <- MC0105: return x * _SCALE.get()


@refused(POSITIVE)
def numpy_random(x: Tensor) -> Tensor:
    """H9: it would be drawn once."""
    noise = numpy.random.rand()  # <- MC0105: numpy.random.rand()
    return x + noise


@refused(POSITIVE)
def prints_an_object(x: Tensor) -> Tensor:
    """H9: it shows an address, which differs from call to call."""
    y = x * 2
    print(object())  # <- MC0105: print(object())
    return y


@refused(POSITIVE)
def reads_a_file(x: Tensor) -> Tensor:
    """H9: it would be read once."""
    with open(__file__) as source:  # <- MC0105: open(__file__)
        return x * len(source.read())


COUNTS = {"calls": 0}
TOTAL = 0


@refused(POSITIVE)
def writes_a_global(x: Tensor) -> Tensor:
    """H9: it would be written once."""
    global TOTAL
    TOTAL = TOTAL + 1  # <- MC0105: TOTAL
    return x * TOTAL


@refused(torch.ones(2, 4))
class HookThatStays(nn.Module):
    """A hook that the next call would find."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        self.linear.register_forward_hook(lambda module, args, output: output * 2)
        return self.linear(x)  # <- MC0105: return self.linear(x)


@refused(torch.ones(1, 2, 4))
class HookInsideOfTorch(nn.Module):
    """A hook on a part of a layer that torch runs as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 1, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        part = self.layer.linear1
        handle = part.register_forward_hook(_hook)  # <- MC0105: part.register_forward_hook(_hook)
        x = self.layer(x)
        handle.remove()
        return x


@refused(POSITIVE)
def changes_a_global(x: Tensor) -> Tensor:
    """H9: a dictionary outside of the program would be changed once."""
    COUNTS["calls"] += 1  # <- MC0105: COUNTS["calls"]
    return x * COUNTS["calls"]


class Hooked(nn.Module):
    """A module with a forward hook of torch's own."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.linear.register_forward_hook(torch.relu)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y = x + 1
        return self.linear(y)  # <- MC0101: self.linear(y)


@refused_maker(POSITIVE)
def training_mode() -> Callable[..., Any]:
    """H18: dropout and batch statistics of training."""

    class Training(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = nn.Dropout(0.5)

        def eval(self) -> "Training":
            return self

        def forward(self, x: Tensor) -> Tensor:  # <- MC0110: def forward
            return self.dropout(x)

    return Training()


@refused(POSITIVE)
def seeds_the_generator(x: Tensor) -> Tensor:
    """H9, H19: the generator would be seeded once."""
    torch.manual_seed(3)  # <- MC0105: torch.manual_seed(3)
    return x + torch.rand(3)


def _remembers(x: Tensor, seen: list[Tensor] = []) -> Tensor:  # noqa: B006 -- that is the point
    seen.append(x)  # <- MC0105: seen.append(x)
    return x * len(seen)


refused(POSITIVE)(_remembers)


@refused_maker(POSITIVE)
def counter_in_a_closure() -> Callable[..., Any]:
    """H9: the closure outlives the call."""
    count = 0

    def counting(x: Tensor) -> Tensor:
        nonlocal count
        count += 1  # <- MC0105: count
        return x * count

    return counting


@refused(POSITIVE)
class CountsInTheClass(nn.Module):
    """H9: an attribute of the class is shared by all instances."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        type(self).calls += 1  # <- MC0105: type(self).calls
        return x * self.calls


@refused({"x": POSITIVE})
def changes_an_input_container(batch: dict[str, Tensor]) -> Tensor:
    """The caller would not see it."""
    batch["y"] = batch["x"] * 2  # <- MC0105: batch["y"]
    return batch["y"]


@refused(POSITIVE)
def alias_depends_on_data(x: Tensor) -> Tensor:
    """H4: whether `y` is a view of `base` depends on the path."""
    base = x.clone()
    if x.sum() > 0:
        y = base[:2]
    else:
        y = x[:2] + 1
    y.add_(5)  # <- MC0104: y.add_(5)
    return base


@refused(POSITIVE)
def alias_of_an_input_depends_on_data(x: Tensor) -> Tensor:
    """H4: whether the input is mutated depends on the path."""
    y = x if x.sum() > 0 else x.clone()
    y += 1  # <- MC0104: y
    return y


@refused(torch.ones(3, 2), tensor(3))
def alias_moves_in_a_loop(x: Tensor, count: Tensor) -> Tensor:
    """H4: which row is changed depends on the iteration."""
    y = x.clone()
    row = y[0]
    for _ in range(int(count)):
        row.add_(1)  # <- MC0104: row.add_(1)
        row = y[1]
    return y


@refused(POSITIVE, tensor(3))
def alias_of_an_outer_loop(x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """H4: what `y` aliases is uncertain in the outer loop, so it is in the inner one."""
    y = x + 1
    z = x * 2
    for _ in range(int(count)):
        while y.sum() < 100:
            y.add_(50)  # <- MC0104: y.add_(50)
        y = z
    return y, z


@refused(POSITIVE, tensor(3))
class BufferBehindALoop(nn.Module):
    """H4: without an iteration the buffer itself is changed."""

    total: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(3))

    def forward(self, x: Tensor, count: Tensor) -> Tensor:
        y = self.total
        for _ in range(int(count)):
            y = y + 1
        y.add_(x)  # <- MC0104: y.add_(x)
        return y


@refused(torch.ones(2, 2))
def alias_of_another_layout(x: Tensor) -> tuple[Tensor, Tensor]:
    """H4: a view of the same numbers, of a base that is laid out in another way."""
    y = x.clone()
    row = y[0]
    while y.sum() < 100:
        y = y.t() * 2
        row = y[:, 0]
    y.add_(1)  # <- MC0104: y.add_(1)
    return y, row


@refused(POSITIVE)
def undefined_on_all_paths(x: Tensor) -> Tensor:
    """H24: no data decides whether eager raises UnboundLocalError."""
    if x.dim() > 1:
        y = x * 2
    return y  # <- MC0107: y


@refused(POSITIVE)
def fails_where_it_never_goes(x: Tensor) -> Tensor:
    """H11: no explicit `raise`, so that an error here could be the compiler's as well."""
    if x.sum() > 1e30:
        return x @ torch.zeros(7, 7)  # <- MC0108: x @ torch.zeros(7, 7)
    return x


@refused(POSITIVE)
def product_of_two_dtypes(x: Tensor) -> Tensor:
    """H11: only the kernel knows that it cannot; the function that computes its shape does not."""
    if x.sum() > 1e30:
        return torch.mv(torch.ones(3, 3), x.double())  # <- MC0108: torch.mv
    return x


@refused(POSITIVE)
def convolution_of_two_dtypes(x: Tensor) -> Tensor:
    """H11: whatever the length, which depends on data."""
    kept = x[x > 0].double()[None, None]
    return torch.conv1d(kept, torch.ones(1, 1, 1))  # <- MC0108: torch.conv1d


@refused(POSITIVE)
def addition_of_another_dtype(x: Tensor) -> Tensor:
    """H11: the indices are integers, and may be."""
    return x.index_add(0, torch.tensor([0]), x[:1].double())  # <- MC0108: x.index_add


@refused(POSITIVE)
def index_fails_where_it_never_goes(x: Tensor) -> Tensor:
    """H11: a static index out of range on an arm that no input takes."""
    parts = [x, x + 1]
    if x.sum() > 1e30:
        return parts[5]  # <- MC0108: parts[5]
    return parts[0]


@refused(POSITIVE)
def identity_of_text(x: Tensor) -> bool:
    """Which strings are one object depends on where they come from."""
    label = f"{x.sum().item()}"  # <- MC0102: f"{x.sum().item()}"
    return label is str(x.sum().item())


@refused(POSITIVE)
def attribute_named_by_text(x: Tensor) -> Tensor:
    """A name that is no choice among known ones cannot be looked up."""
    name = f"exp{int(x.argmax())}"  # <- MC0102: f"exp{int(x.argmax())}"
    return getattr(torch, name)(x)


@refused(POSITIVE)
def number_from_text(x: Tensor) -> int:
    """Text is not read as a number."""
    return int("".join([str(int(x.argmax())), "0"]))  # <- MC0102: int("".join


@refused(POSITIVE)
class TextAsState(nn.Module):
    """State is numbers and tensors."""

    label = ""

    def forward(self, x: Tensor) -> Tensor:
        self.label = f"{x.sum().item()}"  # <- MC0102: f"{x.sum().item()}"
        return x


@refused(POSITIVE)
def key_from_data(x: Tensor) -> dict[Any, Tensor]:
    """The keys of a dictionary are part of the program."""
    return {x.sum().item(): x}  # <- MC0102: {x.sum().item(): x}


@refused(tensor([1, 2, 1]))
def member_from_data(x: Tensor) -> int:
    """H13: so are those of a set."""
    seen: set[Any] = set()
    for value in x.tolist():
        seen.add(value)  # <- MC0102: seen.add(value)
    return len(seen)


@refused(POSITIVE)
def text_from_data(x: Tensor) -> dict[str, Tensor]:
    """H13: so are strings."""
    label = f"sum {x.sum().item()}"  # <- MC0102: f"sum {x.sum().item()}"
    return {label: x}


@refused(POSITIVE)
def order_of_equal_elements(x: Tensor) -> Tensor:
    """NumPy does not say how it orders equal elements unless it is asked for a stable order."""
    return x[torch.from_numpy(numpy.argsort(x.numpy()))]  # <- MC0101: numpy.argsort(x.numpy())


@refused(POSITIVE)
def array_that_all_paths_share(x: Tensor) -> Tensor:
    """H2: an array that exists while compiling would be changed on all paths."""
    table = numpy.array([1.0, 2.0, 3.0])
    if x.sum() > 0:
        table[0] = 5.0  # <- MC0105: table[0]
    return x * torch.from_numpy(table)


@refused(POSITIVE)
def key_in_an_array(x: Tensor) -> Tensor:
    """H13: a scalar of NumPy is no number that is known."""
    parts = {0: x, 1: x + 1, 2: x + 2}
    return parts[numpy.argmax(x.numpy())]  # <- MC0102: parts[numpy.argmax(x.numpy())]


@refused(POSITIVE)
def generator_left_in_a_finally(x: Tensor) -> Any:
    """Python would run the `finally` when the last reference is gone."""
    log: list[str] = []

    def halves(y: Tensor) -> Any:
        try:
            while y.sum() > 1:
                y = y / 2
                yield y
        finally:
            log.append("closed")

    steps = halves(x)
    return next(steps), log  # <- MC0101: return next(steps), log


@refused(POSITIVE)
def program_that_yields(x: Tensor) -> Any:  # <- MC0101: def program_that_yields
    """The caller would get an iterator over parts of a call."""
    yield x


@refused(POSITIVE)
def class_that_captures_data(x: Tensor) -> Tensor:
    """Methods of a class could not see how a variable changes."""
    y = x * 2

    class Inner:  # <- MC0101: class Inner:
        def get(self) -> Tensor:
            return y

    return Inner().get()


@refused(POSITIVE)
def same_number(x: Tensor) -> Tensor:
    """Whether two equal numbers are one object is up to Python."""
    if int(x.sum()) is int(x.max()):  # <- MC0102: int(x.sum()) is int(x.max())
        return x
    return x + 1


@refused(POSITIVE, tensor(3))
def kinds_without_end(x: Tensor, count: Tensor) -> Any:
    """The loop variable is a deeper tuple in every iteration."""
    state: Any = x
    for _ in range(int(count)):  # <- MC0103: for
        state = (state, x)
    return state


@refused(torch.ones(2))
def changed_after_it_was_appended(x: Tensor) -> Tensor:
    """H4: a list of run-time length holds values; in eager, the element changes as well."""
    history: list[Tensor] = []
    while x.sum() > 1:
        x = x / 2
        history.append(x)
        x.add_(0.1)  # <- MC0104: x.add_(0.1)
    return torch.stack(history)


@refused(torch.ones(2))
def changed_behind_the_loop(x: Tensor) -> Tensor:
    """H4: the list is of known length where `first` is appended."""
    first = torch.zeros(2)
    history = [first]
    while x.sum() > 1:
        x = x / 2
        history.append(x)
    first.add_(5)  # <- MC0104: first.add_(5)
    return torch.stack(history)


@refused(torch.ones(2))
def changed_as_an_element(x: Tensor) -> Tensor:
    """H4: the list would not see it."""
    history = [x * 1]
    while x.sum() > 1:
        x = x / 2
        history.append(x)
    history[-1].add_(5)  # <- MC0104: history[-1].add_(5)
    return torch.stack(history)


@refused(torch.ones(2))
def identity_of_an_element(x: Tensor) -> bool:
    """H26: reading an element makes a new tensor object."""
    history = [x * 1]
    first = history[0]
    while x.sum() > 1:
        x = x / 2
        history.append(x)
    return history[0] is first  # <- MC0102: history[0] is first


@refused(torch.ones(2))
def inner_list_changed_later(x: Tensor) -> Any:
    """The outer list holds the contents of the inner one."""
    row = [x]
    rows: list[list[Tensor]] = []
    while x.sum() > 1:
        x = x / 2
        rows.append(row)
        row.append(x)  # <- MC0104: row.append(x)
    return rows[0]


@refused(torch.ones(2))
def elements_of_different_types(x: Tensor) -> Any:
    """A tensor and a number have no host type in common."""
    parts: list[Any] = [1]
    while x.sum() > 1:  # <- MC0103: while
        x = x / 2
        parts.append(x)
    return parts


@refused(POSITIVE)
def derivative(x: Tensor) -> Tensor:
    y = x.clone().requires_grad_()
    loss = (y * y).sum()
    loss.backward()  # <- MC0101: loss.backward()
    return y.grad


refused_maker(POSITIVE)(Hooked)


def _without_source() -> Callable[..., Any]:
    scope: dict[str, Any] = {}
    exec("def forgotten(x):\n    return x if x.sum() > 0 else -x\n", scope)
    return scope["forgotten"]


SOURCELESS = Refused(
    "function_without_source", _without_source, (POSITIVE,), "MC0109", "<string>", 1, 1
)
"""No line of its file can be read."""


@refused(POSITIVE)
class SharedContainer(nn.Module):
    """H4: two attributes hold one list; as state they would be two."""

    def __init__(self) -> None:
        super().__init__()
        self.first: list[Tensor] = []
        self.second = {"list": self.first}

    def forward(self, x: Tensor) -> Tensor:
        self.first.append(x)  # <- MC0105: self.first.append(x)
        return x + len(self.second["list"])


@refused(POSITIVE)
class RemembersText(nn.Module):
    """H4: the next call would read text, which no cell holds."""

    def __init__(self) -> None:
        super().__init__()
        self.mode = "first"

    def forward(self, x: Tensor) -> Tensor:  # <- MC0101: def forward(self, x: Tensor) -> Tensor:
        y = x if self.mode == "first" else -x
        self.mode = "later"
        return y


@refused(POSITIVE)
class SharedMemoryInState(nn.Module):
    """H4: the next call changes one of two pieces of state that are one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.zeros(3)
        self.second = torch.zeros(3)

    def forward(self, x: Tensor) -> Tensor:
        self.first.add_(x)  # <- MC0104: self.first.add_(x)
        self.second = self.first
        return self.second


def _doubled(x: Tensor) -> Tensor:
    return x if x.sum() > 9 else _doubled(x * 2)


@refused(POSITIVE)
def result_of_a_recursion_is_changed(x: Tensor) -> Tensor:
    """H4: it may be the argument itself."""
    base = x + 1
    y = _doubled(base)
    y.add_(1)  # <- MC0104: y.add_(1)
    return base


def _doubled_in_place(x: Tensor) -> Tensor:
    x.mul_(2)
    return x + 0 if x.sum() > 9 else _doubled_in_place(x)  # <- MC0104: return x


_doubled_in_place = refused(POSITIVE)(_doubled_in_place)


@refused(POSITIVE)
def recursion_fills_a_list(x: Tensor) -> Tensor:
    """What a recursion changes must be handed back by it."""
    found: list[Tensor] = []

    def collect(y: Tensor) -> None:
        found.append(y)
        if y.sum() > 1:
            collect(y / 2)  # <- MC0106: collect(y / 2)

    collect(x)
    return torch.stack(found)


@refused(POSITIVE)
class CountsInARecursion(nn.Module):
    """H8: state is written where the module is called, not as often as the data says."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def shrink(self, x: Tensor) -> Tensor:
        self.steps += 1  # <- MC0105: self.steps
        return x if x.sum() < 1 else self.shrink(x / 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.shrink(x)


def _checked_depth(x: Tensor) -> Tensor:
    if x.sum() > 100:
        raise ValueError("too large")
    return x if x.sum() < 1 else _checked_depth(x / 2)


@refused(POSITIVE)
def exception_of_a_recursion_is_caught(x: Tensor) -> Tensor:
    """H11: the handler stands in another function of the host."""
    try:
        return _checked_depth(x)  # <- MC0101: _checked_depth(x)
    except ValueError:
        return -x


@refused(POSITIVE)
def recursion_without_end(x: Tensor) -> Tensor:
    """Eager ends it by RecursionError."""

    def forever(y: Tensor) -> Tensor:
        return forever(y * 2) if y.sum() > 0 else forever(y / 2)  # <- MC0106: forever(y * 2)

    return forever(x)


@refused(POSITIVE)
def autocast(x: Tensor) -> Tensor:
    """H15: the compiled program computes in the types that are written."""
    with torch.autocast("cpu", dtype=torch.bfloat16):  # <- MC0101: torch.autocast
        return x @ x.view(3, 1)


@torch.autocast("cpu", dtype=torch.bfloat16)
def _in_low_precision(x: Tensor) -> Tensor:
    return x @ x.view(3, 1)


@refused(POSITIVE)
def calls_under_autocast(x: Tensor) -> Tensor:
    """H15: the decorator of torch would call the function unseen."""
    return _in_low_precision(x)  # <- MC0101: _in_low_precision(x)


@refused(POSITIVE)
class ChangesItsModules(nn.Module):
    """H9: the module itself would be changed, while compiling."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x * 2
        self.linear.requires_grad_()  # <- MC0105: self.linear.requires_grad_()
        return self.linear(x)


@refused(POSITIVE)
class SwitchesTheMode(nn.Module):
    """H18: the module itself would be in another mode."""

    def forward(self, x: Tensor) -> Tensor:
        y = x + 1
        self.train()  # <- MC0105: self.train()
        return y


@refused(POSITIVE)
class KeepsWhatNoCellCanHold(nn.Module):
    """State is of tensors and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(nn.ReLU)
        return x + 1  # <- MC0101: return x + 1


@refused(POSITIVE)
def generator_of_its_own(x: Tensor) -> Tensor:
    """H19: the compiled program draws from the default generator."""
    generator = torch.Generator().manual_seed(3)
    return x + torch.rand(3, generator=generator)  # <- MC0105: torch.rand


REFUSED: list[Refused] = [
    *[vars(value)["refusal"] for value in list(globals().values()) if "refusal" in dir(value)],
    SOURCELESS,
]
