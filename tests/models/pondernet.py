"""Recurrent network that halts with a learned probability, at inference by accumulated mass.

A. Banino, J. Balaguer, C. Blundell: "PonderNet: Learning to Ponder", ICML workshop 2021.
"""

from collections import namedtuple

import torch
from torch import nn

PonderOutput = namedtuple("PonderOutput", ["y", "p", "halted_at", "confidence"])


class PonderNet(nn.Module):
    def __init__(self, n_elems=16, n_hidden=32, max_steps=6, threshold=0.9):
        super().__init__()
        self.max_steps = max_steps
        self.n_hidden = n_hidden
        self.threshold = threshold
        self.cell = nn.GRUCell(n_elems, n_hidden)
        self.output_layer = nn.Linear(n_hidden, 1)
        self.lambda_layer = nn.Linear(n_hidden, 1)

    def forward(self, x):
        batch_size, _ = x.shape
        h = self.cell(x, x.new_zeros(batch_size, self.n_hidden))
        un_halted_prob = h.new_ones(batch_size)
        y_list, p_list = [], []
        halting_step = h.new_zeros(batch_size, dtype=torch.long)
        cumulative = h.new_zeros(batch_size)

        for n in range(1, self.max_steps + 1):
            if n == self.max_steps:
                lambda_n = h.new_ones(batch_size)
            else:
                lambda_n = torch.sigmoid(self.lambda_layer(h)).squeeze(-1)
            y_list.append(self.output_layer(h).squeeze(-1))
            p_list.append(un_halted_prob * lambda_n)
            cumulative = cumulative + p_list[-1]
            halting_step = torch.maximum(
                n * (halting_step == 0) * (cumulative > self.threshold).to(torch.long),
                halting_step,
            )
            un_halted_prob = un_halted_prob * (1 - lambda_n)
            h = self.cell(x, h)
            # enforce early stopping when all samples have exceeded their budget
            if (halting_step > 0).sum() == batch_size:
                break

        y = torch.stack(y_list)
        p = torch.stack(p_list)
        assert y.shape == p.shape, "as many outputs as probabilities"
        confidence = max(p.sum(dim=0).min().item(), 0.0)
        return PonderOutput(y, p, halted_at=halting_step, confidence=confidence)


def build():
    torch.manual_seed(0)
    model = PonderNet()
    with torch.no_grad():
        model.lambda_layer.weight *= 20.0
    return model.eval()


def inputs():
    """Return inputs that halt at each step, and one that is no number and never halts."""
    calls = []
    for seed in (0, 1, 5, 8, 18, 70):
        torch.manual_seed(seed)
        calls.append((torch.randn(1, 16) * (1 + seed % 63) / 16,))
    return [*calls, (torch.full((1, 16), float("nan")),)]
