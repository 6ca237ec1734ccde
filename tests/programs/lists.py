"""Lists, tuples, dicts, sets, comprehensions."""

import torch
from torch import Tensor, nn, tensor

from .case import normal, program

ONES = tensor([1.0, 1.0])
POSITIVE = tensor([1.0, 2.0, 3.0])
NEGATIVE = tensor([-1.0, -2.0, -3.0])


@program((ONES * 8,), (ONES * 2,))
def append_and_stack(x: Tensor) -> tuple[Tensor, int]:
    history: list[Tensor] = []
    while x.sum() > 1:
        x = x / 2
        history.append(x)
    return torch.stack(history), len(history)


@program((ONES * 8,), (ONES / 8,))
def append_and_concatenate(x: Tensor) -> Tensor:
    pieces = [x]
    while x.sum() > 1:
        x = x / 2
        pieces.append(x)
    return torch.cat(pieces, 0)


@program((ONES * 8,), (ONES / 8,))
def numbers_in_a_list(x: Tensor) -> tuple[Tensor, list[int]]:
    words = [7]
    while x.sum() > 1:
        x = x / 2
        words.append(int((x.sum() * 8).item()))
    return torch.tensor(words), words


@program((ONES * 8,), (ONES / 8,))
def last_of_a_list(x: Tensor) -> Tensor:
    states = [x, x + 1]
    while states[-1].sum() > 1:
        states.append(states[-1] / 4 + states[-2] / 8)
    return states[-1] + states[0] + states[len(states) - 2]


@program((POSITIVE,), (NEGATIVE,))
def appended_in_one_arm(x: Tensor) -> Tensor:
    parts = [x]
    if x.sum() > 0:
        parts.append(x * 2)
    parts.append(x * 3)
    return torch.cat(parts)


@program((POSITIVE,), (NEGATIVE,))
def two_names_of_one_list(x: Tensor) -> Tensor:
    parts = [x]
    same = parts
    if x.sum() > 0:
        same.append(x + 1)
    else:
        same.append(x - 1)
    same[0] = same[0] * 10
    return torch.stack(parts)


def _collect(into: list[Tensor], x: Tensor) -> None:
    if x.sum() > 0:
        into.append(x.sqrt())
    into.append(x)


@program((POSITIVE,), (NEGATIVE,), (torch.zeros(3),), (POSITIVE / 6,))
def appended_by_a_function(x: Tensor) -> tuple[Tensor, int]:
    parts: list[Tensor] = []
    _collect(parts, x)
    _collect(parts, x.abs() - 1.5)
    return torch.stack(parts).sum(0), len(parts)


@program((POSITIVE, tensor(0)), (POSITIVE, tensor(2)), (POSITIVE, tensor(-1)))
def item_by_data(x: Tensor, index: Tensor) -> Tensor:
    choices = [x, x * 2, x.sum(0, keepdim=True).expand(3)]
    return choices[int(index)] + 1


@program((POSITIVE, tensor(0)), (POSITIVE, tensor(2)))
def stored_by_data(x: Tensor, index: Tensor) -> Tensor:
    slots = [x, x, x]
    slots[int(index)] = x * 100
    return torch.stack(slots)


@program((POSITIVE,), (NEGATIVE,))
def comprehensions(x: Tensor) -> Tensor:
    scaled = [x * factor for factor in (1.0, 2.0, 3.0) if factor != 2.0]
    total = torch.zeros(3)
    for part in [p.relu() if x.sum() > 0 else p for p in scaled]:
        total = total + part
    return total


@program((POSITIVE,), (NEGATIVE,))
def dict_comprehension(x: Tensor) -> dict[str, Tensor]:
    table = {name: x + number for number, name in enumerate("abc")}
    if x.sum() > 0:
        table["b"] = table["a"] * 2
    return table


