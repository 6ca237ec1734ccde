"""In-place changes, views, and who sees them."""

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional

from .case import normal, program

POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])
MATRIX = normal(0, 3, 4)


@program((normal(0, 1, 4, 3), torch.tensor(3)), (normal(1, 1, 4, 3), torch.tensor(2)))
def size_of_a_copied_view(x: Tensor, count: Tensor) -> tuple[int, Tensor]:
    """The extent of a view is asked for after paths have parted, and again where it is shown."""
    base = x * 1
    part = base[:, : int(count)]
    if x.sum() > 0:
        part.add_(1)
    if part.shape[1] == 3:
        return part.shape[1], base
    raise ValueError(f"{part.shape[1]} columns")


@program((MATRIX.abs(),), (-MATRIX.abs(),))
def views_across_branches(x: Tensor) -> Tensor:
    """H4: a row and a flat view of one tensor, changed in arms and read after."""
    y = x.clone()
    row = y[0]
    flat = y.view(-1)
    if x.sum() > 0:
        row.mul_(2)
    else:
        y[:, 1] += 3
    flat[-1] = 7
    return flat + 1 + row.sum()


@program((MATRIX, tensor(3)), (MATRIX, tensor(0)))
def row_changes_in_a_loop(x: Tensor, count: Tensor) -> Tensor:
    """H4: a loop header must not part a view from its base."""
    y = torch.zeros(3, 4)
    row = y[1]
    for _ in range(int(count)):
        row.add_(x[0])
    return y


@program((MATRIX, tensor(5)), (MATRIX, tensor(0)))
def base_changes_in_a_loop(x: Tensor, count: Tensor) -> Tensor:
    """H4: the other way round: the view must see what the base receives."""
    y = x.clone()
    column = y[:, 0]
    steps = 0
    while steps < count:
        y.mul_(0.5)
        y += column.unsqueeze(1)
        steps += 1
    return column * 2


@program((normal(0, 3, 2), tensor(2)), (normal(0, 3, 2), tensor(0)))
def stores_in_a_loop(x: Tensor, count: Tensor) -> Tensor:
    out = torch.zeros(3, 2)
    for position in range(int(count)):
        out[position] = x[position] * 2
    return out


@program((normal(0, 4, 2),), (-normal(0, 4, 2).abs(),))
def recurrence_into_a_buffer(x: Tensor) -> Tensor:
    out = torch.empty(4, 2)
    state = torch.zeros(2)
    for t in range(4):
        state = state * 0.5 + x[t]
        if state.sum() > 0:
            out[t] = state
        else:
            out[t] = -1.0
    return out


@program((POSITIVE,), (NEGATIVE,))
def input_is_mutated(x: Tensor) -> Tensor:
    x.add_(1)
    if x.sum() > 0:
        x.mul_(2)
    return x + 1


@program((MATRIX, POSITIVE), (MATRIX, NEGATIVE))
def view_of_an_input_is_mutated(x: Tensor, y: Tensor) -> None:
    if y.sum() > 0:
        x[1:, 0] = 9
    else:
        x.t()[2].zero_()


@program((POSITIVE, NEGATIVE), (NEGATIVE, POSITIVE))
def input_is_mutated_in_one_arm(x: Tensor, y: Tensor) -> Tensor:
    if x.sum() > 0:
        y.copy_(x)
    return x * y


@program((POSITIVE,), (NEGATIVE,))
def augmented_assignment_is_in_place(x: Tensor) -> tuple[Tensor, Tensor]:
    y = x * 1
    same = y
    y += 1
    if x.sum() > 0:
        y *= 3
    y = y + 1
    return same, y


@program((tensor([1.0, -2.0, 3.0]),), (POSITIVE,), (NEGATIVE,))
def masked_store(x: Tensor) -> Tensor:
    y = x.clone()
    y[y < 0] = 0.5
    if y.sum() > 5:
        y[y > 2] *= 10
    return y


