"""BiLSTM tagger whose conditional random field is decoded by Viterbi's algorithm.

Z. Huang, W. Xu, K. Yu: "Bidirectional LSTM-CRF Models for Sequence Tagging", arXiv 1508.01991,
2015; the layer is in the style of the package pytorch-crf.
"""

import torch
import torch.nn as nn


class CRF(nn.Module):
    def __init__(self, num_tags):
        super().__init__()
        self.num_tags = num_tags
        self.start_transitions = nn.Parameter(torch.empty(num_tags))
        self.end_transitions = nn.Parameter(torch.empty(num_tags))
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.uniform_(self.start_transitions, -0.1, 0.1)
        nn.init.uniform_(self.end_transitions, -0.1, 0.1)
        nn.init.uniform_(self.transitions, -0.1, 0.1)

    def decode(self, emissions, mask=None):
        if mask is None:
            mask = emissions.new_ones(emissions.shape[:2], dtype=torch.uint8)
        if emissions.dim() != 3:
            raise ValueError(f"emissions must have dimension of 3, got {emissions.dim()}")
        no_empty_seq = mask[0].all()
        if not no_empty_seq:
            raise ValueError("mask of the first timestep must all be on")
        return self._viterbi_decode(emissions, mask)

    def _viterbi_decode(self, emissions, mask):
        seq_length, batch_size = mask.shape
        score = self.start_transitions + emissions[0]
        history = []
        for i in range(1, seq_length):
            broadcast_score = score.unsqueeze(2)
            broadcast_emission = emissions[i].unsqueeze(1)
            next_score = broadcast_score + self.transitions + broadcast_emission
            next_score, indices = next_score.max(dim=1)
            score = torch.where(mask[i].unsqueeze(1).bool(), next_score, score)
            history.append(indices)
        score += self.end_transitions
        seq_ends = mask.long().sum(dim=0) - 1
        best_tags_list = []
        for idx in range(batch_size):
            _, best_last_tag = score[idx].max(dim=0)
            best_tags = [best_last_tag.item()]
            for hist in reversed(history[: seq_ends[idx]]):
                best_last_tag = hist[idx][best_tags[-1]]
                best_tags.append(best_last_tag.item())
            best_tags.reverse()
            best_tags_list.append(best_tags)
        return best_tags_list


class BiLSTMCRF(nn.Module):
    def __init__(self, vocab=40, embedding=12, hidden=16, num_tags=5):
        super().__init__()
        self.embedding = nn.Embedding(vocab, embedding, padding_idx=0)
        self.lstm = nn.LSTM(embedding, hidden // 2, bidirectional=True)
        self.hidden2tag = nn.Linear(hidden, num_tags)
        self.crf = CRF(num_tags)

    def forward(self, sentence):
        mask = sentence.ne(0)
        features, _ = self.lstm(self.embedding(sentence))
        return self.crf.decode(self.hidden2tag(features), mask)


def build():
    torch.manual_seed(0)
    model = BiLSTMCRF()
    nn.init.uniform_(model.crf.transitions, -1, 1)
    return model.eval()


def inputs():
    torch.manual_seed(1)
    calls = []
    for lengths in [(6, 4), (6, 6), (1, 6), (6, 0), (3, 2), (5, 1)]:
        sentence = torch.randint(1, 40, (6, 2))
        for column, length in enumerate(lengths):
            sentence[length:, column] = 0
        calls.append((sentence,))
    return calls
