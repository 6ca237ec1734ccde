"""LSTM that updates only a small part of its state for words it decides to skim.

M. Seo, S. Min, A. Farhadi, H. Hajishirzi: "Neural Speed Reading via Skim-RNN", ICLR 2018.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SkimRNN(nn.Module):
    def __init__(self, vocab=60, embed_dim=16, big_hidden=24, small_hidden=4, num_classes=4):
        super().__init__()
        self.big_hidden_size = big_hidden
        self.small_hidden_size = small_hidden
        self.word_emb = nn.Embedding(vocab, embed_dim, padding_idx=0)
        self.big_rnn = nn.LSTMCell(embed_dim, big_hidden)
        self.small_rnn = nn.LSTMCell(embed_dim, small_hidden)
        self.linear = nn.Sequential(
            nn.Linear(big_hidden + embed_dim, 16), nn.ReLU(), nn.Linear(16, 2)
        )
        self.fc = nn.Linear(big_hidden, num_classes)

    def forward(self, x):
        batch_size, seq_len = x.size()
        h_state, c_state = (torch.zeros(batch_size, self.big_hidden_size) for _ in range(2))
        p_list = []
        skimmed = 0
        x_emb = self.word_emb(x)
        for t in range(seq_len):
            embed = x_emb[:, t, :]
            p_t = F.softmax(self.linear(torch.cat([embed, h_state], dim=1)), dim=1)
            p_list.append(p_t)
            r_t = torch.argmax(p_t, dim=1)
            if r_t.item() == 0:  # read fully
                h_state, c_state = self.big_rnn(embed, (h_state, c_state))
            else:
                h_small, c_small = self.small_rnn(
                    embed,
                    (h_state[:, : self.small_hidden_size], c_state[:, : self.small_hidden_size]),
                )
                h_state = torch.cat([h_small, h_state[:, self.small_hidden_size :]], dim=1)
                c_state = torch.cat([c_small, c_state[:, self.small_hidden_size :]], dim=1)
                skimmed += 1
        logits = self.fc(h_state)
        return logits, torch.stack(p_list, dim=1), skimmed / seq_len


def build():
    torch.manual_seed(0)
    model = SkimRNN()
    with torch.no_grad():
        model.linear[2].weight *= 5
        model.linear[2].bias[0] += 0.6
    return model.eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(1, 60, (1, 8)),) for _ in range(16)]
