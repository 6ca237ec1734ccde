"""Encoder whose layers have highway exits; a confident exit leaves by an exception.

J. Xin, R. Tang, J. Lee, Y. Yu, J. Lin: "DeeBERT: Dynamic Early Exiting for Accelerating BERT
Inference", ACL 2020.
"""

import math

import torch
from torch import nn


def entropy(x):
    """Calculate entropy of a pre-softmax logit Tensor"""
    exp_x = torch.exp(x)
    A = torch.sum(exp_x, dim=1)  # sum of exp(x_i)
    B = torch.sum(x * exp_x, dim=1)  # sum of x_i * exp(x_i)
    return torch.log(A) - B / A


class HighwayException(Exception):
    def __init__(self, message, exit_layer):
        self.message = message
        self.exit_layer = exit_layer  # start from 1!


class BertSelfAttention(nn.Module):
    def __init__(self, hidden_size, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.head_size = hidden_size // num_heads
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def transpose_for_scores(self, x):
        new_x_shape = x.size()[:-1] + (self.num_heads, self.head_size)
        x = x.view(*new_x_shape)
        return x.permute(0, 2, 1, 3)

    def forward(self, hidden_states, attention_mask=None):
        query_layer = self.transpose_for_scores(self.query(hidden_states))
        key_layer = self.transpose_for_scores(self.key(hidden_states))
        value_layer = self.transpose_for_scores(self.value(hidden_states))
        scores = torch.matmul(query_layer, key_layer.transpose(-1, -2))
        scores = scores / math.sqrt(self.head_size)
        if attention_mask is not None:
            scores = scores + attention_mask
        probs = nn.Softmax(dim=-1)(scores)
        context = torch.matmul(probs, value_layer).permute(0, 2, 1, 3).contiguous()
        return context.view(*(context.size()[:-2] + (self.num_heads * self.head_size,)))


class BertLayer(nn.Module):
    def __init__(self, hidden_size, num_heads):
        super().__init__()
        self.attention = BertSelfAttention(hidden_size, num_heads)
        self.attention_output = nn.Linear(hidden_size, hidden_size)
        self.attention_norm = nn.LayerNorm(hidden_size, eps=1e-12)
        self.intermediate = nn.Linear(hidden_size, 4 * hidden_size)
        self.output = nn.Linear(4 * hidden_size, hidden_size)
        self.output_norm = nn.LayerNorm(hidden_size, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, hidden_states, attention_mask):
        attention = self.attention(hidden_states, attention_mask)
        attention = self.dropout(self.attention_output(attention))
        hidden_states = self.attention_norm(attention + hidden_states)
        intermediate = nn.functional.gelu(self.intermediate(hidden_states))
        output = self.dropout(self.output(intermediate))
        return (self.output_norm(output + hidden_states),)


class BertPooler(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.activation = nn.Tanh()

    def forward(self, hidden_states):
        return self.activation(self.dense(hidden_states[:, 0]))


class BertHighway(nn.Module):
    """A module to provide a shortcut from the output of one non-final BertLayer."""

    def __init__(self, hidden_size, num_labels):
        super().__init__()
        self.pooler = BertPooler(hidden_size)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(hidden_size, num_labels)

    def forward(self, encoder_outputs):
        pooler_output = self.pooler(encoder_outputs[0])
        bmodel_output = (encoder_outputs[0], pooler_output) + encoder_outputs[1:]
        pooled_output = self.dropout(bmodel_output[1])
        return self.classifier(pooled_output), pooled_output


class DeeBertEncoder(nn.Module):
    def __init__(self, hidden_size, num_heads, num_layers, num_labels):
        super().__init__()
        self.output_attentions = False
        self.output_hidden_states = False
        self.layer = nn.ModuleList([BertLayer(hidden_size, num_heads) for _ in range(num_layers)])
        self.highway = nn.ModuleList(
            [BertHighway(hidden_size, num_labels) for _ in range(num_layers)]
        )
        self.early_exit_entropy = [-1 for _ in range(num_layers)]

    def set_early_exit_entropy(self, x):
        if (type(x) is float) or (type(x) is int):
            for i in range(len(self.early_exit_entropy)):
                self.early_exit_entropy[i] = x
        else:
            self.early_exit_entropy = x

    def forward(self, hidden_states, attention_mask=None):
        all_hidden_states = ()
        all_highway_exits = ()
        for i, layer_module in enumerate(self.layer):
            if self.output_hidden_states:
                all_hidden_states = all_hidden_states + (hidden_states,)
            layer_outputs = layer_module(hidden_states, attention_mask)
            hidden_states = layer_outputs[0]
            current_outputs = (hidden_states,)
            if self.output_hidden_states:
                current_outputs = current_outputs + (all_hidden_states,)
            highway_exit = self.highway[i](current_outputs)
            if not self.training:
                highway_logits = highway_exit[0]
                highway_entropy = entropy(highway_logits)
                highway_exit = highway_exit + (highway_entropy,)
                all_highway_exits = all_highway_exits + (highway_exit,)
                if highway_entropy < self.early_exit_entropy[i]:
                    new_output = (highway_logits,) + current_outputs[1:] + (all_highway_exits,)
                    raise HighwayException(new_output, i + 1)
            else:
                all_highway_exits = all_highway_exits + (highway_exit,)
        outputs = (hidden_states,)
        if self.output_hidden_states:
            outputs = outputs + (all_hidden_states,)
        return outputs + (all_highway_exits,)


class DeeBertModel(nn.Module):
    def __init__(self, vocab_size, hidden_size, num_heads, num_layers, num_labels):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, hidden_size, padding_idx=0)
        self.positions = nn.Embedding(32, hidden_size)
        self.norm = nn.LayerNorm(hidden_size)
        self.encoder = DeeBertEncoder(hidden_size, num_heads, num_layers, num_labels)
        self.pooler = BertPooler(hidden_size)

    def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None):
        if input_ids is not None and inputs_embeds is not None:
            raise ValueError("You cannot specify both input_ids and inputs_embeds")
        elif input_ids is not None:
            input_shape = input_ids.size()
        else:
            raise ValueError("You have to specify either input_ids or inputs_embeds")
        if attention_mask is None:
            attention_mask = torch.ones(input_shape, device=input_ids.device)
        extended = attention_mask[:, None, None, :].to(dtype=next(self.parameters()).dtype)
        extended = (1.0 - extended) * -10000.0
        positions = torch.arange(input_shape[1], device=input_ids.device).unsqueeze(0)
        embedding_output = self.norm(self.embeddings(input_ids) + self.positions(positions))
        encoder_outputs = self.encoder(embedding_output, attention_mask=extended)
        sequence_output = encoder_outputs[0]
        return (sequence_output, self.pooler(sequence_output)) + encoder_outputs[1:]


