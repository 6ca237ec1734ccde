"""Constructs that users are likely to write and that are refused, each with a rewrite that works.

A function or class that is refused stands before the one that does what the help says.
"""

# Much here is wrong on purpose.
# pyright: basic, reportPossiblyUnboundVariable=false, reportArgumentType=false

import pathlib
import random
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch import Tensor, nn, tensor
from torch.nn.utils.rnn import pad_sequence

from .case import Program, program
from .refusal import Refused, refused

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
BOTH = ((POSITIVE,), (NEGATIVE,))


@dataclass(frozen=True)
class Rewrite:
    """A refused program, words of the help that it gets, and the program after following them."""

    refused: Refused
    words: str
    program: Program


REWRITES: list[Rewrite] = []


def follows(before: Any, words: str, *calls: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Declare a program to be `before` after what the help with `words` says."""

    def mark(after: Any) -> Any:
        declared = program(*(calls or BOTH))(after)
        found = vars(declared)["declared_program"]
        REWRITES.append(Rewrite(vars(before)["refusal"], words, found))
        return declared

    return mark


@refused(POSITIVE)
def draws_a_python_number(x: Tensor) -> Tensor:
    return x * random.random()  # <- MC0105: random.random()


@follows(draws_a_python_number, "use torch's random numbers")
def draws_a_torch_number(x: Tensor) -> Tensor:
    return x * torch.rand(())


@refused(POSITIVE)
def draws_numpy_numbers(x: Tensor) -> Tensor:
    return x + torch.from_numpy(numpy.random.rand(3))  # <- MC0105: numpy.random.rand(3)


@follows(draws_numpy_numbers, "use torch's random numbers")
def draws_torch_numbers(x: Tensor) -> Tensor:
    return x + torch.rand(3)


@refused(POSITIVE)
def reads_the_clock(x: Tensor) -> Tensor:
    return x * (time.time() % 2)  # <- MC0105: time.time()


@follows(reads_the_clock, "measure outside", (POSITIVE, tensor(0.5)), (NEGATIVE, tensor(1.5)))
def takes_the_time(x: Tensor, now: Tensor) -> Tensor:
    return x * (now % 2)


@refused(POSITIVE)
def reads_a_file(x: Tensor) -> Tensor:
    with open(__file__) as source:  # <- MC0105: open(__file__)
        return x * len(source.read())


LENGTH = len(pathlib.Path(__file__).read_text())


@follows(reads_a_file, "outside")
def knows_what_was_read(x: Tensor) -> Tensor:
    return x * LENGTH


STEPS = 0


@refused(POSITIVE)
def counts_in_a_global(x: Tensor) -> Tensor:
    global STEPS
    STEPS += 1  # <- MC0105: STEPS
    return x * STEPS


@follows(counts_in_a_global, "keep state in attributes of the module")
class CountsInAnAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        return x * self.steps


def _seen(x: Tensor, seen: list[Tensor] = []) -> Tensor:  # noqa: B006 -- that is the point
    seen.append(x)  # <- MC0105: seen.append(x)
    return torch.stack(seen).sum(0)


refused(POSITIVE)(_seen)


@follows(_seen, "keep it in one attribute of one module")
class Seen(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        return torch.stack(self.seen).sum(0)


@refused({"x": POSITIVE})
def adds_to_an_input(batch: dict[str, Tensor]) -> Tensor:
    batch["y"] = batch["x"] * 2  # <- MC0105: batch["y"]
    return batch["y"]


@follows(adds_to_an_input, "copy it first", ({"x": POSITIVE},), ({"x": NEGATIVE},))
def adds_to_a_copy(batch: dict[str, Tensor]) -> Tensor:
    batch = dict(batch)
    batch["y"] = batch["x"] * 2
    return batch["y"]


@refused(POSITIVE)
def seeds(x: Tensor) -> Tensor:
    torch.manual_seed(3)  # <- MC0105: torch.manual_seed(3)
    return x + torch.rand(3)


@follows(seeds, "seed it outside")
def is_seeded_outside(x: Tensor) -> Tensor:
    return x + torch.rand(3)


@refused(POSITIVE)
def draws_from_a_generator(x: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return x + torch.rand(3, generator=generator)  # <- MC0105: torch.rand


@follows(draws_from_a_generator, "the default generator is used")
def draws_from_the_default_generator(x: Tensor) -> Tensor:
    return x + torch.rand(3)


@refused(POSITIVE)
def computes_under_autocast(x: Tensor) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):  # <- MC0101: torch.autocast
        return x @ x.view(3, 1)


@follows(computes_under_autocast, "cast with `.to(dtype)`")
def casts(x: Tensor) -> Tensor:
    return x.to(torch.bfloat16) @ x.to(torch.bfloat16).view(3, 1)


@refused(POSITIVE)
def makes_a_module(x: Tensor) -> Tensor:
    layer = nn.LayerNorm(3)  # <- MC0101: nn.LayerNorm(3)
    return layer(x)


@follows(makes_a_module, "make modules in `__init__`")
class MadeItBefore(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LayerNorm(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


@refused(POSITIVE)
def changes_a_view_of_one_path(x: Tensor) -> tuple[Tensor, Tensor]:
    base = x.clone()
    y = base[:2] if x.sum() > 0 else x[:2] + 1
    y.add_(5)  # <- MC0104: y.add_(5)
    return base, y


@follows(changes_a_view_of_one_path, "use the out-of-place operation")
def makes_a_new_tensor(x: Tensor) -> tuple[Tensor, Tensor]:
    base = x.clone()
    y = base[:2] if x.sum() > 0 else x[:2] + 1
    return base, y + 5


@refused(POSITIVE)
def assigns_for_batches(x: Tensor) -> Tensor:
    if x.dim() > 1:
        y = x * 2
    return y  # <- MC0107: y


@follows(assigns_for_batches, "assign `y` on every path")
def assigns_for_all(x: Tensor) -> Tensor:
    y = x
    if x.dim() > 1:
        y = x * 2
    return y


@refused(POSITIVE)
def fails_on_one_path(x: Tensor) -> Tensor:
    if x.sum() < 0:
        return x @ torch.zeros(7, 7)  # <- MC0108: x @ torch.zeros(7, 7)
    return x


@follows(fails_on_one_path, "raise an exception explicitly")
def raises_on_one_path(x: Tensor) -> Tensor:
    if x.sum() < 0:
        raise ValueError("seven numbers are needed")
    return x


@refused(POSITIVE)
def chooses_a_key(x: Tensor) -> dict[Any, Tensor]:
    return {x.sum().item(): x}  # <- MC0102: {x.sum().item(): x}


@follows(chooses_a_key, "compute it with tensor operations")
def returns_key_and_value(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.sum(), x


@refused(POSITIVE)
def reads_a_number_from_text(x: Tensor) -> int:
    label = f"{x.sum().item():.0f}"  # <- MC0102: f"{x.sum().item():.0f}"
    return int(label)


@follows(reads_a_number_from_text, "compute it with tensor operations")
def computes_the_number(x: Tensor) -> int:
    return int(x.sum().round())


@refused(POSITIVE)
def raises_a_pair(x: Tensor) -> Tensor:
    if x.sum() < 0:
        raise KeyError(("sum", int(x.sum())))  # <- MC0101: raise KeyError
    return x


@follows(raises_a_pair, "KeyError(str(key))")
def raises_text(x: Tensor) -> Tensor:
    if x.sum() < 0:
        raise KeyError(str(("sum", int(x.sum()))))
    return x


@refused(POSITIVE)
class CountsWhileDescending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def shrink(self, x: Tensor) -> Tensor:
        self.steps += 1  # <- MC0105: self.steps
        return x if x.sum() < 1 else self.shrink(x / 2)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        return self.shrink(x), self.steps


@follows(CountsWhileDescending, "pass it to the function as an argument")
class ReturnsTheCount(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.steps = 0

    def shrink(self, x: Tensor, steps: int) -> tuple[Tensor, int]:
        return (x, steps + 1) if x.sum() < 1 else self.shrink(x / 2, steps + 1)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        x, self.steps = self.shrink(x, self.steps)
        return x, self.steps


def _limited(x: Tensor) -> Tensor:
    if x.sum() > 100:
        raise ValueError("too large")
    return x if x.sum() < 1 else _limited(x / 2)


@refused(POSITIVE)
def catches_from_a_recursion(x: Tensor) -> Tensor:
    try:
        return _limited(x)  # <- MC0101: _limited(x)
    except ValueError:
        return -x


def _flagged(x: Tensor) -> tuple[Tensor, bool]:
    if x.sum() > 100:
        return x, False
    return (x, True) if x.sum() < 1 else _flagged(x / 2)


@follows(catches_from_a_recursion, "return a flag", (POSITIVE,), (POSITIVE * 99,), (NEGATIVE,))
def asks_for_a_flag(x: Tensor) -> Tensor:
    y, is_fine = _flagged(x)
    return y if is_fine else -x


@refused(POSITIVE)
def computes_gradients(x: Tensor) -> Tensor:
    loss = (x * 2).sum()
    loss.backward()  # <- MC0101: loss.backward()
    return loss


@follows(computes_gradients, "compile the forward pass only")
def computes_forward(x: Tensor) -> Tensor:
    return (x * 2).sum()


@refused(POSITIVE)
def returns_a_set(x: Tensor) -> Any:
    return {"positive" if x.sum() > 0 else "negative"}  # <- MC0101: return {


@follows(returns_a_set, "return tensors, numbers, strings")
def returns_a_list(x: Tensor) -> list[str]:
    return ["positive" if x.sum() > 0 else "negative"]


@refused(POSITIVE)
def prints_an_object(x: Tensor) -> Tensor:
    print(object(), x)  # <- MC0105: print(object(), x)
    return x * 2


@follows(prints_an_object, "print numbers, strings, tensors")
def prints_a_name(x: Tensor) -> Tensor:
    print("object", x)
    return x * 2


@refused(POSITIVE)
def asks_for_an_address(x: Tensor) -> Tensor:
    y = x if x.sum() > 1e9 else x * 2
    return y if id(y) == id(x) else -y  # <- MC0105: id(y)


@follows(asks_for_an_address, "compare with `is`")
def asks_for_identity(x: Tensor) -> Tensor:
    y = x if x.sum() > 1e9 else x * 2
    return y if y is x else -y


@refused(POSITIVE)
def yields_parts(x: Tensor) -> Iterator[Tensor]:
    return (x * factor for factor in range(3))  # <- MC0101: return (


@follows(yields_parts, "return tensors, numbers, strings, None, and containers")
def lists_parts(x: Tensor) -> list[Tensor]:
    return [x * factor for factor in range(3)]


@refused(POSITIVE)
def counts_by_value(x: Tensor) -> int:
    return Counter(x.round().tolist()).most_common(1)[0][1]  # <- MC0102: Counter(x.round()


@follows(counts_by_value, "compute it with tensor operations")
def counts_by_tensors(x: Tensor) -> int:
    _, counts = x.round().unique(return_counts=True)
    return int(counts.max())


@refused(tensor([1.0, 2.0, 3.0, 4.0, 5.0]))
def keeps_some_keys(x: Tensor) -> dict[int, Tensor]:
    kept = {}
    for position in range(5):
        if x[position] > 2:  # <- MC0106: x[position] > 2
            kept[position] = x[position]
    return kept


@follows(
    keeps_some_keys,
    "keep the same variables, types, keys",
    (tensor([1.0, 2.0, 3.0, 4.0, 5.0]),),
    (tensor([-1.0, 2.5, 0.0, 9.0, 1.0]),),
)
def keeps_all_keys(x: Tensor) -> dict[int, Tensor]:
    kept = {}
    for position in range(5):
        kept[position] = x[position] if x[position] > 2 else torch.tensor(0.0)
    return kept


@refused(POSITIVE)
def chains_what_it_sees(x: Tensor) -> Any:
    chain: Any = x
    while x.abs().sum() > 1:  # <- MC0103: while
        x = x / 2
        chain = (chain, x)
    return chain


@follows(chains_what_it_sees, "the same type, dtype and rank in every iteration")
def lists_what_it_sees(x: Tensor) -> list[Tensor]:
    chain = [x]
    while x.abs().sum() > 1:
        x = x / 2
        chain.append(x)
    return chain


@refused(POSITIVE)
def changes_what_a_list_holds(x: Tensor) -> Tensor:
    history: list[Tensor] = []
    while x.abs().sum() > 1:
        x = x / 2
        history.append(x)
        x.add_(0.1)  # <- MC0104: x.add_(0.1)
    return torch.stack(history)


@follows(changes_what_a_list_holds, "or clone the tensor first")
def changes_a_clone(x: Tensor) -> Tensor:
    history: list[Tensor] = []
    while x.abs().sum() > 1:
        x = x / 2 + 0.1
        history.append(x)
    return torch.stack(history)


@refused(torch.eye(2))
def catches_what_torch_raises(x: Tensor) -> Tensor:
    try:
        return torch.linalg.cholesky(x)  # <- MC0101: torch.linalg.cholesky(x)
    except RuntimeError:
        return x


@follows(catches_what_torch_raises, "test the condition before", (torch.eye(2),), (-torch.eye(2),))
def asks_what_torch_found(x: Tensor) -> Tensor:
    factor, failed = torch.linalg.cholesky_ex(x)
    return x if failed else factor


@refused(POSITIVE)
def decomposes_by_numpy(x: Tensor) -> Tensor:
    values = numpy.linalg.svd(x.numpy()[None])[1]  # <- MC0101: numpy.linalg.svd
    return torch.from_numpy(values)


@follows(decomposes_by_numpy, "use the operation of torch before")
def decomposes_by_torch(x: Tensor) -> Tensor:
    return torch.linalg.svdvals(x[None])


def _scripted(function: Callable[..., Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(function)


def _gate(x: Tensor) -> Tensor:
    if bool(x.sum() > 0):
        return x * 2
    return -x


_scripted_gate = _scripted(_gate)


@refused(POSITIVE)
def calls_torchscript(x: Tensor) -> Tensor:
    return _scripted_gate(x) + 1  # <- MC0101: _scripted_gate(x)


@follows(calls_torchscript, "call the Python function, without `torch.jit.script`")
def calls_python(x: Tensor) -> Tensor:
    return _gate(x) + 1


@refused(POSITIVE)
class HoldsTorchscript(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = _scripted(nn.LayerNorm(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)  # <- MC0101: self.layer(x)


@follows(HoldsTorchscript, "call the module that was scripted")
class HoldsTheModule(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LayerNorm(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


@refused(POSITIVE)
def nests_tensors(x: Tensor) -> Tensor:
    nested = torch.nested.nested_tensor([x, x[:2]])  # <- MC0101: torch.nested.nested_tensor
    return nested.to_padded_tensor(0.0)


@follows(nests_tensors, "pad_sequence")
def pads_tensors(x: Tensor) -> Tensor:
    return pad_sequence([x, x[:2]], batch_first=True)


@refused(POSITIVE)
def multiplies_sparsely(x: Tensor) -> Tensor:
    places = torch.tensor([[0, 1, 2], [2, 1, 0]])
    return torch.sparse_coo_tensor(places, x, (3, 3)) @ x  # <- MC0101: torch.sparse_coo_tensor


@follows(multiplies_sparsely, "`torch.zeros(shape).index_put((rows, columns), values)`")
def multiplies_densely(x: Tensor) -> Tensor:
    rows, columns = torch.tensor([[0, 1, 2], [2, 1, 0]])
    return torch.zeros(3, 3).index_put((rows, columns), x) @ x


@refused(POSITIVE)
def quantises(x: Tensor) -> Tensor:
    quantised = torch.quantize_per_tensor(x, 0.1, 0, torch.qint8)  # <- MC0101: torch.quantize
    return quantised.dequantize()


@follows(quantises, "`(x / scale).round().clamp(-128, 127) * scale`")
def rounds(x: Tensor) -> Tensor:
    return (x / 0.1).round().clamp(-128, 127) * 0.1


@refused(POSITIVE)
class EvaluatesText(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return eval(f"self.layer{1}")(x)  # <- MC0101: eval(


@follows(EvaluatesText, "`getattr(owner, name)` reads an attribute by name")
class ReadsByName(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self, f"layer{1}")(x)


@refused(POSITIVE)
def starts_a_thread(x: Tensor) -> Tensor:
    results: list[Tensor] = []
    thread = threading.Thread(target=lambda: results.append(x * 2))  # <- MC0105: threading.Thread(
    thread.start()
    thread.join()
    return results[0]


@follows(starts_a_thread, "call the function directly")
def starts_no_thread(x: Tensor) -> Tensor:
    results: list[Tensor] = []
    results.append(x * 2)
    return results[0]


@refused(POSITIVE)
def maps_a_function(x: Tensor) -> Tensor:
    return torch.vmap(lambda a: a * 2 + 1)(x)  # <- MC0101: torch.vmap(


@follows(maps_a_function, "call the function directly")
def stacks_results(x: Tensor) -> Tensor:
    double = lambda a: a * 2 + 1  # noqa: E731 -- as it was before
    return torch.stack([double(a) for a in x])


@refused(POSITIVE)
def moves_to_a_gpu(x: Tensor) -> Tensor:
    return x.cuda() * 2  # <- MC0101: x.cuda()


@follows(moves_to_a_gpu, "leave tensors where they are")
def stays_on_the_cpu(x: Tensor) -> Tensor:
    return x * 2


@refused(POSITIVE)
class DeletesAnAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scratch: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.scratch = x * 2
        y = self.scratch + 1
        del self.scratch  # <- MC0101: self.scratch
        return y


@follows(DeletesAnAttribute, "set it to None")
class ForgetsAnAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scratch: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.scratch = x * 2
        y = self.scratch + 1
        self.scratch = None
        return y


@refused(POSITIVE)
def optimises(x: Tensor) -> Tensor:
    weight = torch.zeros(3, requires_grad=True)
    torch.optim.SGD([weight], lr=0.1).step()  # <- MC0101: torch.optim.SGD([weight], lr=0.1)
    return x + weight


@follows(optimises, "optimise outside of the program")
class WasOptimised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight
