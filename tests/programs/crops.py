"""Slices, crops and broadcasts whose place and size data decides on."""

# `tolist` is untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional

from .case import normal, program

ROWS = normal(0, 4, 3)
WIDE = normal(0, 3, 8)
IMAGES = normal(0, 2, 1, 6, 6)
IMAGE = normal(1, 1, 1, 6, 6)


@program((ROWS, tensor(0)), (ROWS, tensor(3)))
def stretched_row(x: Tensor, place: Tensor) -> tuple[Tensor, ...]:
    """One row, or none where the place is out of range: it is stretched if it is one."""
    i = int(place)
    row = x[i : i + 1]
    return row.expand(3, -1), row + x[:2], row.repeat(2, 1), x[:2] * row, row.view(1, 3)


@program((ROWS, tensor(2)), (ROWS, tensor(0)), (ROWS, tensor(4)))
def rows_of_a_batch(x: Tensor, count: Tensor) -> Tensor:
    parts: list[Tensor] = []
    for b in range(int(count)):
        row = x[b : b + 1]
        parts.append(row * x.mean(0, keepdim=True) + x + row.expand(4, -1))
    return torch.cat(parts) if parts else x


@program((normal(2, 5, 4),), (normal(3, 5, 4),))
class AttendsToOnePlace(nn.Module):
    """A decoder whose step number chooses the place in the memory."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 4)
        self.gru = nn.GRU(4, 4, batch_first=True)
        self.out = nn.Linear(4, 6)

    def forward(self, memory: Tensor) -> tuple[Tensor, int]:
        token = torch.zeros(1, 1, dtype=torch.long)
        hidden = memory.mean(0).view(1, 1, 4)
        chosen: list[Tensor] = []
        i = 0
        while True:
            step = self.embedding(token) + memory[i : i + 1].unsqueeze(0)
            output, hidden = self.gru(step, hidden)
            token = self.out(output[:, -1]).argmax(-1, keepdim=True)
            chosen.append(token)
            i += 1
            if token.item() == 0 or i >= 4:
                break
        return torch.cat(chosen, 1), i


@program((normal(2, 1, 6, 4), tensor(1)), (normal(3, 1, 6, 4), tensor(6)))
def positions(x: Tensor, count: Tensor) -> Tensor:
    table = torch.arange(24.0).view(1, 6, 4)
    length = int(count)
    return x[:, :length] + table[:, :length] + table[:, length - 1 : length]


@program(
    (ROWS, tensor([1, 1, 0, 1]), tensor([1, 1, 1, 0])),
    (ROWS, tensor([0, 0, 1, 0]), tensor([1, 1, 1, 0])),
    (ROWS, tensor([1, 1, 0, 0]), tensor([0, 0, 0, 1])),
    (ROWS, tensor([0, 0, 0, 0]), tensor([0, 0, 1, 0])),
)
def both_may_be_stretched(x: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    a, b = x[first.bool()], x[second.bool()]
    return a + b, torch.where(a > b, a, b) * b


@program((ROWS, tensor([1, 1, 0, 1])), (ROWS, tensor([0, 0, 1, 0])), (ROWS, tensor([0, 0, 0, 0])))
def squeezed_if_one(x: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    a = x[chosen.bool()]
    return a.squeeze(), a.squeeze(0) * 2


class Retina:
    """The glimpses of a recurrent model of visual attention: patches of growing size."""

    def __init__(self, size: int, count: int) -> None:
        self.size, self.count = size, count

    def foveate(self, x: Tensor, place: Tensor) -> Tensor:
        patches: list[Tensor] = []
        size = self.size
        for _ in range(self.count):
            patches.append(self.patch(x, place, size))
            size = int(2 * size)
        for i in range(1, len(patches)):
            factor = patches[i].shape[-1] // self.size
            patches[i] = functional.avg_pool2d(patches[i], factor)
        joined = torch.cat(patches, 1)
        return joined.view(joined.shape[0], -1)

    def patch(self, x: Tensor, place: Tensor, size: int) -> Tensor:
        start = (0.5 * ((place + 1.0) * x.shape[2])).long()
        end = start + size
        x = functional.pad(x, (size // 2, size // 2, size // 2, size // 2))
        patches = [
            x[i, :, start[i, 1] : end[i, 1], start[i, 0] : end[i, 0]] for i in range(x.shape[0])
        ]
        return torch.stack(patches)


@program(
    (IMAGES[:1], tensor([[0.1, -0.5]])),
    (IMAGES[1:], tensor([[-0.9, 0.6]])),
    (IMAGES[:1], tensor([[0.4, 0.99]])),
)
class Glimpse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.retina = Retina(2, 2)
        self.layer = nn.Linear(8, 3)

    def forward(self, x: Tensor, place: Tensor) -> Tensor:
        return self.layer(self.retina.foveate(x, place))


@program(
    (IMAGE, tensor([2, 1, 5, 4])), (IMAGE, tensor([0, 0, 6, 6])), (IMAGE, tensor([3, 3, 4, 4]))
)
def resized_crop(image: Tensor, box: Tensor) -> tuple[Tensor, ...]:
    left, top, right, bottom = box.tolist()
    crop = image[:, :, top:bottom, left:right]
    smooth = functional.interpolate(crop, size=(4, 4), mode="bilinear", align_corners=False)
    return smooth, functional.interpolate(crop, size=5), crop.mean((2, 3))


@program((WIDE, tensor(2)), (WIDE, tensor(0)), (WIDE, tensor(5)), (WIDE, tensor(-3)))
def narrowed(x: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    first = x.clone()
    part = first.narrow(1, int(start), 3)
    part += x[:, :3]
    return torch.narrow(x, 1, start, 3) * 2, first


@program((WIDE, tensor(2)), (WIDE, tensor(8)))
def pooled_sequence(x: Tensor, count: Tensor) -> tuple[Tensor, ...]:
    y = functional.pad(x[None, :, : int(count)], (0, 1))
    kernel = torch.ones(2, 3, 3)
    convolved = functional.conv1d(y, kernel, padding=1)
    return functional.max_pool1d(convolved, 2, stride=1), functional.max_pool1d(y, 3, padding=1)
