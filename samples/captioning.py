"""Caption an image: attend to its features and emit words until the end token.

K. Xu, J. Ba, R. Kiros, K. Cho, A. Courville, R. Salakhutdinov, R. Zemel, Y. Bengio: "Show,
Attend and Tell: Neural Image Caption Generation with Visual Attention", ICML 2015. As in the
paper the features are the 14 x 14 annotation vectors of a VGG network; soft attention, greedy
decoding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

START, END = 1, 2
PIXELS = 14 * 14


class Attention(nn.Module):
    """Additive attention of the decoder state over the annotation vectors."""

    def __init__(self, feature_size: int, hidden_size: int, attention_size: int) -> None:
        super().__init__()
        self.feature_attention = nn.Linear(feature_size, attention_size)
        self.hidden_attention = nn.Linear(hidden_size, attention_size)
        self.full_attention = nn.Linear(attention_size, 1)

    def forward(self, features: Tensor, keys: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        energy = torch.tanh(keys + self.hidden_attention(hidden).unsqueeze(1))
        alpha = F.softmax(self.full_attention(energy).squeeze(2), dim=1)
        context = (features * alpha.unsqueeze(2)).sum(dim=1)
        return context, alpha


class CaptioningDecoder(nn.Module):
    """LSTM decoder with soft attention and a gate on the context."""

    def __init__(
        self,
        vocabulary: int = 10000,
        feature_size: int = 512,
        hidden_size: int = 512,
        embedding_size: int = 512,
        max_length: int = 20,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.attention = Attention(feature_size, hidden_size, 512)
        self.embedding = nn.Embedding(vocabulary, embedding_size)
        self.initial_hidden = nn.Linear(feature_size, hidden_size)
        self.initial_cell = nn.Linear(feature_size, hidden_size)
        self.context_gate = nn.Linear(hidden_size, feature_size)
        self.lstm = nn.LSTMCell(embedding_size + feature_size, hidden_size)
        self.output = nn.Linear(hidden_size, vocabulary)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Caption one image with `features` [1, pixels, feature_size].

        Returns the words [1, length], their log-probabilities [1, length]
        and the attention maps [1, length, pixels]; length is at most `max_length`.
        """
        keys = self.attention.feature_attention(features)
        mean_feature = features.mean(dim=1)
        hidden = torch.tanh(self.initial_hidden(mean_feature))
        cell = torch.tanh(self.initial_cell(mean_feature))
        word = torch.full((1,), START, dtype=torch.long)
        words: list[Tensor] = []
        scores: list[Tensor] = []
        maps: list[Tensor] = []
        step = 1
        while True:
            context, alpha = self.attention(features, keys, hidden)
            gate = torch.sigmoid(self.context_gate(hidden))
            step_input = torch.cat([self.embedding(word), gate * context], dim=1)
            hidden, cell = self.lstm(step_input, (hidden, cell))
            score, word = F.log_softmax(self.output(hidden), dim=1).max(dim=1)
            words.append(word)
            scores.append(score)
            maps.append(alpha)
            if word.item() == END or step == self.max_length:
                break
            step += 1
        return torch.stack(words, dim=1), torch.stack(scores, dim=1), torch.stack(maps, dim=1)


def build() -> CaptioningDecoder:
    torch.manual_seed(3)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = CaptioningDecoder().eval()
    with torch.no_grad():
        for weight in (model.lstm.weight_ih, model.lstm.weight_hh, model.output.weight):
            weight *= 4.0  # random weights as sharp as trained ones, lest all captions be alike
        model.output.bias[END] += 1.7
    return model


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return annotation vectors: non-negative, sparse, different from image to image."""
    generator = torch.Generator().manual_seed(1)
    images: list[tuple[Tensor]] = []
    for _ in range(count):
        scene = torch.randn(1, 1, 512, generator=generator)
        objects = torch.randn(1, PIXELS, 512, generator=generator)
        images.append((F.relu(scene + objects),))
    return images


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
