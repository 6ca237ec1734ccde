"""Layers of `torch.nn` around decisions: what the front end runs natively."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .case import normal, program

_LINALG: Any = torch.linalg
"""Untyped in torch."""


@program(
    (normal(0, 1, 3, 8, 8),),
    (normal(1, 1, 3, 8, 8),),
    (normal(5, 1, 3, 8, 8),),
    (normal(1, 1, 3, 8, 8) * 0.1,),
)
class Convolutional(nn.Module):
    """Convolution, batch normalisation, dropout and pooling with an early exit."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.GELU(), nn.Dropout(0.5))
        self.exit = nn.Linear(8, 4)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        early = self.exit(features.mean((2, 3)))
        if early.softmax(-1).max() > 0.34:
            return early
        return self.head(self.body(features))


@program((normal(0, 1, 5, 4),), (normal(1, 1, 5, 4),), (normal(2, 1, 5, 4),))
class Recurrent(nn.Module):
    """H16, H17: an LSTM, whose weights PyTorch keeps in a flat list too."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 6, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(12, 6, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        states, (hidden, _) = self.lstm(x)
        if hidden[-1].sum() > 0:
            states, _ = self.gru(states)
        return states[:, -1]


@program((normal(0, 2, 5, 8),), (normal(1, 2, 5, 8),), (normal(3, 2, 5, 8),))
class Attention(nn.Module):
    """H16: an encoder layer for which PyTorch has a fused fast path."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.encoder(x)
        if x[0, 0, 0] > 0:
            x, _ = self.attention(x, x, x, need_weights=False)
        return x


@program((normal(0, 1, 4, 8),), (normal(1, 1, 4, 8),), (normal(2, 1, 4, 8),), (normal(3, 1, 4, 8),))
class CausalAttention(nn.Module):
    """Scaled dot-product attention with a mask that is made in the program."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(8, 24)
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.projection(self.norm(x)).chunk(3, dim=-1)
        mask = torch.ones(4, 4, dtype=torch.bool).tril()
        if query.mean() > 0:
            return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        scores = (query @ key.transpose(-1, -2)).masked_fill(~mask, float("-inf"))
        return scores.softmax(-1) @ value


@program((normal(0, 2, 6),), (normal(1, 2, 6),))
class StaticNetwork(nn.Module):
    """No decision at all: the program with one block."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 12), nn.LayerNorm(12), nn.SiLU(), nn.Linear(12, 3))

    def forward(self, x: Tensor) -> Tensor:
        return functional.log_softmax(self.layers(x), dim=-1)


@program(
    *[(normal(number, 4, 6),) for number in (0, 1)],
    *[(normal(number, 1, 6).expand(4, 6),) for number in (1, 2, 3)],
)
class MixtureOfExperts(nn.Module):
    """Tokens are sent to the best two of four experts."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(6, 4)
        self.experts = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))

    def forward(self, tokens: Tensor) -> Tensor:
        weights, chosen = self.router(tokens).softmax(-1).topk(2, dim=-1)
        result = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, ranks = torch.where(chosen == number)
            if rows.numel() > 0:
                scaled = expert(tokens[rows]) * weights[rows, ranks].unsqueeze(1)
                result.index_add_(0, rows, scaled)
        return result


@program(*[(normal(number, 2, 6),) for number in range(6)])
class Halting(nn.Module):
    """Adaptive computation time: each row stops when its probabilities reach one."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.GRUCell(6, 6)
        self.halt = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        state = torch.zeros_like(x)
        result = torch.zeros_like(x)
        remaining = torch.ones(x.shape[0])
        steps = 0
        while bool((remaining > 0).any()) and steps < 6:
            state = self.step(x, state)
            probability = torch.sigmoid(4 * self.halt(state)).squeeze(1)
            last = remaining - probability <= 0.05
            weight = torch.where(last, remaining, probability)
            result = result + weight.unsqueeze(1) * state
            remaining = torch.where(last, torch.zeros_like(remaining), remaining - weight)
            steps += 1
        return result, remaining, steps


