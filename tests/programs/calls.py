"""How programs are called, and how they call."""

import copy
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn, tensor

from .case import Call, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


@program(Call((POSITIVE,), {"y": NEGATIVE}), Call((NEGATIVE,), {"y": POSITIVE}))
def keyword_argument(x: Tensor, y: Tensor, scale: float = 2.0) -> Tensor:
    return x + y * scale if x.sum() > 0 else x - y


@program(Call((POSITIVE,), {"flag": True}), Call((NEGATIVE,), {"flag": True}))
def keyword_only(x: Tensor, *, flag: bool, bias: Tensor | None = None) -> Tensor:
    if flag and x.sum() > 0:
        x = x * 2
    return x if bias is None else x + bias


@program((POSITIVE, NEGATIVE, POSITIVE), (NEGATIVE, NEGATIVE, POSITIVE))
def variable_arguments(first: Tensor, *rest: Tensor) -> Tensor:
    for other in rest:
        first = first + other if other.sum() > 0 else first * other
    return first


@program(
    Call((POSITIVE,), {"b": NEGATIVE, "a": POSITIVE}),
    Call((NEGATIVE,), {"b": POSITIVE, "a": POSITIVE}),
)
def variable_keywords(x: Tensor, **others: Tensor) -> Tensor:
    for name, other in sorted(others.items()):
        if x.sum() > 0 or name == "b":
            x = x * 0.5 + other
    return x


@program(
    ({"x": POSITIVE, "mask": tensor([True, False, True])},),
    ({"x": NEGATIVE, "mask": tensor([False, False, True])},),
)
def mapping_input(batch: Mapping[str, Tensor]) -> Tensor:
    y = batch["x"] * batch["mask"]
    return y + 1 if y.sum() > 0 else y


@program(([POSITIVE, (NEGATIVE, 2)],), ([NEGATIVE, (POSITIVE, 2)],))
def nested_input(items: Sequence[Any]) -> Tensor:
    first, (second, count) = items
    for _ in range(count):
        first = first + second if first.sum() > 0 else first - second
    return first


@program((POSITIVE, None), (NEGATIVE, None))
def optional_input(x: Tensor, mask: Tensor | None) -> Tensor:
    if mask is not None:
        x = x * mask
    return x if x.sum() > 0 else -x


@dataclass(frozen=True)
class Request:
    """A frozen dataclass that is passed in."""

    tokens: Tensor
    temperature: float


@program((Request(POSITIVE, 2.0),), (Request(NEGATIVE, 2.0),))
def dataclass_input(request: Request) -> Tensor:
    scaled = request.tokens / request.temperature
    return scaled.softmax(0) if scaled.sum() > 0 else scaled


def _weighted(x: Tensor, *parts: Tensor, scale: float = 1.0, **more: float) -> Tensor:
    for part in parts:
        x = x + part * scale
    for name in more:
        x = x * more[name]
    return x if x.sum() > 0 else x - 1


@program((POSITIVE,), (NEGATIVE,))
def star_calls(x: Tensor) -> Tensor:
    parts = [x, x * 2]
    keywords = {"scale": 0.5, "gain": 3.0}
    return _weighted(*parts, x, **keywords) + _weighted(x, gain=2.0)


@program((POSITIVE,), (NEGATIVE,))
@torch.no_grad()
def no_grad_decorator(x: Tensor) -> Tensor:
    """H15: the decorator changes nothing that is computed."""
    return x * 2 if x.sum() > 0 else x


@program((POSITIVE,), (NEGATIVE,))
def grad_contexts(x: Tensor) -> Tensor:
    """H15: neither do the contexts, in one arm or around a branch."""
    with torch.no_grad():
        y = x * 2
        if y.sum() > 0:
            with torch.inference_mode():
                y = y + 1
    with torch.set_grad_enabled(False):
        return y * 3


