"""Lists whose members, and so whose lengths, depend on data."""

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

# `tolist` is untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

ONES = tensor([1.0, 1.0])
MIXED = tensor([1.0, -1.0, 2.0, -2.0, 3.0, -3.0])
ALL = MIXED.abs()
NONE = -ALL
UNSORTED = tensor([3.0, 5.0, -1.0, 2.0, 0.0, 1.0])


@program((torch.arange(24.0) - 12,), (torch.arange(24.0) - 24,), (torch.arange(24.0) + 1,))
def filtered_list(x: Tensor) -> tuple[Tensor, int]:
    """H22: the lengths of the list would be 25 versions of the program."""
    kept = [index for index, value in enumerate(x) if value > 0]
    return x[kept], len(kept)


def _signs(*patterns: str) -> list[tuple[Tensor]]:
    """Return a call for each pattern: numbers with these signs."""
    return [
        (tensor([float(f"{sign}{n}") for n, sign in enumerate(signs, 1)]),) for signs in patterns
    ]


@program(
    (MIXED,),
    (NONE,),
    (ALL,),
    *_signs("+-----", "-+----", "--+---", "---+--", "----+-", "-----+", "+----+", "-+--+-"),
    *_signs("++----", "+-+---", "+--+--", "+---++", "+++---", "++-+--", "++--++", "++---+"),
    *_signs("++++--", "+++-+-", "+++--+", "+++++-", "++++-+"),
)
def filtered_by_a_lambda(x: Tensor) -> list[Tensor]:
    return list(filter(lambda value: value > 0, x))


@program((MIXED,), (NONE,), (ALL,), (UNSORTED,))
def appended_in_an_unrolled_loop(x: Tensor) -> tuple[Tensor, int]:
    kept: list[Tensor] = []
    for position in range(6):
        if x[position] > 0:
            kept.append(x[position] * position)
    if kept:
        return torch.stack(kept), len(kept)
    return x, 0


@program((MIXED,), (NONE,), (ALL,), (UNSORTED,))
def pairs(x: Tensor) -> tuple[Tensor, int]:
    """Each element has two leaves."""
    kept = [(position, value * 2) for position, value in enumerate(x) if value > 0]
    total = torch.zeros(())
    last = -1
    for position, value in kept:
        total = total + value * position
        last = position
    return total, last


@program(
    (MIXED,),
    (NONE,),
    (ALL,),
    (UNSORTED,),
    *_signs("-++---", "++----", "+++---", "+-++--", "+-+---", "-+++--"),
)
def membership_and_equality(x: Tensor) -> tuple[list[int], bool, bool, bool, bool, int]:
    kept = [position for position, value in enumerate(x) if value > 0]
    return kept, 3 in kept, 4 not in kept, kept == [0, 2, 4], kept != [0, 1], sum(kept)


@program((MIXED,), (NONE,), (ALL,), (UNSORTED,))
def removed_and_inserted(x: Tensor) -> tuple[list[Tensor], Tensor]:
    kept = [value for value in x if value > 0]
    if len(kept) < 2:
        return kept, x
    kept.reverse()
    last = kept.pop()
    kept.insert(1, last * 10)
    kept.insert(-1, last * 20)
    del kept[0]
    kept.extend([last, kept[0]])
    kept += [last]
    kept[0] = kept[1] + 1
    return kept + [last * 2], torch.stack(kept[:2] + kept[-1:])


@program((MIXED,), (NONE,), (ALL,))
def popped_to_the_end(x: Tensor) -> Tensor:
    """What an empty list raises is raised."""
    kept = [value for value in x if value > 0]
    return kept.pop() + kept.pop(0) - kept.pop(-1)