@program((POSITIVE,), (NEGATIVE,))
def dict_updates(x: Tensor) -> dict[str, Tensor]:
    table: dict[str, Tensor] = {"x": x}
    if x.sum() > 0:
        table.update(y=x * 2)
    else:
        table["y"] = x - 2
    table["z"] = table.pop("y") + table.get("x", x)
    return {**table, "first": table["x"] + 1}


@program((normal(0, 3, 2),), (-normal(0, 3, 2),))
def any_and_all_of_generators(x: Tensor) -> tuple[bool, bool]:
    return any(row.sum() > 0 for row in x), all(bool(row.max() > -0.5) for row in x)


@program((POSITIVE,), (NEGATIVE,))
def sums_and_extremes(x: Tensor) -> tuple[Tensor, Tensor]:
    parts = [x, x * 2, x * 3]
    total = sum(parts)
    assert isinstance(total, Tensor)
    largest = max(x[0], x[1])
    return total, largest


@program((POSITIVE,), (NEGATIVE,))
def unpacking(x: Tensor) -> Tensor:
    first, *rest = x
    (a, b), c = (first, rest[0]), rest[-1]
    if first > 0:
        a, b, *_ = b, a, c
    pair = (*rest, a)
    return torch.stack([a, b, c, *pair])


@program((POSITIVE,), (NEGATIVE,))
def slices_of_lists(x: Tensor) -> Tensor:
    parts = [x * n for n in range(6)]
    del parts[0]
    chosen = parts[1:4] if x.sum() > 0 else parts[::2]
    chosen = chosen[::-1]
    parts[:2] = []
    return torch.stack(chosen + parts[:1])


@program((POSITIVE,), (NEGATIVE,))
def sets_and_membership(x: Tensor) -> Tensor:
    enabled = {"scale", "shift"}
    enabled.discard("scale")
    if "scale" in enabled:
        x = x * 2
    if "shift" in enabled and x.sum() > 0:
        x = x + 1
    return x


@program((POSITIVE,), (NEGATIVE,))
def nested_containers(x: Tensor) -> Tensor:
    state = {"layers": [{"h": x}, {"h": x + 1}], "step": (0, x)}
    layers = state["layers"]
    assert isinstance(layers, list)
    for layer in layers:
        if layer["h"].sum() > 2:
            layer["h"] = layer["h"] * 0.5
    return layers[0]["h"] + layers[1]["h"]


@program((POSITIVE,), (NEGATIVE,))
def zipped(x: Tensor) -> Tensor:
    pairs = list(zip([x, x + 1], (2.0, 3.0), strict=True))
    tensors, factors = zip(*pairs, strict=True)
    result = torch.zeros(3)
    for value, factor in zip(tensors, factors, strict=True):
        result = result + value * factor if x[0] > 0 else result - value
    return result


@program((POSITIVE,), (NEGATIVE,))
def zipped_while_it_grows(x: Tensor) -> tuple[Tensor, list[int]]:
    """`zip` sees what is appended meanwhile, like any iteration over a list."""
    numbers = [1, 2]
    grows = bool(x[0] > 0)
    y = x * 2
    for number, element in zip(numbers, y.unbind(), strict=False):
        y = y + number * element
        if grows:
            numbers.append(number + 2)
    return y, numbers


@program((POSITIVE,), (NEGATIVE,))
def zipped_with_itself(x: Tensor) -> tuple[list[Tensor], Tensor]:
    """Both parts draw from one iterator; what is left over is lost."""
    parts = iter([x, x + 1, x + 2, x + 3, x + 4])
    y = sum((left * right for left, right in zip(parts, parts, strict=False)), x)
    return list(parts), y if x[0] > 0 else -y


