"""Attention decoder over encoder states, decoded by beam search with a list of hypotheses.

D. Bahdanau, K. Cho, Y. Bengio: "Neural Machine Translation by Jointly Learning to Align and
Translate", ICLR 2015; the search follows cs224n's assignment, `Hypothesis` included.
"""

from typing import List, NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F

BOS, EOS = 1, 2


class Hypothesis(NamedTuple):
    value: List[int]
    score: float


class NMT(nn.Module):
    def __init__(self, vocab=12, embed_size=16, hidden_size=16):
        super().__init__()
        self.vocab = vocab
        self.embed = nn.Embedding(vocab, embed_size)
        self.encoder = nn.LSTM(embed_size, hidden_size, bidirectional=True)
        self.decoder = nn.LSTMCell(embed_size + hidden_size, hidden_size)
        self.h_projection = nn.Linear(hidden_size * 2, hidden_size, bias=False)
        self.c_projection = nn.Linear(hidden_size * 2, hidden_size, bias=False)
        self.att_projection = nn.Linear(hidden_size * 2, hidden_size, bias=False)
        self.combined_output_projection = nn.Linear(hidden_size * 3, hidden_size, bias=False)
        self.target_vocab_projection = nn.Linear(hidden_size, vocab, bias=False)

    def encode(self, source):
        enc_hiddens, (last_hidden, last_cell) = self.encoder(self.embed(source))
        enc_hiddens = enc_hiddens.permute(1, 0, 2)
        h = self.h_projection(torch.cat((last_hidden[0], last_hidden[1]), 1))
        c = self.c_projection(torch.cat((last_cell[0], last_cell[1]), 1))
        return enc_hiddens, (h, c)

    def step(self, Ybar_t, dec_state, enc_hiddens, enc_hiddens_proj):
        dec_hidden, dec_cell = self.decoder(Ybar_t, dec_state)
        e_t = torch.bmm(enc_hiddens_proj, dec_hidden.unsqueeze(2)).squeeze(2)
        alpha_t = F.softmax(e_t, dim=1)
        a_t = torch.bmm(alpha_t.unsqueeze(1), enc_hiddens).squeeze(1)
        U_t = torch.cat((dec_hidden, a_t), dim=1)
        O_t = torch.tanh(self.combined_output_projection(U_t))
        return (dec_hidden, dec_cell), O_t

    def beam_search(self, src, beam_size=3, max_decoding_time_step=6):
        src_encodings, dec_init_vec = self.encode(src)
        src_encodings_att_linear = self.att_projection(src_encodings)
        h_tm1 = dec_init_vec
        att_tm1 = torch.zeros(1, self.h_projection.out_features)
        hypotheses = [[BOS]]
        hyp_scores = torch.zeros(len(hypotheses), dtype=torch.float)
        completed_hypotheses = []

        t = 0
        while len(completed_hypotheses) < beam_size and t < max_decoding_time_step:
            t += 1
            hyp_num = len(hypotheses)
            exp_src_encodings = src_encodings.expand(
                hyp_num, src_encodings.size(1), src_encodings.size(2)
            )
            exp_src_encodings_att_linear = src_encodings_att_linear.expand(
                hyp_num, src_encodings_att_linear.size(1), src_encodings_att_linear.size(2)
            )
            y_tm1 = torch.tensor([hyp[-1] for hyp in hypotheses], dtype=torch.long)
            x = torch.cat([self.embed(y_tm1), att_tm1], dim=-1)
            (h_t, cell_t), att_t = self.step(
                x, h_tm1, exp_src_encodings, exp_src_encodings_att_linear
            )
            log_p_t = F.log_softmax(self.target_vocab_projection(att_t), dim=-1)
            live_hyp_num = beam_size - len(completed_hypotheses)
            contiuating_hyp_scores = (hyp_scores.unsqueeze(1).expand_as(log_p_t) + log_p_t).view(-1)
            top_cand_hyp_scores, top_cand_hyp_pos = torch.topk(
                contiuating_hyp_scores, k=live_hyp_num
            )
            prev_hyp_ids = torch.div(top_cand_hyp_pos, self.vocab, rounding_mode="floor")
            hyp_word_ids = top_cand_hyp_pos % self.vocab

            new_hypotheses = []
            live_hyp_ids = []
            new_hyp_scores = []
            for prev_hyp_id, hyp_word_id, cand_new_hyp_score in zip(
                prev_hyp_ids, hyp_word_ids, top_cand_hyp_scores
            ):
                prev_hyp_id = prev_hyp_id.item()
                hyp_word_id = hyp_word_id.item()
                cand_new_hyp_score = cand_new_hyp_score.item()
                new_hyp_sent = hypotheses[prev_hyp_id] + [hyp_word_id]
                if hyp_word_id == EOS:
                    completed_hypotheses.append(
                        Hypothesis(value=new_hyp_sent[1:-1], score=cand_new_hyp_score)
                    )
                else:
                    new_hypotheses.append(new_hyp_sent)
                    live_hyp_ids.append(prev_hyp_id)
                    new_hyp_scores.append(cand_new_hyp_score)
            if len(completed_hypotheses) == beam_size:
                break
            live_hyp_ids = torch.tensor(live_hyp_ids, dtype=torch.long)
            h_tm1 = (h_t[live_hyp_ids], cell_t[live_hyp_ids])
            att_tm1 = att_t[live_hyp_ids]
            hypotheses = new_hypotheses
            hyp_scores = torch.tensor(new_hyp_scores, dtype=torch.float)

        if len(completed_hypotheses) == 0:
            completed_hypotheses.append(
                Hypothesis(value=hypotheses[0][1:], score=hyp_scores[0].item())
            )
        completed_hypotheses.sort(key=lambda hyp: hyp.score, reverse=True)
        return completed_hypotheses

    def forward(self, src):
        best = self.beam_search(src)[0]
        return best.value, best.score


def build():
    torch.manual_seed(0)
    model = NMT()
    with torch.no_grad():
        model.target_vocab_projection.weight *= 4
    return model.eval()


def inputs():
    """Return sources; of the last, three hypotheses are complete before the last step."""
    calls = []
    for seed in (0, 1, 2, 3, 38):
        torch.manual_seed(seed)
        calls.append((torch.randint(3, 12, (5, 1)),))
    return calls
