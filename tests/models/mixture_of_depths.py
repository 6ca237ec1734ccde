"""Transformer whose blocks process the tokens of highest weight only; the others pass by.

D. Raposo et al.: "Mixture-of-Depths: Dynamically Allocating Compute in Transformer-Based Language
Models", arXiv 2404.02258, 2024; at inference a token is chosen if its predictor says so.
"""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        y = self.norm1(x)
        x = self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class MoDBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.router = nn.Linear(dim, 1, bias=False)
        self.block = Block(dim)

    def forward(self, x):
        weights = self.router(x).squeeze(-1)
        chosen = torch.sigmoid(weights) > 0.5
        if not chosen.any():
            return x, 0
        output = x.clone()
        for b in range(x.size(0)):
            index = chosen[b].nonzero().squeeze(-1)
            selected = x[b, index].unsqueeze(0)
            processed = self.block(selected) * weights[b, index].view(1, -1, 1)
            output[b] = output[b].index_add(0, index, processed.squeeze(0))
        return output, int(chosen.sum())


class MoDTransformer(nn.Module):
    def __init__(self, vocab=40, dim=16, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.layers = nn.ModuleList([MoDBlock(dim) for _ in range(layers)])
        self.head = nn.Linear(dim, vocab)

    def forward(self, ids):
        x = self.embed(ids)
        used = []
        for layer in self.layers:
            x, count = layer(x)
            used.append(count)
        return self.head(x), used


def build():
    torch.manual_seed(0)
    return MoDTransformer().eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(0, 40, (1, 3)),) for _ in range(24)]