@program((tensor([3, 1, 0, 2]),), (tensor([0, 1, 2, 3]),), weights=1)
class GreedyDecoder(nn.Module):
    """Emit words until the end word, feeding each back."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 6)
        self.cell = nn.GRUCell(6, 6)
        self.output = nn.Linear(6, 5)

    def forward(self, prompt: Tensor) -> tuple[Tensor, Tensor, int]:
        state = self.embedding(prompt).mean(0, keepdim=True)
        word = prompt[:1]
        words: list[Tensor] = []
        scores: list[Tensor] = []
        while len(words) < 6:
            state = self.cell(self.embedding(word), state)
            logits = self.output(state)
            word = logits.argmax(-1)
            words.append(word)
            scores.append(logits.max(-1).values)
            if word.item() == 2:
                break
        return torch.cat(words), torch.stack(scores, 1), len(words)


@program((POSITIVE,), (NEGATIVE,))
def lists_of_lists(x: Tensor) -> list[list[Tensor]]:
    grid = [[x * (row + column) for column in range(2)] for row in range(2)]
    if x.sum() > 0:
        grid[1][0] = x
    return grid


@program((ONES * 8,), (ONES / 8,))
def two_lists_in_one_loop(x: Tensor) -> tuple[Tensor, Tensor]:
    every, second = [x], [x]
    step = 0
    while x.sum() > 1:
        x = x / 2
        every.append(x)
        if step % 2 == 0:
            second.append(x)
        step += 1
    return torch.stack(every), torch.stack(second)


@program((POSITIVE,), (NEGATIVE,))
def effects_before_a_decision(x: Tensor) -> tuple[Tensor, int]:
    """H2: what happens before a decision happens once."""
    seen: list[Tensor] = []
    counts = {"tests": 0}

    def positive(y: Tensor) -> Tensor:
        seen.append(y)
        counts["tests"] += 1
        return y.sum() > 0

    if positive(x) and positive(x - 2):
        return torch.stack(seen) * 2, counts["tests"]
    return torch.stack(seen), counts["tests"]


@program((POSITIVE,), (NEGATIVE,), (tensor([2.0, 3.0, 1.0]),))
def sorted_by_data(x: Tensor) -> Tensor:
    """H13: a builtin that compares tensors out of sight."""
    first, second, third = sorted([x[0], x[1], x[2]])
    return first * 100 + second * 10 + third


_SLICES = [(POSITIVE, tensor(a), tensor(b)) for a in (-5, -2, 0, 1, 4) for b in (-6, -1, 0, 2, 7)]


@program(*_SLICES)
def slice_replaced_by_data(x: Tensor, start: Tensor, stop: Tensor) -> tuple[Tensor, int]:
    """Bounds may be negative, beyond the ends, or in the wrong order."""
    items = list(x)
    items[int(start) : int(stop)] = [x.sum(), x.max()]
    return torch.stack(items), len(items)


@program(*_SLICES)
def slices_deleted_by_data(x: Tensor, start: Tensor, stop: Tensor) -> tuple[list[int], list[int]]:
    del x
    numbers, others = [1, 2, 3, 4], [5, 6, 7]
    del numbers[int(start) : int(stop)]
    others[int(start) :] = [8]
    del others[: int(stop)]
    return numbers, others


@program((POSITIVE,), (NEGATIVE,), (tensor([2.0, -1.0, 1.0]),), (tensor([1.0, 3.0, -4.0]),))
def pairs_merged(x: Tensor) -> tuple[Tensor, list[int]]:
    """Two neighbours are replaced by one until one is left."""
    nodes, merges = list(x), list[int]()
    while len(nodes) > 1:
        sums = torch.stack([left + right for left, right in zip(nodes[:-1], nodes[1:])])
        best = max(int(sums.argmax()), 0)
        nodes[best : best + 2] = [sums[best] * 0.5]
        merges.append(best)
    return nodes[0], merges


@program((POSITIVE,), (NEGATIVE,), (tensor([2.0, -1.0, 1.0]),), (tensor([-1.0, 3.0, -4.0]),))
def repeated_by_data(x: Tensor) -> tuple[Tensor, list[int], int]:
    """As many labels as rows that are kept, of which there may be one more."""
    kept = x[x > 0]
    if kept.sum() > 3:
        kept = kept[:-1]
    labels = torch.tensor([7] * kept.size(0), dtype=torch.int64)
    pairs = [1, 2] * len(kept) + [5]
    return labels, pairs, len(pairs)