@program((POSITIVE,), (NEGATIVE,))
class InferenceModeForward(nn.Module):
    """H15: composite ops under `inference_mode`."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    @torch.inference_mode()
    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        return y if y.sum() > 0 else y * 2


@program((POSITIVE,), (NEGATIVE,))
def builtins_and_attributes(x: Any) -> Tensor:
    method = getattr(x, "clone")
    size = len(x) + x.ndim + x.dim() + int(hasattr(x, "grad"))
    y = method() * size
    if callable(method) and isinstance(x, (Tensor, int)) and y.sum() > 0:
        y = y + sorted([3, 1, 2])[-1] + sum(range(3)) + len("text")
    return y.to(y.dtype).to("cpu").float()


@program((POSITIVE,), (NEGATIVE,))
def formatted_names(x: Tensor) -> dict[str, Tensor]:
    """f-strings on static values."""
    result: dict[str, Tensor] = {}
    for layer in range(2):
        if x.sum() > 0:
            x = x * 2
        result[f"layer_{layer:02d}/{x.shape[0]}"] = x
    return result


@program((POSITIVE,), (NEGATIVE,))
def operators_of_tensors(x: Tensor) -> Tensor:
    matrix = x.unsqueeze(1) @ x.unsqueeze(0)
    flags = (matrix > 0) & ~(matrix > 4) | (matrix == 9) ^ (matrix < -3)
    y = (-matrix).abs() ** 2 // 3 % 5
    if flags.any():
        y = torch.where(flags, y, -y)
    return y[..., 0] + y[None, 1:, :1].squeeze().sum() + y[::2].sum()


@program((POSITIVE,), (NEGATIVE,))
def functions_of_torch(x: Tensor) -> Tensor:
    y = torch.einsum("i,j->ij", x, x)
    y = torch.cat([y, torch.stack([x, x])]).clamp(-2, 5)
    if torch.any(y < 0):
        y = torch.nn.functional.interpolate(y[None, None], scale_factor=2.0)[0, 0]
    return y.square().sum(-1).sqrt()


SCALE = 3.0
TABLE = {"shift": tensor([1.0, 0.0, -1.0])}


@program((POSITIVE,), (NEGATIVE,))
def module_globals(x: Tensor) -> Tensor:
    """Globals, tensors in them included, are constants."""
    y = x * SCALE
    return y + TABLE["shift"] if y.sum() > 0 else y


@program((POSITIVE,), (NEGATIVE,))
def random_numbers(x: Tensor) -> tuple[Tensor, Tensor]:
    """H19: the same numbers as eager with the same seed, in the same order."""
    noise = torch.rand(3)
    torch.randn(2)  # advances the generator
    if x.sum() > 0:
        x = x + torch.randn_like(x)
    y = torch.nn.functional.dropout(x, 0.5, training=True)
    return x + noise, y + torch.bernoulli(torch.full((3,), 0.5))


@program((POSITIVE,), (NEGATIVE,))
def equal_random_numbers_differ(x: Tensor) -> Tensor:
    """H19: two equal calls are two draws."""
    first = torch.rand(3)
    second = torch.rand(3)
    return first - second if x.sum() > 0 else second - first + x


@program((POSITIVE,), (NEGATIVE,))
def devices_and_dtypes(x: Tensor) -> Tensor:
    """H20: factories that follow a tensor."""
    zeros = torch.zeros(3, device=x.device, dtype=x.dtype)
    y = x.new_full((3,), 2.0) + zeros.to(x.device)
    return y.type_as(x) if x.sum() > 0 and x.device.type == "cpu" else y.to(torch.float64)


@program((POSITIVE.double(), tensor([True, False, True])), (NEGATIVE.double(), tensor([True] * 3)))
def other_dtypes(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    y = x.to(torch.int32) if mask.all() else x
    return y * 2, mask.sum() + mask.float().mean()


@program((POSITIVE, NEGATIVE), (NEGATIVE, NEGATIVE))
def identity(x: Tensor, other: Tensor) -> Tensor:
    """H26: `is` asks for the same object."""
    y = x if x.sum() > 0 else x + 0
    result = x if x is not other else x * 1000
    return result + 1 if y is x else result


def _with_options(x: Tensor, **options: Tensor) -> Tensor:
    return x + options["shift"] if "shift" in options and "scale" not in options else x


@program((POSITIVE, POSITIVE), (NEGATIVE, POSITIVE))
def options_are_looked_up(x: Tensor, shift: Tensor) -> Tensor:
    """The keys are known, whatever the entries are."""
    return _with_options(x, shift=shift) if x.sum() > 0 else _with_options(x, scale=shift)


_DEPTH: ContextVar[Tensor | None] = ContextVar("depth", default=None)


def _deeper(x: Tensor, levels: int) -> Tensor:
    outer = _DEPTH.get()
    token = _DEPTH.set(x if outer is None else outer + 1)
    try:
        found = _DEPTH.get()
        assert found is not None
        return found * 2 if levels == 0 or x.sum() > 0 else _deeper(x + 2, levels - 1)
    finally:
        _DEPTH.reset(token)


@program((POSITIVE,), (NEGATIVE,), (NEGATIVE + 1,))
def context_variables(x: Tensor) -> tuple[Tensor, bool]:
    """They are part of the state of a path, and are as they were after the call."""
    return _deeper(x, 2), _DEPTH.get() is None


@program((POSITIVE,), (NEGATIVE,))
def used_token(x: Tensor) -> Tensor:
    """A token is good for one reset."""
    token = _DEPTH.set(x)
    _DEPTH.reset(token)
    try:
        _DEPTH.reset(token)
    except RuntimeError:
        return x + 1 if x.sum() > 0 else x
    return x


def _is_capturing() -> bool:
    try:
        return torch.cuda.is_current_stream_capturing()
    except Exception:  # a build without CUDA has no such function
        return False


@program((POSITIVE,), (NEGATIVE,))
def torch_refuses_whatever_the_data(x: Tensor) -> Tensor:
    """An error of torch that depends on nothing is caught like any other."""
    return x * 2 if _is_capturing() or x.sum() > 0 else x


@program((POSITIVE,), (NEGATIVE,))
def random_ops(x: Tensor) -> tuple[Tensor, ...]:
    """H19: all draw from the default generator, in program order."""
    first = torch.rand(3), torch.randn(3), torch.normal(x, 1.0), torch.rand_like(x)
    if x.sum() > 0:
        second = torch.bernoulli(torch.full((3,), 0.5))
    else:
        second = torch.randint(0, 9, (3,)).float()
    dropped = nn.functional.dropout(x, 0.5, True)
    drawn = torch.multinomial(torch.ones(5), 2), torch.randperm(4)
    return *first, second, dropped, *drawn, torch.empty(3).uniform_(), torch.empty(3).normal_()


@program((POSITIVE,), (NEGATIVE,))
class Copies(nn.Module):
    """Copies of tensors and lists, dtypes taken from parameters, contexts without effect."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        parameter = next(self.parameters())
        zeros = torch.zeros(3, dtype=parameter.dtype, device=parameter.device)
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            y = copy.deepcopy(x)
            y += 1
        pair = copy.deepcopy([x, zeros])
        pair[0].add_(5)
        shared = copy.copy(pair)
        shared[1].sub_(x.data)
        return y if x.sum() > 0 else zeros, pair[0], pair[1]
