"""Recursive autoencoder that merges the pair of neighbours that it reconstructs best.

R. Socher, J. Pennington, E. H. Huang, A. Y. Ng, C. D. Manning: "Semi-Supervised Recursive
Autoencoders for Predicting Sentiment Distributions", EMNLP 2011.
"""

import torch
from torch import nn


class RecursiveAutoencoder(nn.Module):
    def __init__(self, vocab=30, dim=12, classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.encoder = nn.Linear(2 * dim, dim)
        self.decoder = nn.Linear(dim, 2 * dim)
        self.classifier = nn.Linear(dim, classes)

    def merge(self, left, right):
        children = torch.cat([left, right])
        parent = torch.tanh(self.encoder(children))
        parent = parent / parent.norm()
        error = ((self.decoder(parent) - children) ** 2).sum()
        return parent, error

    def forward(self, words):
        nodes = list(self.embedding(words))
        merges = []
        total_error = 0.0
        while len(nodes) > 1:
            candidates = [self.merge(a, b) for a, b in zip(nodes[:-1], nodes[1:])]
            errors = torch.stack([error for _, error in candidates])
            best = errors.argmin().item()
            parent, error = candidates[best]
            nodes[best : best + 2] = [parent]
            merges.append(best)
            total_error += error.item()
        return self.classifier(nodes[0]), merges, total_error


def build():
    torch.manual_seed(0)
    return RecursiveAutoencoder().eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(0, 30, (4,)),) for _ in range(24)]
