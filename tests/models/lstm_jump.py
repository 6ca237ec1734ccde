"""Reader that, after some tokens, samples how many to jump over; the largest logit at test time.

A. W. Yu, H. Lee, Q. V. Le: "Learning to Skim Text", ACL 2017.
"""

import torch
from torch import nn


class LSTMJump(nn.Module):
    def __init__(self, vocab=80, dim=16, hidden=24, R=3, K=4, N=2, classes=2):
        super().__init__()
        self.R, self.K, self.N = R, K, N
        self.embedding = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTMCell(dim, hidden)
        self.jump = nn.Linear(hidden, K + 1)
        self.classifier = nn.Linear(hidden, classes)
        self.hidden = hidden

    def forward(self, tokens):
        """Classify `tokens` [length]; return logits and where it stopped to decide."""
        T = tokens.shape[0]
        h = torch.zeros(1, self.hidden)
        c = torch.zeros(1, self.hidden)
        position, n_jumps = 0, 0
        visited = []
        while position < T and n_jumps <= self.N:
            for _ in range(self.R):
                if position >= T:
                    break
                h, c = self.lstm(self.embedding(tokens[position]).unsqueeze(0), (h, c))
                position += 1
            jump_logits = self.jump(h)
            k = jump_logits.argmax(-1).item()
            visited.append(k)
            if k == 0:  # stop reading
                break
            position += k - 1
            n_jumps += 1
        return self.classifier(h), torch.tensor(visited), n_jumps


def build():
    torch.manual_seed(2)
    model = LSTMJump()
    with torch.no_grad():
        model.jump.weight *= 16
    return model.eval()


DIMS = {"tokens": {0: ("T", 0, None)}}


def inputs():
    """Return texts of several lengths; of long ones it stops reading after three jumps."""
    calls = []
    for seed, length in [(0, 12), (1, 12), (2, 9), (3, 9), (56, 12), (5, 1), (6, 5), (7, 0)]:
        torch.manual_seed(seed)
        calls.append((torch.randint(80, (length,)),))
    return calls
