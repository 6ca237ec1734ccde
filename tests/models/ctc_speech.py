"""Speech recogniser of convolutions and recurrences, decoded greedily: repeats and blanks go.

D. Amodei et al.: "Deep Speech 2: End-to-End Speech Recognition in English and Mandarin", ICML 2016;
decoded as in A. Graves et al.: "Connectionist Temporal Classification", ICML 2006, with the greedy
decoder of the public implementation.
"""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskConv(nn.Module):
    """Mask the output of each layer beyond the length of each sample."""

    def __init__(self, seq_module):
        super().__init__()
        self.seq_module = seq_module

    def forward(self, x, lengths):
        for module in self.seq_module:
            x = module(x)
            mask = torch.BoolTensor(x.size()).fill_(0)
            for i, length in enumerate(lengths):
                length = length.item()
                if (mask[i].size(2) - length) > 0:
                    mask[i].narrow(2, length, mask[i].size(2) - length).fill_(1)
            x = x.masked_fill(mask, 0)
        return x, lengths


class Lookahead(nn.Module):
    def __init__(self, n_features, context):
        super().__init__()
        self.pad = (0, context - 1)
        self.conv = nn.Conv1d(n_features, n_features, context, groups=n_features, bias=False)

    def forward(self, x):
        x = x.transpose(0, 1).transpose(1, 2)
        x = F.pad(x, pad=self.pad, value=0)
        x = self.conv(x)
        return x.transpose(1, 2).transpose(0, 1).contiguous()


class GreedyDecoder:
    def __init__(self, labels, blank_index=0):
        self.labels = labels
        self.int_to_char = dict([(i, c) for (i, c) in enumerate(labels)])
        self.blank_index = blank_index

    def process_string(self, sequence, size, remove_repetitions=False):
        symbols = []
        offsets = []
        for i in range(size):
            symbol = sequence[i].item()
            if symbol != self.blank_index:
                # if this is a repetition and remove_repetitions=True, skip
                if remove_repetitions and i != 0 and symbol == sequence[i - 1].item():
                    pass
                else:
                    symbols.append(symbol)
                    offsets.append(i)
        return symbols, torch.tensor(offsets, dtype=torch.int)

    def decode(self, probs, sizes=None):
        _, max_probs = torch.max(probs, 2)
        strings, offsets = [], []
        for x in range(len(max_probs)):
            seq_len = sizes[x] if sizes is not None else len(max_probs[x])
            string, string_offsets = self.process_string(
                max_probs[x], seq_len, remove_repetitions=True
            )
            strings.append(string)
            offsets.append(string_offsets)
        return strings, offsets


class DeepSpeech(nn.Module):
    def __init__(self, labels="_abcdef ", rnn_hidden_size=24, context=4):
        super().__init__()
        self.labels = labels
        self.conv = MaskConv(
            nn.Sequential(
                nn.Conv2d(1, 4, kernel_size=(5, 3), stride=(2, 1), padding=(2, 1)),
                nn.BatchNorm2d(4),
                nn.Hardtanh(0, 20, inplace=True),
            )
        )
        layers = [("0", nn.GRU(32, rnn_hidden_size)), ("1", nn.GRU(24, rnn_hidden_size))]
        self.rnns = nn.ModuleDict(OrderedDict(layers))
        self.lookahead = nn.Sequential(
            Lookahead(rnn_hidden_size, context=context), nn.Hardtanh(0, 20, inplace=True)
        )
        self.fc = nn.Sequential(
            nn.BatchNorm1d(rnn_hidden_size), nn.Linear(rnn_hidden_size, len(labels), bias=False)
        )
        self.decoder = GreedyDecoder(labels)

    def forward(self, x, lengths):
        lengths = lengths.cpu().int()
        x, output_lengths = self.conv(x, lengths)
        sizes = x.size()
        x = x.view(sizes[0], sizes[1] * sizes[2], sizes[3])
        x = x.transpose(1, 2).transpose(0, 1).contiguous()  # TxNxH
        for name, rnn in self.rnns.items():
            x, _ = rnn(x)
        x = self.lookahead(x)
        t, n = x.size(0), x.size(1)
        x = self.fc(x.view(t * n, -1)).view(t, n, -1)
        out = F.softmax(x.transpose(0, 1), dim=-1)
        strings, offsets = self.decoder.decode(out, output_lengths)
        return strings, offsets, output_lengths


def build():
    torch.manual_seed(0)
    model = DeepSpeech()
    with torch.no_grad():
        model.fc[1].weight *= 8
    return model.eval()


def inputs():
    torch.manual_seed(1)
    lengths = [(12, 9), (12, 12), (3, 12), (1, 0), (0, 0), (12, 5)]
    return [(torch.randn(2, 1, 16, 12) * 3, torch.tensor(pair)) for pair in lengths]
