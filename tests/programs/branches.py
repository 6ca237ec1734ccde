"""`if`, conditional expressions, boolean operators, early exits, choices of modules."""

from typing import Any

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional

from .case import normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
MIXED = tensor([4.0, -1.0, -2.0])


@program((POSITIVE,), (NEGATIVE,))
def if_else(x: Tensor) -> Tensor:
    if x.sum() > 0:
        y = x * 2
    else:
        y = x - 1
    return y + 1


@program((POSITIVE,), (NEGATIVE,))
def if_without_else(x: Tensor) -> Tensor:
    if x.sum() > 0:
        x = x * 2
    return x.abs()


@program((tensor([9.0]),), (tensor([5.0]),), (tensor([2.0]),), (tensor([-2.0]),))
def elif_chain(x: Tensor) -> Tensor:
    total = x.sum()
    if total > 8:
        return x / 8
    elif total > 4:
        return x / 4
    elif total > 1:
        return x
    else:
        return x.exp()


@program((POSITIVE,), (MIXED,), (NEGATIVE,), (tensor([-1.0, -1.0, 0.5]),))
def nested_if(x: Tensor) -> Tensor:
    if x.sum() > 0:
        if x.min() > 0:
            y = x.sqrt()
        else:
            y = x.relu()
    else:
        y = x.neg()
        if x.max() > 0:
            y = y + 10
    return y.cumsum(0)


@program((POSITIVE,), (NEGATIVE,))
def conditional_expression(x: Tensor) -> Tensor:
    scale = 2.0 if x.mean() > 0 else 0.5
    return x * scale


@program((POSITIVE, POSITIVE), (POSITIVE, NEGATIVE), (NEGATIVE, POSITIVE), (NEGATIVE, NEGATIVE))
def boolean_operators(a: Tensor, b: Tensor) -> tuple[Tensor, int]:
    if a.sum() > 0 and b.sum() > 0:
        return a + b, 1
    if a.sum() > 0 or b.sum() > 5:
        return a - b, 2
    return a * b, 3


