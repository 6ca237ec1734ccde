"""A small model drafts tokens, a large one accepts the longest prefix it agrees with.

Y. Leviathan, M. Kalman, Y. Matias: "Fast Inference from Transformers via Speculative Decoding",
ICML 2023; with greedy acceptance.
"""

import torch
from torch import nn


class TinyLM(nn.Module):
    def __init__(self, vocab, dim, layers):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 2 * dim, batch_first=True, dropout=0.0)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(dim, vocab)

    def forward(self, ids):
        T = ids.size(1)
        mask = torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)
        return self.head(self.encoder(self.embed(ids), mask=mask))


class SpeculativeDecoder(nn.Module):
    def __init__(self, vocab=12, gamma=3, max_length=12, eos=0):
        super().__init__()
        self.target = TinyLM(vocab, 32, 2)
        self.draft = TinyLM(vocab, 16, 1)
        self.gamma = gamma
        self.max_length = max_length
        self.eos = eos

    def forward(self, prefix):
        ids = prefix
        drafts_accepted = 0
        while ids.size(1) < self.max_length:
            draft_ids = ids
            for _ in range(self.gamma):
                next_token = self.draft(draft_ids)[:, -1].argmax(-1, keepdim=True)
                draft_ids = torch.cat([draft_ids, next_token], dim=1)
            predicted = self.target(draft_ids)[:, ids.size(1) - 1 :].argmax(-1)
            proposed = draft_ids[:, ids.size(1) :]
            n_accepted = 0
            for i in range(self.gamma):
                if proposed[0, i] != predicted[0, i]:
                    break
                n_accepted += 1
            drafts_accepted += n_accepted
            accepted = proposed[:, :n_accepted]
            ids = torch.cat([ids, accepted, predicted[:, n_accepted : n_accepted + 1]], dim=1)
            if (ids[0, -1] == self.eos).item():
                break
        return ids[:, : self.max_length], drafts_accepted


def build():
    torch.manual_seed(1)
    model = SpeculativeDecoder()
    with torch.no_grad():
        model.draft.head.bias.copy_(model.target.head.bias * 4)
        model.target.head.bias *= 4
    return model.eval()


def inputs():
    """Return prefixes; some texts end early, and of some drafts all tokens are accepted."""
    calls = []
    for seed in (0, 1, 2, 3, 10):
        torch.manual_seed(seed)
        calls.append((torch.randint(1, 12, (1, 3)),))
    return calls