@program(*[(normal(number, 1, 4),) for number in (*range(10), 47)], weights=1)
class Patience(nn.Module):
    """Leave when several classifiers in a row agree."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.heads = nn.ModuleList(nn.Linear(4, 3) for _ in range(4))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        previous = None
        patience = depth = 0
        logits = x
        for layer, head in zip(self.layers, self.heads, strict=True):
            x = torch.tanh(layer(x))
            logits = head(x)
            label = logits.argmax(-1)
            depth += 1
            if previous is not None and torch.equal(label, previous):
                patience += 1
            else:
                patience = 0
            if patience == 2:
                break
            previous = label
        return logits, depth


@program((normal(0, 2, 3),), (-normal(0, 2, 3),))
class MadeInForward(nn.Module):
    """Modules without weights that are made where they are used, and the type of the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.to(next(self.parameters()).dtype)
        y = nn.Softmax(dim=-1)(self.linear(x))
        if x.sum() > 0:
            y = nn.Sequential(nn.ReLU(), nn.Sigmoid())(y)
        return y * sum(parameter.numel() for parameter in self.parameters())


@program((normal(0, 3, 3), normal(1, 3)), (-normal(0, 3, 3), normal(1, 3)))
def solves_equations(matrix: Tensor, right: Tensor) -> Tensor:
    """Torch checks for failures of the solver by an effect."""
    if matrix.trace() > 0:
        right = right + 1
    solved: Tensor = _LINALG.solve(matrix + 3 * torch.eye(3), right)
    return solved


class _Precise(nn.LayerNorm):
    """Calls `forward` of torch's class, like models in half precision do."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.float()).type(input.dtype)


class _Doubling(nn.Conv1d):
    """Overrides what `forward` of torch's class calls."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return super()._conv_forward(input, weight * 2, bias)  # type: ignore[no-any-return]


class _Remembering(nn.GRU):
    def forward(self, input: Any, hx: Any = None) -> Any:
        states, _ = super().forward(input, hx)  # pyright: ignore[reportUnknownVariableType]
        return states if input.sum() > 0 else -states  # pyright: ignore[reportUnknownVariableType]


class _Shifted(nn.Linear):
    def __call__(self, input: Tensor) -> Tensor:
        return super().__call__(input + 1)


@program((normal(0, 1, 3, 4),), (normal(1, 1, 3, 4),), (normal(4, 1, 3, 4),))
class Inheriting(nn.Module):
    """Layers that derive from those of torch and call what they override."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.convolution = _Precise(4), _Doubling(4, 4, 1)
        self.recurrence, self.linear = _Remembering(4, 4, batch_first=True), _Shifted(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x)
        x = self.convolution(x.transpose(1, 2)).transpose(1, 2)
        return self.linear(self.recurrence(x))


@program((normal(0, 1, 4, 8) + 1,), (normal(1, 1, 4, 8) - 1,))
class EncoderWithMasks(nn.Module):
    """Torch's encoder asks whether its mask is causal; the mask depends on data."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        size = x.size(1)
        mask = torch.triu(torch.ones(size, size, dtype=torch.bool), diagonal=1)
        if x.sum() > 0:
            mask = mask & (x.mean(-1) < 9)
        return self.encoder(x, mask=mask)


@program(*[(normal(number, 1, 2, 8),) for number in range(6)])
class GrowingDecoder(nn.Module):
    """Torch's decoder with a causal mask for a sequence that grows until data ends it."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        self.decoder = nn.TransformerDecoder(layer, 1)

    def forward(self, memory: Tensor) -> Tensor:
        y = memory[:, :1]
        while y.size(1) < 6:
            mask = nn.Transformer.generate_square_subsequent_mask(y.size(1))
            out = self.decoder(y, memory, tgt_mask=mask, tgt_is_causal=True)
            y = torch.cat([y, out[:, -1:]], 1)
            if out[:, -1].max() > 2:
                break
        return y


class _Slimmable(nn.Linear):
    """A layer of which an attribute says how much is used."""

    width = 4

    def forward(self, input: Tensor) -> Tensor:
        return functional.linear(input, self.weight[: self.width], self.bias[: self.width])


@program((normal(0, 1, 4),), (normal(1, 1, 4),), (normal(2, 1, 4),))
class AppliesToModules(nn.Module):
    """A function is applied to all modules while the program runs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = _Slimmable(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        width = 2 if x.sum() > 0 else 4

        def slim(module: nn.Module) -> None:
            if isinstance(module, _Slimmable):
                module.width = width

        self.apply(slim)
        return self.layer(x)
