"""Recurrent controller with a differentiable stack read down to unit strength.

E. Grefenstette, K. M. Hermann, M. Suleyman, P. Blunsom: "Learning to Transduce with Unbounded
Memory", NeurIPS 2015.
"""

import torch
from torch import nn


class NeuralStack(nn.Module):
    def __init__(self, embedding_size):
        super().__init__()
        self.embedding_size = embedding_size
        self.V = []
        self.s = []

    def reset(self):
        self.V = []
        self.s = []

    def forward(self, v, u, d):
        """Pop `u`, push `v` with strength `d`, return what lies on top."""
        strengths = list(self.s)
        used = 0.0
        for i in reversed(range(len(strengths))):
            s_i = torch.clamp(strengths[i] - torch.clamp(u - used, min=0.0), min=0.0)
            used = used + self.s[i]
            strengths[i] = s_i
        self.s = strengths
        self.V.append(v)
        self.s.append(d)
        read = torch.zeros(self.embedding_size)
        remaining = torch.ones(1)
        for i in range(len(self.s) - 1, -1, -1):
            if remaining <= 0:
                break
            coeff = torch.min(self.s[i], remaining)
            read = read + coeff * self.V[i]
            remaining = remaining - self.s[i]
        return read


class StackController(nn.Module):
    def __init__(self, vocab=10, hidden=16, embedding=8):
        super().__init__()
        self.embed = nn.Embedding(vocab, embedding)
        self.rnn = nn.LSTMCell(2 * embedding, hidden)
        self.stack = NeuralStack(embedding)
        self.push = nn.Linear(hidden, 1)
        self.pop = nn.Linear(hidden, 1)
        self.value = nn.Linear(hidden, embedding)
        self.output = nn.Linear(hidden, vocab)
        self.embedding_size = embedding

    def forward(self, sequence):
        self.stack.reset()
        state = None
        read = torch.zeros(self.embedding_size)
        outputs = []
        for token in sequence:
            x = torch.cat([self.embed(token), read]).unsqueeze(0)
            state = self.rnn(x) if state is None else self.rnn(x, state)
            h = state[0][0]
            d = torch.sigmoid(self.push(h))
            u = torch.sigmoid(self.pop(h))
            read = self.stack(torch.tanh(self.value(h)), u, d)
            outputs.append(self.output(h))
        return torch.stack(outputs), read


def build():
    torch.manual_seed(0)
    model = StackController()
    with torch.no_grad():
        model.push.weight *= 200
        model.pop.weight *= 12
    return model.eval()


def inputs():
    """Return sequences after which one to five items must be read, or all are not enough."""
    calls = []
    for seed in (0, 7, 11, 16, 17, 24):
        torch.manual_seed(seed)
        calls.append((torch.randint(10, (5,)),))
    return calls
