"""The network with early exits: one part up to each exit, one for the rest."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .runtimes import Part, Runtime


class UpToExit(nn.Module):
    """Blocks and an internal classifier; returns features, logits and confidence."""

    def __init__(self, blocks: list[nn.Module], classifier: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.classifier = classifier

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.blocks(x)
        logits = self.classifier(x)
        return x, logits, F.softmax(logits, dim=1).max()


class Rest(nn.Module):
    """The blocks behind the last exit, and the final classifier."""

    def __init__(self, blocks: list[nn.Module], linear: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.linear = linear

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (self.linear(F.adaptive_avg_pool2d(self.blocks(x), 1).flatten(1)),)


def split(model: Any, runtime: Runtime) -> Any:
    x = torch.zeros(1, 3, 32, 32)
    blocks = [model.stem, *model.blocks]
    exits: list[tuple[Part, float]] = []
    begin = 0
    for position, threshold in zip(model.classifiers, model.thresholds, strict=True):
        end = int(position) + 2  # the stem stands before the blocks
        module = UpToExit(blocks[begin:end], model.classifiers[position])
        exits.append((runtime.part(module, x), threshold))
        x = module(x)[0]
        begin = end
    rest = runtime.part(Rest(blocks[begin:], model.linear), x)

    def run(image: Tensor) -> tuple[Tensor, int]:
        features = runtime.feed(image)
        for index, (part, threshold) in enumerate(exits):
            features, logits, confidence = part(features)
            if runtime.item(confidence) >= threshold:
                return runtime.read(logits), index
        return runtime.read(rest(features)[0]), len(exits)

    return run
