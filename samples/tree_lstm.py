"""Child-sum Tree-LSTM over a dependency tree that skips subtrees under uninformative words.

K. S. Tai, R. Socher, C. D. Manning: "Improved Semantic Representations From Tree-Structured
Long Short-Term Memory Networks", ACL 2015. The decision to skip follows V. Campos et al.: "Skip
RNN: Learning to Skip State Updates in Recurrent Neural Networks", ICLR 2018.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Tree:
    """A word, given by its position in the sentence, and the subtrees that depend on it."""

    word: int
    children: tuple["Tree", ...] = ()


class ChildSumTreeLSTM(nn.Module):
    """Sentiment classifier; memory cells of children are summed under one forget gate each."""

    def __init__(
        self, vocabulary: int = 20000, embedding: int = 300, memory: int = 168, classes: int = 5
    ) -> None:
        super().__init__()
        self.memory = memory
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.ioux = nn.Linear(embedding, 3 * memory)
        self.iouh = nn.Linear(memory, 3 * memory)
        self.fx = nn.Linear(embedding, memory)
        self.fh = nn.Linear(memory, memory)
        self.informative = nn.Linear(embedding, 1)
        self.classifier = nn.Linear(memory, classes)

    def node_forward(
        self, word: Tensor, child_c: list[Tensor], child_h: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Combine `word` [1, embedding] with its children's states [1, memory] each."""
        child_h_sum = torch.zeros(1, self.memory)
        for h in child_h:
            child_h_sum = child_h_sum + h
        iou = self.ioux(word) + self.iouh(child_h_sum)
        i, o, u = torch.split(iou, self.memory, dim=1)
        c = torch.sigmoid(i) * torch.tanh(u)
        for child, h in zip(child_c, child_h, strict=True):
            c = c + torch.sigmoid(self.fx(word) + self.fh(h)) * child
        return c, torch.sigmoid(o) * torch.tanh(c)

    def encode(self, words: Tensor, tree: Tree) -> tuple[Tensor, Tensor]:
        """Return the memory cell and the hidden state [1, memory] of `tree`."""
        word = words[tree.word].unsqueeze(0)
        if tree.children and torch.sigmoid(self.informative(word)) > 0.5:
            states = [self.encode(words, child) for child in tree.children]
            return self.node_forward(word, [c for c, _ in states], [h for _, h in states])
        return self.node_forward(word, [], [])

    def forward(self, sentence: Tensor, tree: Tree) -> Tensor:
        """Classify `sentence` (word indices [length]) parsed as `tree`; return logits [1, 5]."""
        _, hidden = self.encode(self.embedding(sentence), tree)
        return self.classifier(hidden)


def build() -> ChildSumTreeLSTM:
    torch.manual_seed(5)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = ChildSumTreeLSTM().eval()
    with torch.no_grad():
        model.informative.weight *= 4.0
        model.informative.bias.add_(2.0)  # about three words in four are informative
    return model


def inputs(count: int = 16) -> list[tuple[Tensor, Tree]]:
    """Return sentences of twenty random words, all with the same dependency tree."""
    tree = Tree(
        8,
        (
            Tree(3, (Tree(0), Tree(2, (Tree(1),)), Tree(6, (Tree(4), Tree(5))))),
            Tree(7),
            Tree(13, (Tree(9), Tree(11, (Tree(10),)), Tree(12))),
            Tree(16, (Tree(14), Tree(15), Tree(18, (Tree(17),)))),
            Tree(19),
        ),
    )
    return [(sentence, tree) for sentence in sentences(count, 20)]


def other_inputs(count: int = 16) -> list[tuple[Tensor, Tree]]:
    """Return shorter sentences with another tree."""
    tree = Tree(1, (Tree(0), Tree(4, (Tree(2), Tree(3))), Tree(6, (Tree(5), Tree(7)))))
    return [(sentence, tree) for sentence in sentences(count, 8)]


def sentences(count: int, length: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(20000, (length,), generator=generator) for _ in range(count)]


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
