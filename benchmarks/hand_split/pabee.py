"""BERT with patience: the embeddings with the first layer, then one part for each layer."""

from typing import Any

import torch
from torch import Tensor, nn

from .runtimes import Part, Runtime


class Layer(nn.Module):
    """One layer and its classifier; returns the state, logits and label."""

    def __init__(self, model: Any, number: int) -> None:
        super().__init__()
        self.layer = model.layers[number]
        self.pooler = model.pooler
        self.classifier = model.classifiers[number]

    def forward(self, state: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        state = self.layer(state, mask)
        logits = self.classifier(self.pooler(state))
        return state, logits, logits.argmax(dim=1)


class First(nn.Module):
    """Embeddings, mask and first layer."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.embeddings = model.embeddings
        self.layer = Layer(model, 0)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        extended = (1.0 - mask[:, None, None, :].float()) * -10000.0
        return extended, *self.layer(self.embeddings(ids), extended)


def split(model: Any, runtime: Runtime) -> Any:
    ids, mask = torch.zeros(1, 64, dtype=torch.long), torch.ones(1, 64, dtype=torch.long)
    module = First(model)
    first = runtime.part(module, ids, mask)
    extended, state, *_ = module(ids, mask)
    numbers = range(1, len(model.layers))
    layers: list[Part] = [runtime.part(Layer(model, n), state, extended) for n in numbers]

    def run(input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, int]:
        mask, state, logits, label = first(runtime.feed(input_ids), runtime.feed(attention_mask))
        last, counter, count = runtime.item(label), 0, 1
        for layer in layers:
            state, logits, label = layer(state, mask)
            count += 1
            now = runtime.item(label)
            counter = counter + 1 if now == last else 0
            last = now
            if counter == model.patience:
                break
        return runtime.read(logits), count

    return run
