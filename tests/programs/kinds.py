"""Loops that carry values whose kind differs from one iteration to the next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn, tensor

from .case import program

ONES = tensor([1.0, 1.0])


def _row(*values: float) -> tuple[Tensor, Tensor]:
    """Return a row of eight values and how many there are."""
    return tensor([*values, *[0.0] * (8 - len(values))]), tensor(len(values))


@program((ONES * 8, tensor(0)), (ONES * 8, tensor(1)), (ONES * 8, tensor(2)), (ONES, tensor(5)))
def list_every_second_time(x: Tensor, count: Tensor) -> Any:
    state: Any = x
    for _ in range(int(count)):
        state = [state] if isinstance(state, Tensor) else state[0] * 2
    return state


@program(_row(1, 3, 2), _row(-1, -2), _row(-1, 2, -1, 5), _row(), _row(-1, -1, 3, 3))
def best_so_far(row: Tensor, count: Tensor) -> tuple[Tensor | None, int]:
    """The best is None until there is one."""
    best: Tensor | None = None
    place, changes = 0, 0
    while place < count:
        score = row[place]
        if score > 0 and (best is None or score > best):
            best = score
            changes += 1
        place += 1
    return best, changes


@program(_row(1, 3, -2, -5, 4), _row(-1, -2, 4), _row(-1, 2, -1), _row(), _row(3, 3, -9))
def number_or_tensor(row: Tensor, count: Tensor) -> Any:
    """The sum begins as an int, and is one again whenever it becomes negative."""
    total: Any = 0
    for place in range(int(count)):
        total = total + row[place] if row[place] > 0 else 0
    return total


@program(
    _row(1, -1, 2, 3), _row(1, 1, -1, -1, 1), _row(-1, -1), _row(1, 1, 1), _row(), _row(-1, 1, 1)
)
def none_or_tuple(row: Tensor, count: Tensor) -> Any:
    state: tuple[Tensor, Tensor] | None = None
    for place in range(int(count)):
        value = row[place]
        if value < 0:
            state = None
        elif state is None:
            state = (value, value * 2)
        else:
            hidden, cell = state
            state = (hidden + value, cell * hidden)
    return "nothing" if state is None else state


@program(_row(5, 3), _row(-5), _row(2, 2, 2, -1, 2), _row(), _row(2, -5, -5, 2, 2), _row(-1, -2, 4))
def modes(row: Tensor, count: Tensor) -> tuple[Tensor, str]:
    """A machine with states that are strings."""
    mode, total = "start", row.sum()
    for place in range(int(count)):
        value = row[place]
        if mode == "start":
            total = total + 1
            mode = "up" if value > 0 else "down"
        elif mode == "up":
            total = total * 2
            mode = "start" if value < 0 else "up"
        else:
            total = total - value
            mode = "start" if value > 0 else "down"
    return total, mode


@program(
    *[_row(*signs) for signs in ((1, -1, 1), (1, 1, 1), (-1, -1, -1, -1), (), (1, -1, -1))],
    *[_row(*signs) for signs in ((-1,), (-1, 1, 1), (-1, 1, -1), (1, -1, 1, -1), (1,), (1, 1))],
    *[_row(*signs) for signs in ((-1, -1), (1, -1), (-1, 1), (1, 1, -1, 1, -1, 1), (-1, -1, 1, 1))],
)
def modes_in_any_order(row: Tensor, count: Tensor) -> Any:
    """Each kind can follow each other one."""
    state: Any = 0
    for place in range(int(count)):
        value = row[place]
        if isinstance(state, str):
            state = 1 if value > 0 else row
        elif isinstance(state, int):
            state = "word" if value > 0 else row * 2
        else:
            state = "other" if value > 0 else 2
    return state


@dataclass
class Slot:
    value: Tensor | None = None
    age: int = 0


@program(_row(1, -1, 3, 4, 5, 6), _row(-1), _row(1, 1, 1, 1, 1, 1, 1), _row(), _row(3, 2))
def slot_of_an_object(row: Tensor, count: Tensor) -> tuple[Tensor, int]:
    slot, total = Slot(), row.sum()
    for place in range(int(count)):
        if slot.value is None:
            if row[place] > 0:
                slot.value = row[place]
        else:
            slot.age += 1
            total = total + slot.value
            if slot.age > 1:
                slot = Slot()
    return total, slot.age


class Node(NamedTuple):
    hidden: Tensor
    cell: Tensor | None


@program(
    *[_row(*values) for values in ((2, -1, 1, 1), (-1,), (1, 1, -9), (), (5, -9), (9, 9, 9, 9))],
    *[
        _row(*values)
        for values in ((2,), (40, 1), (-1, 60), (-1, -1, -1), (33, -1, 5), (-1, 4, 4, 4, 4))
    ],
)
def named_tuple_with_none(row: Tensor, count: Tensor) -> tuple[Tensor, int]:
    node, steps = Node(row, None), 0
    for place in range(int(count)):
        value = row[place]
        if node.cell is None:
            node = Node(node.hidden + 1, value if value > 0 else None)
        else:
            node = Node(node.hidden * node.cell, None)
        if node.hidden.sum() > 40:
            break
        steps += 1
    return node.hidden, steps


def _positive(row: Tensor) -> Iterator[Tensor | None]:
    place = 0
    while True:
        if row[place % 8] > 0:
            yield row[place % 8]
        else:
            yield None
        place += 1


@program(_row(1, -1, 3), _row(), _row(1, 2, 3), _row(-1, 2, -1, -1, 2))
def generator_with_two_yields(row: Tensor, count: Tensor) -> tuple[Tensor, int]:
    """It ends at two things of one kind, one after the other."""
    del count
    total, last, steps = row.sum(), row, 0
    for found in _positive(row):
        if found is None and last is None:
            break
        total = total if found is None else total + found
        last = found
        steps += 1
    return total, steps


@program(_row(1, 1, 2, 1, 1), _row(), _row(3), _row(1), _row(2, 1, 2), _row(1, 2, 2, 1))
def nested_loops(row: Tensor, count: Tensor) -> Any:
    """Both loops carry something that is None at times."""
    best: Tensor | None = None
    for place in range(int(count)):
        found: Tensor | None = None
        step = 0
        while step < row[place]:
            found = row[place] + step if found is None else None
            step += 1
        if found is not None:
            best = found if best is None else best + found
    return best


@program(_row(1, 2, -1), _row(-1), _row(), _row(-1, 2, 2, -1, 2), _row(3, 3, 3))
class Recurrent(nn.Module):
    """The hidden state is reset by data, its projection kept in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, row: Tensor, count: Tensor) -> tuple[list[Tensor], Any]:
        hidden: Tensor | None = None
        outputs: list[Tensor] = []
        for place in range(int(count)):
            value = row[place].expand(2)
            if row[place] < 0:
                hidden = None
            else:
                output = self.linear(value if hidden is None else value + hidden)
                hidden = output
                outputs.append(torch.tanh(output))
        return outputs, hidden
