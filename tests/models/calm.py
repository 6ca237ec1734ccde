"""Decoder that leaves its layers early for each token, as soon as the softmax is peaked enough.

T. Schuster et al.: "Confident Adaptive Language Modeling", NeurIPS 2022; the threshold decays with
the length of what was generated, as in the paper.
"""

import math

import torch
from torch import nn


class DecoderLayer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.mix = nn.GRUCell(dim, dim)
        self.ff = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))

    def forward(self, x, memory):
        x = x + self.mix(self.norm(x), memory)
        return x + self.ff(x)


class CALM(nn.Module):
    def __init__(self, vocab=20, dim=24, layers=3, max_length=5, eos=0):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.layers = nn.ModuleList([DecoderLayer(dim) for _ in range(layers)])
        self.lm_head = nn.Linear(dim, vocab, bias=False)
        self.max_length = max_length
        self.eos = eos
        self.conf_threshold = 0.6
        self.temperature = 4

    def threshold(self, t):
        return 0.9 * self.conf_threshold + 0.1 * math.exp(-self.temperature * t / self.max_length)

    @torch.no_grad()
    def forward(self, token, memory):
        tokens, exits = [], []
        for t in range(self.max_length):
            hidden = self.embed(token)
            used = 0
            for layer in self.layers:
                hidden = layer(hidden, memory)
                used += 1
                logits = self.lm_head(hidden)
                top = torch.topk(logits.softmax(-1), 2, dim=-1).values[0]
                if used < len(self.layers) and (top[0] - top[1]) > self.threshold(t):
                    break
            memory = memory + hidden / (t + 1)
            token = logits.argmax(-1)
            tokens.append(token)
            exits.append(used)
            if token == self.eos:
                break
        return torch.cat(tokens), exits


def build():
    torch.manual_seed(0)
    model = CALM()
    with torch.no_grad():
        model.lm_head.weight *= 3
    return model.eval()


def inputs():
    """Return beginnings of texts that end after one to five steps."""
    calls = []
    for seed in (0, 3, 6, 34, 35, 102, 168, 294, 490):
        torch.manual_seed(seed)
        calls.append((torch.randint(1, 20, (1,)), torch.randn(1, 24) * (1 + seed % 3)))
    return calls
