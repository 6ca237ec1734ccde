"""BERT that stops once its internal classifiers have agreed often enough in a row.

W. Zhou, C. Xu, T. Ge, J. McAuley, K. Xu, F. Wei: "BERT Loses Patience: Fast and Robust
Inference with Early Exit" (PABEE), NeurIPS 2020. Six layers of BERT-base width.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VOCABULARY = 30522
HIDDEN = 768
HEADS = 12
INTERMEDIATE = 3072
LAYERS = 6
POSITIONS = 512
CLS, SEP = 101, 102


class BertEmbeddings(nn.Module):
    """Sum of word, position and segment embeddings, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, HIDDEN, padding_idx=0)
        self.position_embeddings = nn.Embedding(POSITIONS, HIDDEN)
        self.token_type_embeddings = nn.Embedding(2, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids: Tensor) -> Tensor:
        position_ids = torch.arange(input_ids.size(1), device=input_ids.device)
        embeddings = self.word_embeddings(input_ids) + self.position_embeddings(position_ids)
        embeddings = embeddings + self.token_type_embeddings(torch.zeros_like(input_ids))
        return self.dropout(self.LayerNorm(embeddings))


class BertSelfAttention(nn.Module):
    """Multi-head scaled dot-product attention with an additive mask."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(HIDDEN, HIDDEN)
        self.key = nn.Linear(HIDDEN, HIDDEN)
        self.value = nn.Linear(HIDDEN, HIDDEN)
        self.dropout = nn.Dropout(0.1)

    def transpose_for_scores(self, x: Tensor) -> Tensor:
        x = x.view(x.size(0), x.size(1), HEADS, HIDDEN // HEADS)
        return x.permute(0, 2, 1, 3)

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> Tensor:
        query = self.transpose_for_scores(self.query(hidden_states))
        key = self.transpose_for_scores(self.key(hidden_states))
        value = self.transpose_for_scores(self.value(hidden_states))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(HIDDEN // HEADS)
        probabilities = self.dropout(F.softmax(scores + attention_mask, dim=-1))
        context = torch.matmul(probabilities, value).permute(0, 2, 1, 3).contiguous()
        return context.view(context.size(0), context.size(1), HIDDEN)


class BertLayer(nn.Module):
    """Attention and feed-forward network, each with a residual and a normalisation after it."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = BertSelfAttention()
        self.attention_output = nn.Linear(HIDDEN, HIDDEN)
        self.attention_norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.intermediate = nn.Linear(HIDDEN, INTERMEDIATE)
        self.output = nn.Linear(INTERMEDIATE, HIDDEN)
        self.output_norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> Tensor:
        attended = self.attention_output(self.attention(hidden_states, attention_mask))
        hidden_states = self.attention_norm(hidden_states + self.dropout(attended))
        transformed = self.output(F.gelu(self.intermediate(hidden_states)))
        return self.output_norm(hidden_states + self.dropout(transformed))


class BertPooler(nn.Module):
    """Dense layer over the state of the first token."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, hidden_states: Tensor) -> Tensor:
        return torch.tanh(self.dense(hidden_states[:, 0]))


class BertWithPatience(nn.Module):
    """Sequence classifier with one internal classifier after each layer."""

    def __init__(self, num_labels: int = 2, patience: int = 2) -> None:
        super().__init__()
        self.patience = patience
        self.embeddings = BertEmbeddings()
        self.layers = nn.ModuleList(BertLayer() for _ in range(LAYERS))
        self.pooler = BertPooler()
        self.classifiers = nn.ModuleList(nn.Linear(HIDDEN, num_labels) for _ in range(LAYERS))

    def extended_mask(self, attention_mask: Tensor) -> Tensor:
        return (1.0 - attention_mask[:, None, None, :].float()) * -10000.0

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, int]:
        """Classify one sentence.

        `input_ids` and `attention_mask` are int64 [1, length]. Returns the logits [1, labels]
        and the number of layers that were computed.
        """
        mask = self.extended_mask(attention_mask)
        hidden_states = self.embeddings(input_ids)
        patient_counter = 0
        patient_result = None
        calculated_layers = 0
        for layer, classifier in zip(self.layers, self.classifiers, strict=True):
            hidden_states = layer(hidden_states, mask)
            logits = classifier(self.pooler(hidden_states))
            calculated_layers += 1
            if patient_result is not None:
                labels = logits.argmax(dim=1)
                patient_labels = patient_result.argmax(dim=1)
                if torch.all(labels.eq(patient_labels)):
                    patient_counter += 1
                else:
                    patient_counter = 0
            patient_result = logits
            if patient_counter == self.patience:
                break
        assert patient_result is not None
        return patient_result, calculated_layers


def initialise(module: nn.Module) -> None:
    """Draw weights, twice as wide as BERT's, so that sentences differ by more than rounding."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.04)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


@torch.no_grad()
def center_classifiers(model: BertWithPatience, sentences: list[tuple[Tensor, Tensor]]) -> None:
    """Make the labels equally likely over `sentences`, with logits of unit variance."""
    mask = model.extended_mask(torch.cat([mask for _, mask in sentences]))
    hidden_states = model.embeddings(torch.cat([ids for ids, _ in sentences]))
    for layer, classifier in zip(model.layers, model.classifiers, strict=True):
        assert isinstance(classifier, nn.Linear)
        hidden_states = layer(hidden_states, mask)
        logits = classifier(model.pooler(hidden_states))
        classifier.weight /= logits.std(dim=0)[:, None]
        classifier.bias -= (logits / logits.std(dim=0)).mean(dim=0)


def build() -> BertWithPatience:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = BertWithPatience().apply(initialise).eval()
    center_classifiers(model, inputs())
    return model


def inputs(count: int = 16, length: int = 64) -> list[tuple[Tensor, Tensor]]:
    """Return sentences of 16 to `length` random word pieces, padded to `length`."""
    generator = torch.Generator().manual_seed(2)
    sentences: list[tuple[Tensor, Tensor]] = []
    for _ in range(count):
        input_ids = torch.randint(1000, VOCABULARY, (1, length), generator=generator)
        pieces = int(torch.randint(16, length + 1, (), generator=generator))
        attention_mask = (torch.arange(length) < pieces).long()[None]
        input_ids[0, 0], input_ids[0, pieces - 1] = CLS, SEP
        sentences.append((input_ids * attention_mask, attention_mask))
    return sentences


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
