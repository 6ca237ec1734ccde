"""Packed sequences, and recurrent layers over sequences whose lengths depend on data."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import rnn

from .case import normal, program

_RNN: Any = rnn
"""Untyped in torch, partly."""


def lengths(*numbers: int) -> Tensor:
    """Return the lengths of sequences."""
    return torch.tensor(numbers)


@program(
    (normal(0, 3, 5, 4), lengths(5, 3, 2)),
    (normal(1, 3, 5, 4), lengths(4, 4, 1)),
    (normal(2, 3, 5, 4), lengths(2, 5, 1)),
    (normal(2, 3, 5, 4), lengths(2, 1, 0)),
    (normal(2, 3, 5, 4), lengths(0, 0, 0)),
    (normal(2, 3, 5, 4), lengths(6, 5, 1)),
    raises_like_torch=True,
)
class SortedSequences(nn.Module):
    """A classifier of texts, given in order of falling length; torch refuses other lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 3, batch_first=True)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True)
        packed_output, (hidden, cell) = self.lstm(packed)
        output, output_lengths = rnn.pad_packed_sequence(packed_output, batch_first=True)
        return self.head(hidden[-1]), cell, output, output_lengths


@program(
    (normal(0, 5, 3, 4), lengths(5, 3, 2), normal(3, 4, 3, 3)),
    (normal(1, 5, 3, 4), lengths(1, 4, 4), normal(4, 4, 3, 3)),
    (normal(1, 5, 3, 4), lengths(2, 2, 2), normal(5, 4, 3, 3)),
)
class UnsortedSequences(nn.Module):
    """Two layers in both directions, with states to begin with and a padding of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 3, num_layers=2, bidirectional=True, bias=False)

    def forward(self, x: Tensor, lengths: Any, state: Tensor) -> Any:
        packed = rnn.pack_padded_sequence(x, lengths.tolist(), enforce_sorted=False)
        packed, last = self.gru(packed, state)
        padded, lengths = rnn.pad_packed_sequence(packed, padding_value=-1.0, total_length=5)
        return padded, lengths, last


@program(
    (torch.tensor([[3, 1, 4, 1], [5, 9, 0, 0], [2, 0, 0, 0]]),),
    (torch.tensor([[3, 0, 0, 0], [5, 9, 2, 6], [2, 1, 0, 0]]),),
)
class PackedLayers(nn.Module):
    """Layers that work on the steps of all sequences at once, around a recurrent one."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10, 4, padding_idx=0)
        self.lstm = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
        self.head = nn.Linear(6, 2)

    def forward(self, tokens: Tensor) -> Any:
        lengths = (tokens != 0).sum(1)
        packed = rnn.pack_padded_sequence(
            tokens, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        embedded = rnn.PackedSequence(self.words(packed.data), *packed[1:])
        states, (hidden, _) = self.lstm(embedded)
        scores = states._replace(data=self.head(states.data))
        padded, _ = rnn.pad_packed_sequence(scores, batch_first=True)
        return padded, torch.cat([hidden[-2], hidden[-1]], 1), states.batch_sizes


@program(
    (normal(0, 3, 5, 3) * 3, lengths(4, 2, 1)),
    (normal(1, 3, 5, 3) * 0.1, lengths(5, 3, 2)),
    (normal(2, 3, 5, 3) * 6, lengths(4, 2, 1)),
)
class RepeatedOverPacked(nn.Module):
    """Packed sequences that a loop carries, until the states are small."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(3, 3, nonlinearity="relu")
        self.other = nn.RNN(3, 3)

    def forward(self, x: Tensor, lengths: Tensor) -> Any:
        packed = rnn.pack_padded_sequence(x.transpose(0, 1), lengths)
        state, count = x, 0
        while count < 2:
            packed, state = self.rnn(packed)
            count += 1
            if state.sum() < 3:
                packed, state = self.other(packed)
                break
        return rnn.pad_packed_sequence(packed), state, count


@program(
    (normal(0, 6, 4), torch.tensor(4)),
    (normal(1, 6, 4), torch.tensor(6)),
    (normal(2, 6, 4), torch.tensor(1)),
    (normal(2, 6, 4), torch.tensor(0)),
)
class PartOfASequence(nn.Module):
    """Recurrent layers over the first steps, with a batch and without."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(6, 3)

    def forward(self, x: Tensor, count: Tensor) -> Any:
        states, (hidden, cell) = self.lstm(x[None, : int(count)])
        begin = hidden.mean(0) + cell.mean(0)
        last, state = self.gru(states[0], begin)
        return last, state


@program(
    (normal(0, 5, 2), normal(1, 4, 2), torch.tensor(3)),
    (normal(2, 5, 2), normal(3, 4, 2), torch.tensor(5)),
)
class ListOfSequences(nn.Module):
    """Sequences that are packed from a list, and unpacked into one."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 3)

    def forward(self, one: Tensor, other: Tensor, count: Tensor) -> Any:
        packed = _RNN.pack_sequence([one[: int(count)], other], enforce_sorted=False)
        states, _ = self.gru(packed)
        return _RNN.unpack_sequence(states), packed.sorted_indices


@program(
    (normal(0, 3, 4, 2), lengths(3, 1, 2, 1), normal(1, 1, 4, 2), normal(2, 1, 4, 3)),
    (normal(3, 3, 4, 2), lengths(1, 3, 3, 3), normal(4, 1, 4, 2), normal(5, 1, 4, 3)),
)
class ProjectedStates(nn.Module):
    """An LSTM whose states are projected: PyTorch runs it, since no other engine can."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 3, proj_size=2)

    def forward(self, x: Tensor, lengths: Tensor, hidden: Tensor, cell: Tensor) -> Any:
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        states, last = self.lstm(packed, (hidden, cell))
        return rnn.pad_packed_sequence(states)[0], last


@program(
    (normal(0, 3, 5, 4), lengths(5, 3, 2), normal(0, 1, 4, 3), torch.tensor(3)),
    (normal(0, 3, 5, 4), lengths(5, 3, 2), normal(0, 1, 4, 3), torch.tensor(2)),
)
class WrongStates(nn.Module):
    """States that may be for another number of sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 3, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor, state: Tensor, count: Tensor) -> Any:
        packed = rnn.pack_padded_sequence(x, lengths, batch_first=True)
        return self.gru(packed, state[:, : int(count)])[1]