class DeeBertForSequenceClassification(nn.Module):
    def __init__(self, vocab_size=50, hidden_size=32, num_heads=4, num_layers=4, num_labels=3):
        super().__init__()
        self.num_labels = num_labels
        self.num_layers = num_layers
        self.bert = DeeBertModel(vocab_size, hidden_size, num_heads, num_layers, num_labels)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(hidden_size, self.num_labels)

    def forward(self, input_ids=None, attention_mask=None, output_layer=-1):
        exit_layer = self.num_layers
        try:
            outputs = self.bert(input_ids, attention_mask=attention_mask)
            pooled_output = self.dropout(outputs[1])
            logits = self.classifier(pooled_output)
            outputs = (logits,) + outputs[2:]
        except HighwayException as e:
            outputs = e.message
            exit_layer = e.exit_layer
            logits = outputs[0]
        if not self.training:
            original_entropy = entropy(logits)
            outputs = outputs + ((original_entropy,), exit_layer)
            if output_layer >= 0:
                highway_logits_all = [highway_exit[0] for highway_exit in outputs[-1]]
                outputs = (outputs[0],) + (highway_logits_all[output_layer],) + outputs[2:]
        return outputs


def build():
    torch.manual_seed(0)
    model = DeeBertForSequenceClassification().eval()
    model.bert.encoder.set_early_exit_entropy([1.06, 1.01, 1.035, 1.03])
    return model


def inputs():
    """Return texts that leave at each layer, and one that leaves at none."""
    masked = torch.ones(1, 8)
    masked[:, 5:] = 0
    calls = []
    for seed in (0, 1, 5, 7, 12):
        torch.manual_seed(seed)
        calls.append((torch.randint(1, 50, (1, 8)), masked))
    return calls
