"""`while`, `for`, `break`, `continue`, `else`, ranges that depend on data."""

# `tolist`, `norm` and `unique` are untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

ONES = tensor([1.0, 1.0])


@program((ONES * 8,), (ONES / 4,), (ONES,))
def while_on_tensor(x: Tensor) -> Tensor:
    while x.sum() > 1:
        x = x / 2
    return x


@program((ONES * 8,), (ONES * 1e9,), (ONES / 4,))
def while_with_counter(x: Tensor) -> tuple[Tensor, int]:
    steps = 0
    while x.norm() > 1 and steps < 5:
        x = x * 0.5
        steps += 1
    return x, steps


@program((ONES * 8,), (ONES / 8,))
def endless_with_break(x: Tensor) -> Tensor:
    while True:
        x = x * 0.5 + 0.1
        if x.max() < 0.5:
            break
    return x + 1


@program((tensor([1.0, -2.0, 3.0, -4.0]),), (tensor([-1.0, -2.0, -3.0, -4.0]),))
def continue_skips(x: Tensor) -> Tensor:
    total = torch.zeros(())
    for value in x:
        if value < 0:
            continue
        total = total + value.sqrt()
    return total


@program((tensor([1.0, 2.0, 3.0]),), (tensor([1.0, -2.0, 3.0]),), (tensor([1.0, 2.0, -3.0]),))
def for_else(x: Tensor) -> tuple[Tensor, int]:
    for position in range(3):
        if x[position] < 0:
            found = position
            break
    else:
        found = -1
    return x * 2, found


@program((ONES * 8,), (ONES * 1e9,))
def while_else(x: Tensor) -> tuple[Tensor, str]:
    steps = 0
    while x.max() > 1:
        x = x / 3
        steps += 1
        if steps == 4:
            how = "stopped"
            break
    else:
        how = "small"
    return x, how


@program((ONES * 8, tensor(2)), (ONES * 3, tensor(0)), (ONES / 8, tensor(3)))
def nested_while(x: Tensor, rounds: Tensor) -> tuple[Tensor, int]:
    count = 0
    outer = 0
    while x.sum() > 1:
        inner = 0
        while inner < rounds.item():
            x = x - 0.25
            inner += 1
            count += 1
        x = x / 2
        outer += 1
    return x, count + 100 * outer


@program((ONES, tensor(0)), (ONES, tensor(1)), (ONES, tensor(5)), (ONES, tensor(-3)))
def range_of_item(x: Tensor, count: Tensor) -> Tensor:
    for step in range(int(count.item())):
        x = x + step
    return x


@program((ONES, tensor([2, 9, 3])), (ONES, tensor([9, 2, -2])), (ONES, tensor([5, 5, 1])))
def range_with_step(x: Tensor, bounds: Tensor) -> tuple[Tensor, int]:
    start, stop, step = bounds.tolist()
    last = -1
    for position in range(start, stop, step):
        x = x * 2 - position
        last = position
    return x, last


@program(
    (normal(0, 4, 3),), (normal(1, 4, 3),), (-normal(2, 4, 3).abs(),), (normal(3, 4, 3).abs(),)
)
def rows(x: Tensor) -> Tensor:
    result = torch.zeros(3)
    for row in x:
        if row.sum() > 0:
            result = result * 0.5 + row
    return result


