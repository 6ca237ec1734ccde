"""Operations over lengths that data decides on, and lists and parts of such lengths."""

# `tolist` and `split` are untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from typing import Any

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from .case import normal, program

UNTYPED: Any = torch
SIX = normal(0, 6, 4)
FIVE = normal(0, 5, 4)
SOME, ONE, NONE = tensor([1, 0, 1, 1, 0]), tensor([0, 1, 0, 0, 0]), tensor([0, 0, 0, 0, 0])


@program((FIVE, SOME), (FIVE, ONE), (FIVE, NONE))
def products(x: Tensor, chosen: Tensor) -> tuple[Tensor, ...]:
    a = x[chosen.bool()]
    weights = torch.arange(24.0).view(2, 4, 3)
    rows = a.unsqueeze(1)
    many = weights[:1].expand(a.size(0), -1, -1)
    return (
        torch.einsum("nd,md->nm", a, a),
        torch.matmul(a, weights),
        torch.matmul(a[None, None], weights[:, None]),
        torch.baddbmm(torch.zeros(a.size(0), 1, 3), rows, many),
        torch.matmul(a.view(-1, 2, 2), torch.ones(1, 2, 3)),
    )


@program((FIVE, SOME), (FIVE, ONE), (FIVE, NONE))
def masked_attention(x: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    a = x[chosen.bool()][None, None]
    n = a.size(2)
    mask = torch.tril(torch.ones(n, n, dtype=torch.bool))
    scores = (a @ a.transpose(-1, -2)).masked_fill(mask.view(1, 1, n, n) == 0, float("-inf"))
    later = torch.triu(torch.full((n, n), float("-inf")), diagonal=1)
    return scores.softmax(-1) @ a, functional.scaled_dot_product_attention(a, a, a, attn_mask=later)


@program((normal(0, 1, 4), tensor(3)), (normal(1, 1, 4), tensor(0)), (normal(1, 1, 4), tensor(1)))
class GrowingCache(nn.Module):
    """Keys and values of all steps before."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        cache: tuple[Tensor, Tensor] | None = None
        outputs = [x]
        for _ in range(int(steps)):
            query = self.query(x).view(1, 2, 1, 2)
            key, value = self.key(x).view(1, 2, 1, 2), self.value(x).view(1, 2, 1, 2)
            if cache is not None:
                key, value = torch.cat([cache[0], key], 2), torch.cat([cache[1], value], 2)
            cache = (key, value)
            x = functional.scaled_dot_product_attention(query, key, value).reshape(1, 4)
            outputs.append(x)
        return torch.cat(outputs)


@program((SIX, tensor(3)), (SIX, tensor(0)), (SIX, tensor(5)))
def repeated_lists(x: Tensor, count: Tensor) -> tuple[list[int], list[Tensor], int]:
    n = int(count)
    numbers = [0] * n
    sums = n * [x.sum()]
    for i in range(len(numbers)):
        numbers[i] = i * 2
    return numbers, sums, len(numbers)


@program((tensor([1, 1, 2, 2, 2, 0]),), (tensor([1, 1, 1, 1, 1, 1]),))
def collapsed(x: Tensor) -> Tensor:
    """The greedy decoder of connectionist temporal classification."""
    kept = UNTYPED.unique_consecutive(x, dim=-1)
    return kept[kept != 0]


@program((tensor([[1, 1, 2], [1, 1, 2]]), tensor(4)), (tensor([[1, 1, 1], [2, 2, 2]]), tensor(0)))
def runs(x: Tensor, count: Tensor) -> tuple[Tensor, ...]:
    kept, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    shorter = UNTYPED.unique_consecutive(torch.arange(6)[: int(count)] // 2, return_counts=True)
    return kept, inverse, counts, UNTYPED.unique_consecutive(x, dim=0), *shorter


@program(
    (SIX, tensor([3, 1, 2]), tensor([3, 1, 3])),
    (SIX, tensor([1, 2, 3]), tensor([1, 6, 1])),
    (SIX, tensor([1, 2, 3]), tensor([2, 1, 3])),
    raises_like_torch=True,
)
def split_into_chosen_lengths(x: Tensor, all_: Tensor, some: Tensor) -> tuple[Tensor, Tensor]:
    parts = [part.softmax(0) for part in x.split(all_.tolist())]
    total = torch.zeros(4)
    for part in torch.split(x, some[some > 1].tolist()):
        total = total + part.mean(0)
    return pad_sequence(parts, batch_first=True), total


@program(*[(SIX, tensor(count)) for count in (3, 1, 5, 0, -1)], raises_like_torch=True)
def split_evenly(x: Tensor, count: Tensor) -> Tensor:
    return torch.stack([part.sum(0) for part in torch.split(x, int(count))])


@program(*[(SIX, tensor(count)) for count in range(7)])
def split_in_twos(x: Tensor, count: Tensor) -> list[Tensor]:
    return [part.sum(0) for part in x[: int(count)].split(2)]


@program((tensor([0, 2, 1]),), (tensor([0, 5, 1]),), (tensor([0, -1, 1]),))
def classes_out_of_range(x: Tensor) -> Tensor:
    return functional.one_hot(x, num_classes=3)


@program(
    (tensor([0, 2, 1]), tensor(3)), (tensor([0, 5, 1]), tensor(4)), (tensor([0, -1, 1]), tensor(4))
)
def number_of_classes(x: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
    return functional.one_hot(x, int(count)).float(), functional.one_hot(x)