@program((MIXED,), (NONE,), (ALL,), (UNSORTED,))
def extremes_and_order(x: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
    kept = [value for value in x if value > 0]
    order = sorted(kept, key=lambda value: -value)
    return max(kept), min(kept), sorted(kept), order


@program((MIXED,), (NONE,), (UNSORTED,))
def positions_of_values(x: Tensor) -> tuple[int, int, list[int]]:
    """What is raised if there is no such value is raised."""
    numbers = [int(value) for value in x if value > 0]
    numbers.remove(2)
    return numbers.count(2), [*numbers, 7].index(3), numbers


@program((MIXED,), (NONE,), (ALL,), (UNSORTED,))
def slices(x: Tensor) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    kept = [position for position, value in enumerate(x) if value > 0]
    return kept[1:], kept[:-1], kept[::-1], kept[:2], kept[len(kept) // 2 :]


@program((MIXED, tensor(2)), (MIXED, tensor(0)), (MIXED, tensor(-1)), (MIXED, tensor(9)))
def sliced_by_data(x: Tensor, count: Tensor) -> tuple[list[int], Tensor]:
    """A list of known length, bounds that are tensors."""
    numbers = [3, 1, 4, 1, 5]
    return numbers[: int(count)], x[:count]


@program(*((MIXED, tensor(index)) for index in (2, 0, -1, 9, -9)))
def popped_by_data(x: Tensor, index: Tensor) -> tuple[list[Tensor], Tensor]:
    """A list of known length turns dynamic where its members depend on data."""
    rows = [x, x + 1, x + 2]
    chosen = rows.pop(int(index))
    return rows, chosen


@program((ONES * 8,), (ONES * 2,), (ONES / 8,))
def pairs_in_a_loop(x: Tensor) -> tuple[Tensor, int]:
    history: list[tuple[int, Tensor]] = []
    step = 0
    while x.sum() > 1:
        x = x / 2
        history.append((step, x))
        step += 1
    total = torch.zeros(2)
    for number, value in history:
        total = total + number * value
    return total, len(history)


@program((MIXED,), (UNSORTED,), (ALL,))
def elements_of_different_sizes(x: Tensor) -> tuple[Tensor, list[int]]:
    """The sizes of the tensors in the list depend on data, too."""
    history = [x]
    while x.shape[0] > 1:
        x = x[x > x.mean()]
        history.append(x)
    return torch.cat(history), [part.shape[0] for part in history]


@program((MIXED,), (UNSORTED,))
def size_of_an_older_element(x: Tensor) -> list[bool]:
    """H1: elements that once had the size of `x` do not keep it."""
    x = x[x > 0]
    history: list[Tensor] = []
    answers: list[bool] = []
    while x.shape[0] > 1:
        history.append(x)
        x = x[1:]
        answers.append(history[0].shape[0] == x.shape[0] + 1)
    return answers


@program((tensor([2, 1, 3]),), (tensor([1, 1, 1]),), (tensor([0, 0, 0]),))
def met_while_it_grows(x: Tensor) -> tuple[list[int], int]:
    """What is appended during the iteration is met as well."""
    queue = [int(x[0])]
    steps = 0
    for item in queue:
        steps += 1
        if steps < 5:
            queue.append(item - 1)
    return queue, steps


@program(
    (normal(20, 4, 4),),
    (normal(1, 4, 4) * 2,),
    (normal(2, 4, 4) / 2,),
    (normal(12, 4, 4),),
    weights=4,
)
class BatchShrinksByComprehension(nn.Module):
    """Rows that are done leave the batch; the rest is chosen by a list."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        result = torch.zeros(x.shape[0], 3)
        rows = torch.arange(x.shape[0])
        for layer in self.layers:
            x = torch.relu(layer(x))
            scores = self.head(x).softmax(-1)
            confidence = scores.max(-1).values
            for row in [int(i) for i in torch.nonzero(confidence >= 0.4)]:
                result[rows[row]] = scores[row]
            keep = [int(i) for i in torch.nonzero(confidence < 0.4)]
            if len(keep) == 0:
                return result
            x, rows = x[keep], rows[keep]
        result[rows] = self.head(x).softmax(-1)
        return result


@program((MIXED,), (NONE,), (ALL,))
def lists_in_a_list(x: Tensor) -> tuple[list[int], int]:
    """Inner lists of different lengths: a list of lists of run-time length."""
    groups: list[list[int]] = []
    current: list[int] = []
    for position in range(6):
        if x[position] > 0:
            current.append(position)
        else:
            groups.append(current)
            current = []
    groups.append(current)
    longest = max(groups, key=len)
    return longest, len(groups)


@program((MIXED.view(2, 3),), (NONE.view(2, 3),), (ALL.view(2, 3),))
def numbers_of_a_tensor(x: Tensor) -> tuple[list[float], int]:
    """`tolist` of tensors whose sizes depend on data."""
    numbers: list[float] = x[x > 0].tolist()
    rows: list[list[float]] = x[x[:, 0] > 0].tolist()
    total = 0
    for row in rows:
        total += len(row) * 10 + int(row[0])
    return numbers, total


@program((MIXED,), (NONE,), (ALL,))
def bound_method(x: Tensor) -> tuple[list[int], int]:
    kept: list[int] = []
    add = kept.append
    for position in range(6):
        if x[position] > 0:
            add(position)
    return kept, len(kept)


@program((MIXED,), (NONE,), (ALL,))
def layers_chosen_by_a_list(x: Tensor) -> Tensor:
    """There is no factor for the last position."""
    factors = [1.5, 2.5, 3.5, 4.5, 5.5]
    kept = [position for position in range(6) if x[position] > 0]
    total = torch.zeros(())
    for position in kept:
        total = total + factors[position] * x[position]
    return total


@program((MIXED,), (NONE,), (ALL,))
def kept_apart_on_demand(x: Tensor) -> tuple[int, ...]:
    """A tuple has a known length: the paths stay apart."""
    kept = [position for position in range(4) if x[position] > 0]
    return tuple(kept)
