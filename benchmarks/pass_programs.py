"""Small programs, one for each optimisation of control flow: what it is for, and little else."""

import torch
from interleave import Inputs
from torch import Tensor, nn

WIDTH = 256


def inputs_of_both_signs(*shape: int) -> Inputs:
    """Return inputs that take different paths: their sums have both signs."""
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: untyped
    signs = (1.0, -1.0) * 4
    return [((torch.rand(*shape) + 0.1) * sign,) for sign in signs]


class OneArm(nn.Module):
    """A layer is computed before a branch of which one arm needs it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.layer(x).tanh()
        return hidden if x.sum() > 0 else x * 2


class BothArms(nn.Module):
    """Both arms of a branch begin with the same layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(WIDTH, 1)
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.left, self.right = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        if self.gate(x).sum() > 0:
            x = self.layer(x).tanh()
            return self.left(x) if x.sum() > 0 else self.right(x)
        x = self.layer(x).tanh()
        return self.right(x) if x.sum() > 0 else self.left(x)


class StraightLine(nn.Module):
    """Layers with a choice between numbers after each: one block if that is no branch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(8))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        is_positive = bool(x.sum() > 0)
        count = 0
        for layer in self.layers:
            x = layer(x).tanh()
            count = count + 1 if is_positive else count + 2
        return x, count


class Numbers(nn.Module):
    """A root of a polynomial by Newton's method, on a tensor of rank 0."""

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 0
        x = x.sum()
        while (x * x * x - x - 1.0).abs() > 1e-4 and steps < 50:
            x = x - (x * x * x - x - 1.0) / (3.0 * x * x - 1.0)
            steps += 1
        return x, steps


class EqualLayers(nn.Module):
    """One layer is applied again and again, with a branch after each time."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        for number in range(8):
            x = self.layer(x).tanh()
            if x.sum() > 100.0 + number:
                break
        return x


class Gates(nn.Module):
    """The result of each layer is taken or left."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(8))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            changed = layer(x).tanh()
            x = changed if changed.sum() > 0 else x
        return x


class SmallArms(nn.Module):
    """Each layer is one of two, by a gate: small ones take less time than a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.ModuleList(nn.Linear(16, 16) for _ in range(6))
        self.right = nn.ModuleList(nn.Linear(16, 16) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        for left, right in zip(self.left, self.right, strict=True):
            x = left(x).tanh() if x.sum() > 0 else right(x).tanh()
        return x


class LoopTest(nn.Module):
    """A loop whose test reads what its body computes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 0
        while self.head(x).sum() < 100.0 and steps < 20:
            x = self.layer(x).tanh()
            steps += 1
        return x, steps


class TransposedWeight(nn.Module):
    """Both arms read views of one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        turned = self.weight.t()
        if x.sum() > 0:
            return (x @ turned).tanh() @ turned
        return (x @ turned).relu()


class FirstToken(nn.Module):
    """Of the last layer, the first token alone is read."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, WIDTH)
        self.last = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(x).tanh()
        if hidden[:, 0].sum() > 0:
            hidden = hidden + x
        return self.last(hidden)[:, 0]