@program((POSITIVE, NEGATIVE), (tensor([1.0, -1.0, 0.0]), NEGATIVE))
def operands_of_or_and_and(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    first = a.sum() or b.sum()
    second = a.sum() and b.sum()
    return first * 2, second * 3


@program((POSITIVE,), (NEGATIVE,))
def negated_condition(x: Tensor) -> Tensor:
    if not (x > 0).any():
        return x + 100
    return x - 100


@program((tensor([0.5]),), (tensor([1.5]),), (tensor([-0.5]),))
def chained_comparison(x: Tensor) -> Tensor:
    if 0 < x.mean() < 1:
        return x * 10
    return x


@program((POSITIVE,), (NEGATIVE,))
def none_in_one_arm(x: Tensor) -> Tensor:
    bonus = None
    if x.sum() > 0:
        bonus = x * 2
    y = x + 1
    if bonus is None:
        return y
    return y + bonus


@program(*[(tensor([float(2**power), 1.0]),) for power in range(9)])
def early_exits(x: Tensor) -> tuple[Tensor, int]:
    for layer in range(8):
        x = x / 2
        if x[0] < 1:
            return x, layer
    return x, -1


@program((POSITIVE,), (NEGATIVE,))
def correlated_branches(x: Tensor) -> Tensor:
    """Define a local only where a predicate holds, and read it where the same one holds."""
    large = x.sum() > 0
    if large:
        factor = x.max()
    y = x + 1
    if large:
        y = y * factor  # pyright: ignore[reportPossiblyUnboundVariable]: that is the point
    return y


@program((POSITIVE,), (NEGATIVE,))
def dtypes_differ_between_arms(x: Tensor) -> Tensor:
    y = x.long() if x.sum() > 0 else x
    return y * 2


@program((normal(0, 2, 3).abs(),), (-normal(0, 2, 3).abs(),))
def ranks_differ_between_arms(x: Tensor) -> Tensor:
    y = x.sum(0) if x.sum() > 0 else x
    return y.softmax(-1)


@program((normal(0, 4, 3).abs(),), (-normal(0, 4, 3).abs(),))
def sizes_differ_between_arms(x: Tensor) -> tuple[Tensor, int]:
    y = x[:2] if x.sum() > 0 else x
    return y.sum(0), y.shape[0]


@program((normal(0, 2, 3).abs(),), (-normal(0, 2, 3).abs(),))
def strides_differ_between_arms(x: Tensor) -> Tensor:
    """H7: whether a tensor is contiguous depends on the arm."""
    y = x.t() if x.sum() > 0 else x.t().contiguous()
    if y.is_contiguous():
        return y.view(-1)
    return y.reshape(-1) + 100


@program((normal(0, 2, 3).abs(),), (-normal(0, 2, 3).abs(),))
def strides_are_returned(x: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """H7: the program asks for the layout behind the join."""
    y = x.contiguous() if x.sum() > 0 else x.t().contiguous().t()
    return y.reshape(-1), y.stride()


@program((POSITIVE,), (MIXED,), (NEGATIVE,))
def any_and_all(x: Tensor) -> tuple[Tensor, str]:
    if (x > 0).all():
        return x, "all"
    if bool((x > 0).any()):
        return x * 2, "any"
    return x * 3, "none"


@program((POSITIVE, POSITIVE), (POSITIVE, POSITIVE * (1 + 1e-6)), (POSITIVE, NEGATIVE))
def torch_predicates(a: Tensor, b: Tensor) -> int:
    if torch.equal(a, b):
        return 2
    return 1 if torch.allclose(a, b) else 0


@program((POSITIVE,), (NEGATIVE,))
def chooses_a_function(x: Tensor) -> Tensor:
    activation = torch.relu if x.sum() > 0 else functional.silu
    return activation(x) + activation(-x)


@program((POSITIVE,), (NEGATIVE,))
def arms_swap(x: Tensor) -> tuple[Tensor, Tensor]:
    a, b = x + 1, x + 2
    if x.sum() > 0:
        a, b = b, a
    return a, b


@program((POSITIVE,), (NEGATIVE,))
def constant_results(x: Tensor) -> bool:
    return True if x.sum() > 0 else False


@program((POSITIVE,), (NEGATIVE,))
class ChosenLayer(nn.Module):
    """One of two layers, with parameters of different shapes."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
        self.narrow = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        layer = self.wide if x.sum() > 0 else self.narrow
        return layer(x)


@program(*[(normal(number, 1, 6),) for number in range(8)])
class GatedNetwork(nn.Module):
    """Residual blocks, each of which may be skipped."""

    def __init__(self, blocks: int = 3) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(6, 6) for _ in range(blocks))
        self.gates = nn.ModuleList(nn.Linear(6, 1) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        for block, gate in zip(self.blocks, self.gates, strict=True):
            if torch.sigmoid(gate(x)).squeeze() > 0.5:
                x = x + torch.relu(block(x))
        return x


@program(
    (torch.eye(3)[0],),
    (torch.eye(3)[1],),
    (torch.eye(3)[2],),
)
class Switch(nn.Module):
    """One of three experts, by an index that is data."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        choice = int(x.argmax().item())
        return self.experts[choice](x), choice


@program((tensor(0), POSITIVE), (tensor(1), POSITIVE), (tensor(-1), POSITIVE))
def switch_over_functions(index: Tensor, x: Tensor) -> Tensor:
    functions = [torch.sin, torch.cos, torch.tanh]
    return functions[int(index.item())](x)


@program(
    (tensor(0), POSITIVE), (tensor(2), POSITIVE), (tensor(3), POSITIVE), raises_like_torch=True
)
def switch_out_of_range(index: Tensor, x: Tensor) -> Tensor:
    return x * (2.0, 3.0, 5.0)[int(index.item())]


@program((POSITIVE, "relu"), (NEGATIVE, "relu"))
def static_choice(x: Any, mode: str) -> Tensor:
    if mode == "relu" and isinstance(x, Tensor):
        y = torch.relu(x)
    else:
        y = undefined_name(x)  # pyright: ignore  # noqa: F821 -- never reached
    return y if x.sum() > 0 else y - 1  # pyright: ignore[reportUnknownVariableType]


@program((POSITIVE,), (NEGATIVE,))
def counter_with_two_values(x: Tensor) -> Tensor:
    """H12: the counter is 0 or 1, never 2."""
    count = 0
    if x.sum() > 0:
        count = count + 1
    if count == 2:  # pyright: ignore[reportUnnecessaryComparison]: that is the point
        return x * 1000
    return x + count


@program((tensor(2), MIXED), (tensor(7), MIXED), (tensor(-7), POSITIVE))
def index_in_range_on_one_way(index: Tensor, x: Tensor) -> Tensor:
    """Both arms are cheap, but only one of them may take the index."""
    y = (x * 2).relu()
    number = int(index)
    y = y[number] if 0 <= number < 3 else y.sum()
    return y + x.mean()


@program((tensor([5]), tensor(9)), (tensor([5]), tensor(-4)), (tensor([1]), tensor(4)))
def clamp_whose_upper_bound_is_data(x: Tensor, high: Tensor) -> Tensor:
    """Where the upper bound is the smaller one, it wins."""
    number = int(x.clamp(3, int(high))[0])
    return x + 1 if number < 0 else x * number


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def selection_that_a_view_shows_too(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y = x * 2
    chosen = y if x.sum() > 2 else x + 1
    return y.view(3, 1), chosen, chosen.relu()
