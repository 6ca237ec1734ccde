"""A transformer block that is applied until its halting unit has had enough.

A. Graves: "Adaptive Computation Time for Recurrent Neural Networks", 2016, around the shared
block of M. Dehghani et al.: "Universal Transformers", ICLR 2019. The halting unit reads the mean
over the positions, so that the whole sequence halts at once.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 512
HEADS = 8
INNER = 2048
LENGTH = 32


class TransformerBlock(nn.Module):
    """Self-attention and feed-forward network, each normalised before and added after."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.projection = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.feed_forward = nn.Sequential(
            nn.Linear(WIDTH, INNER), nn.ReLU(), nn.Linear(INNER, WIDTH)
        )

    def attention(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        qkv = self.qkv(x).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        scores = query @ key.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)
        attended = F.softmax(scores, dim=-1) @ value
        return self.projection(attended.transpose(1, 2).reshape(batch, length, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class AdaptiveComputationTransformer(nn.Module):
    """Encoder with one shared block and adaptive computation time."""

    def __init__(self, vocabulary: int = 10000, max_steps: int = 8, epsilon: float = 0.01) -> None:
        super().__init__()
        self.max_steps = max_steps
        self.threshold = 1.0 - epsilon
        self.embedding = nn.Embedding(vocabulary, WIDTH)
        self.step_embedding = nn.Parameter(0.1 * torch.randn(max_steps, WIDTH))
        self.register_buffer("positions", sinusoids(LENGTH, WIDTH))
        self.block = TransformerBlock()
        self.halting_unit = nn.Linear(WIDTH, 1)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, int]:
        """Encode `tokens` [1, length].

        Returns the halting-weighted mean of the states [1, length, width], the ponder cost
        (steps + remainder, a scalar tensor) and the number of steps.
        """
        state = self.embedding(tokens) + self.positions
        mean_state = torch.zeros_like(state)
        accumulated = torch.zeros(())
        remainder = torch.ones(())
        step = 0
        while accumulated < self.threshold:
            state = self.block(state + self.step_embedding[step])
            probability = torch.sigmoid(self.halting_unit(state.mean(dim=1))).squeeze()
            step += 1
            if accumulated + probability >= self.threshold or step == self.max_steps:
                remainder = 1.0 - accumulated
                probability = remainder
            mean_state = mean_state + probability * state
            accumulated = accumulated + probability
        return self.norm(mean_state), step + remainder, step


def sinusoids(length: int, width: int) -> Tensor:
    """Return the sinusoidal position encodings [length, width]."""
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(length)[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@torch.no_grad()
def spread_halting(model: AdaptiveComputationTransformer, sentences: Tensor) -> None:
    """Scale the halting unit so that some of `sentences` [n, length] halt early, some never."""
    state = model.embedding(sentences) + model.positions
    state = model.block(state + model.step_embedding[0])
    logits = model.halting_unit(state.mean(dim=1))
    model.halting_unit.weight *= 1.5 / logits.std()
    model.halting_unit.bias -= 1.5 * logits.mean() / logits.std() + 1.8


def build() -> AdaptiveComputationTransformer:
    torch.manual_seed(4)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = AdaptiveComputationTransformer().eval()
    spread_halting(model, torch.cat([tokens for (tokens,) in inputs()]))
    return model


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return sentences of random words."""
    generator = torch.Generator().manual_seed(1)
    return [(torch.randint(10000, (1, LENGTH), generator=generator),) for _ in range(count)]


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