def _scale(target: Tensor, factor: float) -> None:
    if target.sum() > 0:
        target.mul_(factor)


@program((MATRIX.abs(),), (-MATRIX.abs(),))
def function_mutates_its_argument(x: Tensor) -> Tensor:
    y = x.clone()
    _scale(y[0], 3.0)
    _scale(y, 2.0)
    return y


@program((MATRIX.abs(),), (-MATRIX.abs(),))
def pieces_of_a_split(x: Tensor) -> Tensor:
    y = x.clone()
    left, right = y.chunk(2, dim=1)
    left.add_(right)
    if x.sum() > 0:
        right.neg_()
    return y


@program((MATRIX.abs(),), (-MATRIX.abs(),))
def view_of_a_view(x: Tensor) -> tuple[Tensor, Tensor]:
    y = x.clone()
    inner = y.t()[1:3][:, :2]
    if x.sum() > 0:
        inner.fill_(5)
    y.add_(1)
    return y, inner.contiguous()


@program((POSITIVE,), (NEGATIVE,))
def in_place_functions(x: Tensor) -> Tensor:
    y = functional.relu(x + 1, inplace=True)
    torch.add(y, 1, out=y)
    if y.sum() > 5:
        y.clamp_(max=3).sub_(1)
    y.masked_fill_(y < 1, 8.0)
    return y


@program((POSITIVE, tensor(0)), (POSITIVE, tensor(2)), (NEGATIVE, tensor(-1)))
def store_at_data(x: Tensor, index: Tensor) -> Tensor:
    y = x.clone()
    y[int(index.item())] = 50.0
    y[index] += 1
    return y


@program((POSITIVE,), (NEGATIVE,))
def inputs_come_back(x: Tensor) -> tuple[Tensor, Tensor]:
    """Without any computation, an input is an output."""
    if x.sum() > 0:
        return x, x
    return x, x.view(3, 1)


@program((POSITIVE, tensor([3.0])), (NEGATIVE, tensor([2.0])))
def accumulates_in_place(x: Tensor, count: Tensor) -> Tensor:
    total = torch.zeros_like(x)
    while count > 0:
        total += x
        count -= 1
    return total


@program((MATRIX.abs(),), (-MATRIX.abs(),))
class InPlaceActivation(nn.Module):
    """An in-place activation changes what the residual reads."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        z = self.activation(y)
        return y + z if x.sum() > 0 else y - 2 * z


@program((MATRIX.abs(),), (-MATRIX.abs(),))
def view_made_in_both_arms(x: Tensor) -> Tensor:
    """The alias is the same on both ways, so that a later change is no guess."""
    y = x.clone()
    if x.sum() > 0:
        y.mul_(2)
        row = y[0]
    else:
        row = y[0]
        y.sub_(1)
    row.add_(100)
    return y


@program((POSITIVE, NEGATIVE), (NEGATIVE, POSITIVE))
def swapped_then_changed(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    a, b = a.clone(), b.clone()
    first, second = a, b
    if a.sum() > 0:
        first = first + 1
    first, second = second, first
    first.add_(10)
    return b, second


@program((MATRIX, tensor(3)), (MATRIX, tensor(1)), (MATRIX, tensor(0)))
def another_row_in_each_iteration(x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    """H4: a variable shows other parts of one tensor, which nobody changes."""
    y = x.clone()
    row = y[0]
    total = torch.zeros(4)
    for _ in range(int(count)):
        total = total + row
        row = y[1]
    return total, row


@program((MATRIX, tensor(3)), (MATRIX, tensor(0)))
def row_of_what_stays(x: Tensor, count: Tensor) -> Tensor:
    """H4: what a row shows is recorded again in a loop that forks, and is still the same."""
    row = x[1]
    total = torch.zeros(4)
    position = 0
    while position < count:
        if row[position] > 0:
            total = total + row
        position += 1
    return total
