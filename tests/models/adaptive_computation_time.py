"""Recurrent network that decides for each element of the batch how often to think about an input.

A. Graves: "Adaptive Computation Time for Recurrent Neural Networks", arXiv 1603.08983, 2016.
"""

import torch
from torch import nn


class ACTCell(nn.Module):
    """Wraps a cell; the first element of its input tells whether the input is new."""

    def __init__(self, input_size, hidden_size, max_ponder=4, epsilon=0.01):
        super().__init__()
        self.cell = nn.GRUCell(input_size + 1, hidden_size)
        self.ponder_linear = nn.Linear(hidden_size, 1)
        self.max_ponder = max_ponder
        self.epsilon = epsilon

    def forward(self, input_, hx):
        batch_size = input_.size(0)
        budget = torch.ones((batch_size, 1), device=input_.device) - self.epsilon
        ponder_cost = 0
        ponder_steps = torch.zeros(batch_size)
        selector = budget.new_ones(batch_size, 1).bool()
        halting_sum = torch.zeros_like(budget)
        accumulated_hx = torch.zeros_like(hx)
        first_flag = torch.ones(batch_size, 1)

        for act_step in range(self.max_ponder - 1):
            extended = torch.cat([input_, first_flag], dim=1)
            hx = self.cell(extended, hx)
            halting_p = torch.sigmoid(self.ponder_linear(hx))
            masked_p = halting_p * selector.float()
            halting_sum = halting_sum + masked_p
            continuing = (halting_sum < budget) & selector
            ending = selector & ~continuing
            remainder = (1 - (halting_sum - masked_p)) * ending.float()
            weight = halting_p * continuing.float() + remainder
            accumulated_hx += weight * hx
            ponder_steps[selector.squeeze(1)] += 1
            ponder_cost = ponder_cost + remainder.mean()
            selector = continuing
            first_flag = torch.zeros(batch_size, 1)
            if not selector.any():
                break
        else:
            extended = torch.cat([input_, first_flag], dim=1)
            hx = self.cell(extended, hx)
            remainder = (1 - halting_sum) * selector.float()
            accumulated_hx += remainder * hx
            ponder_steps[selector.squeeze(1)] += 1
            ponder_cost = ponder_cost + remainder.mean()
        return accumulated_hx, ponder_cost, ponder_steps


class ParityACT(nn.Module):
    def __init__(self, input_size=12, hidden_size=24):
        super().__init__()
        self.hidden_size = hidden_size
        self.rnn = ACTCell(input_size, hidden_size)
        self.readout = nn.Linear(hidden_size, 1)

    def forward(self, sequence):
        hx = sequence.new_zeros(sequence.size(1), self.hidden_size)
        total_ponder, steps = 0.0, []
        for x in sequence.unbind(0):
            hx, cost, step = self.rnn(x, hx)
            total_ponder += cost
            steps.append(step)
        return torch.sigmoid(self.readout(hx)), total_ponder, torch.stack(steps)


def build():
    torch.manual_seed(0)
    model = ParityACT()
    with torch.no_grad():
        model.rnn.ponder_linear.weight *= 40.0
    return model.eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randn(2, 2, 12) * index / 8,) for index in range(40)]
