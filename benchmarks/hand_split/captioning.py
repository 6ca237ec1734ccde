"""The captioning decoder: what is done once, and one step of the decoder."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .runtimes import Runtime

START, END = 1, 2


class Start(nn.Module):
    """The keys of the attention, and the first state."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean = features.mean(dim=1)
        keys = self.model.attention.feature_attention(features)
        hidden = torch.tanh(self.model.initial_hidden(mean))
        return keys, hidden, torch.tanh(self.model.initial_cell(mean))


class Step(nn.Module):
    """One word: its score, the map of the attention, and the next state."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, features: Tensor, keys: Tensor, hidden: Tensor, cell: Tensor, word: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        model = self.model
        context, alpha = model.attention(features, keys, hidden)
        gate = torch.sigmoid(model.context_gate(hidden))
        step_input = torch.cat([model.embedding(word), gate * context], dim=1)
        hidden, cell = model.lstm(step_input, (hidden, cell))
        score, word = F.log_softmax(model.output(hidden), dim=1).max(dim=1)
        return alpha, hidden, cell, score, word


def split(model: Any, runtime: Runtime) -> Any:
    features = torch.zeros(1, 14 * 14, 512)
    first = torch.full((1,), START, dtype=torch.long)
    begin, next_word = Start(model), Step(model)
    state = begin(features)
    start = runtime.part(begin, features)
    step = runtime.part(next_word, features, *state, first)

    def run(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, word = runtime.feed(image), runtime.feed(first)
        keys, hidden, cell = start(features)
        words: list[Tensor] = []
        scores: list[Tensor] = []
        maps: list[Tensor] = []
        for _ in range(model.max_length):
            alpha, hidden, cell, score, word = step(features, keys, hidden, cell, word)
            words.append(runtime.read(word))
            scores.append(runtime.read(score))
            maps.append(runtime.read(alpha))
            if runtime.item(word) == END:
                break
        return torch.stack(words, dim=1), torch.stack(scores, dim=1), torch.stack(maps, dim=1)

    return run