@program(*[(normal(number, 1, 4) * 3,) for number in range(12)])
class EarlyExit(nn.Module):
    """A chain of layers that ends where one is confident."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.heads = nn.ModuleList(nn.Linear(4, 3) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        logits = torch.zeros(1, 3)
        for index, (layer, head) in enumerate(zip(self.layers, self.heads, strict=True)):
            x = torch.tanh(layer(x))
            logits = 2 * head(x)
            if logits.softmax(-1).max() > 0.6:
                return logits, index
        return logits, len(self.layers)


@program((tensor([3.0, -1.0]),), (tensor([-3.0, -1.0]),))
def mapping_items(x: Tensor) -> Tensor:
    weights = {"first": 2.0, "second": 3.0}
    for name, weight in weights.items():
        if x[0] > 0 or name == "second":
            x = x * weight
    return x


@program((ONES * 4,), (ONES / 4,))
def reversed_and_enumerated(x: Tensor) -> Tensor:
    for index, factor in reversed(list(enumerate((1.0, 2.0, 3.0), start=1))):
        if x.sum() > index:
            x = x / factor
    return x


@program((ONES * 8,), (ONES / 8,))
def none_before_the_loop(x: Tensor) -> Tensor:
    """The first iteration sees another kind than all others."""
    previous = None
    while x.sum() > 1:
        if previous is not None:
            x = x - previous * 0.125
        previous = x
        x = x / 2
    if previous is None:
        return x
    return x + previous


@program((ONES * 8,), (ONES / 8,))
def integer_becomes_float(x: Tensor) -> tuple[Tensor, float]:
    total = 0
    while x.sum() > 1:
        total = total + x.max().item()
        x = x / 2
    return x, float(total)


@program((tensor([1.0, 2.0]), tensor(9)), (tensor([1.0, 2.0]), tensor(1)))
def grows_in_the_loop(x: Tensor, wanted: Tensor) -> Tensor:
    while x.shape[0] < wanted.item():
        x = torch.cat([x, x[-1:] + 1])
    return x * 2


@program((ONES, tensor(5)), (ONES, tensor(0)))
def list_in_the_loop(x: Tensor, count: Tensor) -> tuple[Tensor, int]:
    states = [x]
    for _ in range(int(count)):
        states.append(states[-1] * 1.5)
    return torch.stack(states), len(states)


@program((ONES,), (ONES * 0.001,))
def long_static_range(x: Tensor) -> Tensor:
    for step in range(40):
        if x.sum() < 10:
            x = x * 1.01 + step * 0.001
    return x


@program((tensor([[1.0, 2.0], [3.0, -4.0]]),), (tensor([[1.0, 2.0], [3.0, 4.0]]),))
def returns_from_nested_loops(x: Tensor) -> tuple[int, int]:
    for row in range(2):
        for column in range(2):
            if x[row, column] < 0:
                return row, column
    return -1, -1


@program((tensor(2.0),), (tensor(100.0),), (tensor(0.0),))
def newton(square: Tensor) -> tuple[Tensor, int]:
    guess = torch.ones(())
    steps = 0
    while (guess * guess - square).abs() > 1e-3:
        guess = (guess + square / guess) / 2
        steps += 1
    return guess, steps


@program((tensor(27),), (tensor(1),), (tensor(8),))
def collatz(start: Tensor) -> tuple[int, int]:
    number = int(start.item())
    steps = largest = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        largest = max(largest, number)
        steps += 1
    return steps, largest


@program((tensor(48), tensor(36)), (tensor(7), tensor(0)), (tensor(17), tensor(5)))
def greatest_common_divisor(a: Tensor, b: Tensor) -> int:
    first, second = int(a), int(b)
    while second:
        first, second = second, first % second
    return first


@program((ONES, ONES * 2, tensor(3)), (ONES, ONES * 2, tensor(4)), (ONES, ONES * 2, tensor(0)))
def tensors_swap(a: Tensor, b: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    for _ in range(int(count)):
        a, b = b, a
    return a, b


@program((ONES, tensor(3)), (ONES, tensor(1)))
def fibonacci_by_tensors(x: Tensor, count: Tensor) -> Tensor:
    previous, current = torch.zeros(2), x
    position = 0
    while position < count:
        previous, current = current, previous + current
        position = position + 1
    return current


@program((tensor([0.0, 1.0, 0.0, 2.0]),), (torch.zeros(4),), (torch.ones(4),))
def loop_over_found(x: Tensor) -> Tensor:
    found = torch.nonzero(x).squeeze(1)
    total = torch.zeros(())
    for position in range(found.shape[0]):
        total = total * 2 + found[position]
    return total


@program((ONES * 8,), (ONES * 64,), (ONES / 8,))
def flag_ends_the_loop(x: Tensor) -> tuple[Tensor, int]:
    running, steps = True, 0
    while running:
        x = x / 2
        steps += 1
        running = bool(x.sum() > 1)
    return x, steps


@program((ONES * 3,), (ONES * 40,), (ONES * 0.1,))
def loop_in_one_arm(x: Tensor) -> Tensor:
    if x.sum() > 1:
        while x.sum() > 1:
            x = x / 2
        x = x + 1
    else:
        x = x - 1
    return x * 3


@program((ONES * 8, tensor(1)), (ONES * 8, tensor(4)), (ONES / 8, tensor(4)))
def two_ways_out_of_a_loop(x: Tensor, limit: Tensor) -> tuple[Tensor, str]:
    steps = 0
    while x.sum() > 1:
        if steps >= limit:
            return x, "limit"
        x = x / 2
        steps += 1
    return x, "small"


@program((ONES * 8,), (ONES * 100,), (ONES / 8,))
def while_with_static_inner_loop(x: Tensor) -> Tensor:
    while x.sum() > 1:
        for factor in (0.5, 0.75):
            if x[0] > 2:
                x = x * factor
        x = x - 0.5
    return x
