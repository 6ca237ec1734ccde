"""Sentence encoder that parses while it reads: a tracker shifts words or reduces subtrees.

S. R. Bowman, J. Gauthier, A. Rastogi, R. Gupta, C. D. Manning, C. Potts: "A Fast Unified Model for
Parsing and Sentence Understanding", ACL 2016. Buffers and stacks are lists, as in the PyTorch
example.
"""

import itertools

import torch
from torch import nn


def tree_lstm(c1, c2, lstm_in):
    a, i, f1, f2, o = lstm_in.chunk(5, 1)
    c = a.tanh() * i.sigmoid() + f1.sigmoid() * c1 + f2.sigmoid() * c2
    h = o.sigmoid() * c.tanh()
    return h, c


def bundle(lstm_iter):
    """Concatenate a list of (h, c) rows into one matrix."""
    if lstm_iter is None:
        return None
    lstm_iter = tuple(lstm_iter)
    if lstm_iter[0] is None:
        return None
    return torch.cat(lstm_iter, 0).chunk(2, 1)


def unbundle(state):
    if state is None:
        return itertools.repeat(None)
    return torch.split(torch.cat(state, 1), 1, 0)


class Reduce(nn.Module):
    def __init__(self, size, tracker_size=None):
        super().__init__()
        self.left = nn.Linear(size, 5 * size)
        self.right = nn.Linear(size, 5 * size, bias=False)
        if tracker_size is not None:
            self.track = nn.Linear(tracker_size, 5 * size, bias=False)

    def forward(self, left_in, right_in, tracking=None):
        left, right = bundle(left_in), bundle(right_in)
        tracking = bundle(tracking)
        lstm_in = self.left(left[0])
        lstm_in += self.right(right[0])
        if hasattr(self, "track"):
            lstm_in += self.track(tracking[0])
        return unbundle(tree_lstm(left[1], right[1], lstm_in))


class Tracker(nn.Module):
    def __init__(self, size, tracker_size, predict):
        super().__init__()
        self.rnn = nn.LSTMCell(3 * size, tracker_size)
        if predict:
            self.transition = nn.Linear(tracker_size, 2)
        self.state_size = tracker_size

    def reset_state(self):
        self.state = None

    def forward(self, bufs, stacks):
        buf = bundle(buf[-1] for buf in bufs)[0]
        stack1 = bundle(stack[-1] for stack in stacks)[0]
        stack2 = bundle(stack[-2] for stack in stacks)[0]
        x = torch.cat((buf, stack1, stack2), 1)
        if self.state is None:
            self.state = 2 * [x.data.new(x.size(0), self.state_size).zero_()]
        self.state = self.rnn(x, self.state)
        if hasattr(self, "transition"):
            return unbundle(self.state), self.transition(self.state[0])
        return unbundle(self.state), None


class SPINN(nn.Module):
    def __init__(self, size=12, tracker_size=8):
        super().__init__()
        self.reduce = Reduce(size, tracker_size)
        self.tracker = Tracker(size, tracker_size, predict=True)

    def forward(self, buffers):
        buffers = [list(torch.split(b.squeeze(1), 1, 0)) for b in torch.split(buffers, 1, 1)]
        stacks = [[buf[0], buf[0]] for buf in buffers]
        self.tracker.reset_state()
        num_transitions = 2 * (len(buffers[0]) - 2) - 1
        chosen = []
        for _ in range(num_transitions):
            tracker_states, trans_hyp = self.tracker(buffers, stacks)
            trans_preds = trans_hyp.max(1)[1]
            lefts, rights, trackings = [], [], []
            batch = zip(trans_preds, buffers, stacks, tracker_states)
            for transition, buf, stack, tracking in batch:
                if len(buf) > 2 and (transition == 1 or len(stack) < 4):  # shift
                    stack.append(buf.pop())
                    chosen.append(0)
                else:  # reduce
                    rights.append(stack.pop())
                    lefts.append(stack.pop())
                    trackings.append(tracking)
                    chosen.append(1)
            if rights:
                reduced = iter(self.reduce(lefts, rights, trackings))
                for i, stack in enumerate(stacks):
                    if chosen[i - len(stacks)] == 1:
                        stack.append(next(reduced))
        return bundle([stack.pop() for stack in stacks])[0], chosen


def build():
    torch.manual_seed(0)
    model = SPINN()
    with torch.no_grad():
        model.tracker.transition.weight *= 20
    return model.eval()


def inputs():
    """Return buffers [words + 2, batch, 2 * size]: two blanks, then the words from the last."""
    calls = []
    for seed in (0, 1, 2, 3, 17, 27):
        torch.manual_seed(seed)
        buffers = torch.randn(6, 1, 24) * 2 ** (seed % 3)
        buffers[:2] = 0
        calls.append((buffers,))
    return calls
