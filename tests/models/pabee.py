"""Encoder that stops when the same prediction was made by enough layers in a row.

W. Zhou, C. Xu, T. Ge, J. McAuley, K. Xu, F. Wei: "BERT Loses Patience: Fast and Robust Inference
with Early Exit", NeurIPS 2020.
"""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, dim, layers):
        super().__init__()
        self.layer = nn.ModuleList(
            [
                nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.Tanh())
                for _ in range(layers)
            ]
        )

    def adaptive_forward(self, hidden_states, current_layer, attention_mask=None):
        layer_outputs = self.layer[current_layer](hidden_states)
        return hidden_states + layer_outputs


class BertModelWithPabee(nn.Module):
    def __init__(self, vocab=40, dim=24, layers=5, num_labels=3):
        super().__init__()
        self.embeddings = nn.Embedding(vocab, dim)
        self.encoder = Encoder(dim, layers)
        self.output_layers = nn.ModuleList([nn.Linear(dim, num_labels) for _ in range(layers)])
        self.num_layers = layers
        self.patience = 0
        self.inference_instances_num = 0
        self.inference_layers_num = 0

    def set_patience(self, patience):
        self.patience = patience

    def reset_stats(self):
        self.inference_instances_num = 0
        self.inference_layers_num = 0

    def forward(self, input_ids, regression=False, regression_threshold=0.0):
        encoder_outputs = self.embeddings(input_ids)
        if self.patience == 0:
            raise ValueError("set_patience first")
        patient_counter = 0
        patient_result = None
        calculated_layer_num = 0
        for i in range(self.num_layers):
            calculated_layer_num += 1
            encoder_outputs = self.encoder.adaptive_forward(encoder_outputs, current_layer=i)
            pooled_output = encoder_outputs[:, 0]
            logits = self.output_layers[i](pooled_output)
            if regression:
                labels = logits.detach()
                if patient_result is not None:
                    patient_labels = patient_result.detach()
                if (patient_result is not None) and torch.abs(
                    patient_result - labels
                ) < regression_threshold:
                    patient_counter += 1
                else:
                    patient_counter = 0
            else:
                labels = logits.detach().argmax(dim=1)
                if patient_result is not None:
                    patient_labels = patient_result.detach().argmax(dim=1)
                if (patient_result is not None) and torch.all(labels.eq(patient_labels)):
                    patient_counter += 1
                else:
                    patient_counter = 0
            patient_result = logits
            if patient_counter == self.patience:
                break
        self.inference_layers_num += calculated_layer_num
        self.inference_instances_num += 1
        return patient_result, self.inference_layers_num / self.inference_instances_num


def build():
    torch.manual_seed(0)
    model = BertModelWithPabee()
    model.set_patience(2)
    return model.eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randint(0, 40, (1, 6)),) for _ in range(40)]
