"""The transformer with adaptive computation time: embedding, one step, the sum, and the norm."""

from typing import Any

import torch
from torch import Tensor, nn

from .runtimes import Runtime


class Embedding(nn.Module):
    """The first state."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.embedding = model.embedding
        self.register_buffer("positions", model.positions)

    def forward(self, tokens: Tensor) -> tuple[Tensor]:
        return (self.embedding(tokens) + self.positions,)


class Step(nn.Module):
    """The block, and the probability to halt behind it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.block = model.block
        self.halting_unit = model.halting_unit
        self.step_embedding = model.step_embedding

    def forward(self, state: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        state = self.block(state + self.step_embedding[step])
        return state, torch.sigmoid(self.halting_unit(state.mean(dim=1))).squeeze()


class Sum(nn.Module):
    """Add a state to the mean, as much as its probability says."""

    def forward(self, mean: Tensor, state: Tensor, probability: Tensor) -> tuple[Tensor]:
        return (mean + probability * state,)


class Norm(nn.Module):
    """The last layer."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.norm = model.norm

    def forward(self, mean: Tensor) -> tuple[Tensor]:
        return (self.norm(mean),)


def split(model: Any, runtime: Runtime) -> Any:
    tokens, one = torch.zeros(1, 32, dtype=torch.long), torch.zeros(())
    state = model.embedding(tokens) + model.positions
    number = torch.zeros((), dtype=torch.long)
    embed = runtime.part(Embedding(model), tokens)
    block = runtime.part(Step(model), state, number)
    add = runtime.part(Sum(), state, state, one)
    norm = runtime.part(Norm(model), state)
    steps = [torch.tensor(index) for index in range(model.max_steps)]

    def run(sentence: Tensor) -> tuple[Tensor, Tensor, int]:
        (state,) = embed(runtime.feed(sentence))
        mean = runtime.feed(torch.zeros(1, 32, 512))
        accumulated, remainder, step = torch.zeros(()), torch.ones(()), 0
        while accumulated < model.threshold:
            state, halting = block(state, runtime.feed(steps[step]))
            probability = runtime.read(halting)
            step += 1
            if accumulated + probability >= model.threshold or step == model.max_steps:
                probability = remainder = 1.0 - accumulated
            (mean,) = add(mean, state, runtime.feed(probability))
            accumulated = accumulated + probability
        return runtime.read(norm(mean)[0]), step + remainder, step

    return run
