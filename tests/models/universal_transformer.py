"""One transformer layer that is applied to all positions until each of them has halted.

M. Dehghani, S. Gouws, O. Vinyals, J. Uszkoreit, L. Kaiser: "Universal Transformers", ICLR 2019; the
halting is written as in the PyTorch port of A. Lin.
"""

import torch
import torch.nn as nn


class Layer(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.transition = nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim))
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.transition(self.norm2(x))


class ACT_basic(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.sigma = nn.Sigmoid()
        self.p = nn.Linear(hidden_size, 1)
        self.p.bias.data.fill_(1)
        self.threshold = 1 - 0.1

    def forward(self, state, inputs, fn, time_enc, pos_enc, max_hop):
        halting_probability = torch.zeros(inputs.shape[0], inputs.shape[1])
        remainders = torch.zeros(inputs.shape[0], inputs.shape[1])
        n_updates = torch.zeros(inputs.shape[0], inputs.shape[1])
        previous_state = torch.zeros_like(inputs)
        step = 0
        while ((halting_probability < self.threshold) & (n_updates < max_hop)).byte().any():
            state = state + time_enc[:, : inputs.shape[1], :].type_as(inputs.data)
            state = state + pos_enc[:, step, :].unsqueeze(1).repeat(1, inputs.shape[1], 1)
            p = self.sigma(self.p(state)).squeeze(-1)
            still_running = (halting_probability < 1.0).float()
            new_halted = (halting_probability + p * still_running > self.threshold).float()
            new_halted = new_halted * still_running
            still_running = (halting_probability + p * still_running <= self.threshold).float()
            still_running = still_running * (halting_probability < 1.0).float()
            halting_probability = halting_probability + p * still_running
            remainders = remainders + new_halted * (1 - halting_probability)
            halting_probability = halting_probability + new_halted * remainders
            n_updates = n_updates + still_running + new_halted
            update_weights = p * still_running + new_halted * remainders
            state = fn(state)
            previous_state = (state * update_weights.unsqueeze(-1)) + (
                previous_state * (1 - update_weights.unsqueeze(-1))
            )
            step += 1
        return previous_state, (remainders, n_updates)


class UniversalTransformer(nn.Module):
    def __init__(self, vocab=30, dim=16, max_length=8, max_hop=6):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.register_buffer("timing_signal", torch.randn(1, max_length, dim) * 0.1)
        self.register_buffer("position_signal", torch.randn(1, max_hop, dim) * 0.1)
        self.enc = Layer(dim)
        self.act_fn = ACT_basic(dim)
        self.max_hop = max_hop
        self.output = nn.Linear(dim, vocab)

    def forward(self, story):
        x = self.embedding(story)
        x, (remainders, n_updates) = self.act_fn(
            x, x, self.enc, self.timing_signal, self.position_signal, self.max_hop
        )
        return self.output(x.sum(1)), remainders, n_updates


def build():
    torch.manual_seed(0)
    return UniversalTransformer().eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(0, 30, (1, 6)),) for _ in range(4)]
