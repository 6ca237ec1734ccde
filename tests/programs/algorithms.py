"""Algorithms that people write in Python around tensors."""

from typing import NamedTuple

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional

from .case import normal, program

# `tolist` is untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

Tree = int | tuple["Tree", "Tree"]
HIDDEN = [(normal(number, 8) * 2,) for number in range(5)]


@program(
    *[
        (normal(number, 8) * scale,)
        for number, scale in ((0, 1), (1, 2), (14, 0.5), (21, 2), (87, 4), (89, 2))
    ]
)
class BeamSearch(nn.Module):
    """Hypotheses are pairs of a list of tokens and a score; the best two are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 8)
        self.output = nn.Linear(8, 6)

    def forward(self, hidden: Tensor) -> tuple[list[int], float]:
        beams: list[tuple[list[int], float]] = [([1], 0.0)]
        for _ in range(4):
            candidates: list[tuple[list[int], float]] = []
            for tokens, score in beams:
                state = hidden + self.embedding(torch.tensor(tokens)).mean(0)
                best, indices = functional.log_softmax(self.output(state), -1).topk(2)
                for rank in range(2):
                    token = int(indices[rank].item())
                    candidates.append(([*tokens, token], score + best[rank].item()))
            beams = sorted(candidates, key=lambda beam: beam[1], reverse=True)[:2]
            if all(tokens[-1] < 2 for tokens, _ in beams):
                break
        return beams[0]


@program(*HIDDEN)
class UnboundedBeamSearch(nn.Module):
    """The hypotheses grow until the best one ends."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 8)
        self.output = nn.Linear(8, 6)

    def forward(self, hidden: Tensor) -> tuple[list[int], float]:
        sequences, scores, step = [[1]], [0.0], 0
        while step < 30:
            candidates: list[tuple[float, list[int]]] = []
            for tokens, score in zip(sequences, scores, strict=False):
                state = hidden + self.embedding(torch.tensor(tokens)).mean(0)
                best, indices = functional.log_softmax(self.output(state), -1).topk(2)
                for rank in range(2):
                    token = int(indices[rank])
                    candidates.append((score + best[rank].item(), [*tokens, token]))
            candidates = sorted(candidates, key=lambda beam: beam[0], reverse=True)[:2]
            sequences = [tokens for _, tokens in candidates]
            scores = [score for score, _ in candidates]
            step += 1
            if sequences[0][-1] == 0:
                break
        return sequences[0], scores[0]


@program(
    *[
        (normal(number, 8) * scale,)
        for number, scale in ((4, 1), (6, 0.5), (13, 2), (16, 1), (88, 1))
    ],
    weights=2,
)
class BeamSearchOverTensors(nn.Module):
    """Scores and sequences are tensors; finished hypotheses leave the beam."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 8)
        self.output = nn.Linear(8, 6)

    def forward(self, hidden: Tensor) -> Tensor:
        beams = [(torch.zeros(()), torch.tensor([1]))]
        finished: list[tuple[Tensor, Tensor]] = []
        for _ in range(3):
            candidates: list[tuple[Tensor, Tensor]] = []
            for score, tokens in beams:
                state = hidden + self.embedding(tokens).mean(0)
                best, indices = functional.log_softmax(self.output(state), -1).topk(2)
                for value, index in zip(best, indices, strict=True):
                    candidates.append((score + value, torch.cat([tokens, index.view(1)])))
            candidates.sort(key=lambda beam: float(beam[0]), reverse=True)
            beams: list[tuple[Tensor, Tensor]] = []
            for score, tokens in candidates:
                if tokens[-1] < 2:
                    finished.append((score / len(tokens), tokens))
                else:
                    beams.append((score, tokens))
                if len(beams) == 2:
                    break
            if not beams:
                break
        return max(finished or beams, key=lambda beam: float(beam[0]))[1]


def _boxes(number: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(number)
    corners = torch.rand(6, 2, generator=generator)
    sizes = torch.rand(6, 2, generator=generator) + 0.3
    return torch.cat([corners, corners + sizes], 1), torch.rand(6, generator=generator)


@program(*map(_boxes, range(4)))
def greedy_suppression(boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Non-maximum suppression: the number of boxes that stay depends on data."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = scores.argsort(descending=True)[: int((scores > 0.1).sum())]
    keep: list[int] = []
    while order.numel() > 0:
        best = int(order[0].item())
        keep.append(best)
        if order.numel() == 1:
            break
        rest = order[1:]
        low = torch.max(boxes[best, :2], boxes[rest, :2])
        high = torch.min(boxes[best, 2:], boxes[rest, 2:])
        extents = (high - low).clamp(min=0)
        shared = extents[:, 0] * extents[:, 1]
        overlap = shared / (areas[best] + areas[rest] - shared)
        order = rest[overlap <= 0.5]
    return torch.tensor(keep), boxes[keep]


@program((tensor([3, 9, 4, 5, 6]),), (tensor([9, 9, 9, 9, 9]),), (tensor([1, 2, 1, 2, 3]),))
def first_fit(lengths: Tensor) -> list[int]:
    """Sequences are packed into rows of at most ten tokens."""
    rows: list[int] = []
    for length in lengths.tolist():
        for row in range(len(rows)):
            if rows[row] + length <= 10:
                rows[row] += length
                break
        else:
            rows.append(length)
    return rows


class Step(NamedTuple):
    """The state of a solver."""

    value: Tensor
    time: float
    size: float


POINT = tensor([1.0, 2.0, 3.0])


@program((POINT,), (POINT * 10,), (POINT * 0.01,), (POINT * float("nan"),))
def adaptive_steps(x: Tensor) -> tuple[Step, int]:
    """Heun's method; a step is repeated with half the size if its error is too large."""
    step, rounds = Step(x, 0.0, 0.5), 0
    while step.time < 2.0:
        slope = -step.value
        corrected = -(step.value + step.size * slope)
        error = (step.size * (corrected - slope) / 2).abs().max().item()
        if 0.0 <= error <= 0.05:
            value = step.value + step.size * (slope + corrected) / 2
            time = step.time + step.size
            step = Step(value, time, min(step.size * 1.5, 2.0 - step.time))
        else:
            step = step._replace(size=step.size / 2)
        rounds += 1
        if rounds > 40:
            break
    return step, rounds


@program(*[(normal(number, 8, 2), normal(number + 9, 3, 2)) for number in range(3)])
def clusters(points: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """K-means until nothing moves; an empty cluster keeps its center."""
    while True:
        nearest = torch.cdist(points, centers).argmin(1)
        moved = torch.stack(
            [
                points[nearest == number].mean(0) if (nearest == number).any() else centers[number]
                for number in range(3)
            ]
        )
        if (moved - centers).abs().max() < 1e-4:
            return moved, nearest
        centers = moved


@program(
    *[
        (normal(number, 3) * scale,)
        for number, scale in ((0, 1), (1, 2), (4, 1), (7, 4), (9, 2), (16, 1))
    ],
    (POINT * float("nan"),),
    weights=5,
)
class Pondering(nn.Module):
    """Outputs and their probabilities are listed until the program has probably halted.

    Not even the last step ends with NaN.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 4)
        self.output = nn.Linear(4, 2)
        self.halting = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        hidden, running = self.cell(x.view(1, 3)), torch.ones(1)
        outputs: list[Tensor] = []
        probabilities: list[Tensor] = []
        for step in range(1, 7):
            halt = torch.sigmoid(8 * self.halting(hidden))[:, 0] if step < 6 else torch.ones(1)
            outputs.append(self.output(hidden))
            probabilities.append(running * halt)
            running = running * (1 - halt)
            if (1 - running).item() > 0.9:
                break
            hidden = self.cell(x.view(1, 3), hidden)
        return torch.stack(outputs), torch.stack(probabilities), len(outputs)


@program((normal(0, 3, 4), tensor([1, 2, 4])), (normal(1, 3, 4), tensor([4, 4, 4])))
def ragged_rows(x: Tensor, lengths: Tensor) -> tuple[Tensor, list[int]]:
    """Each row of a padded batch is taken to its own length."""
    rows = [row[:length].cumsum(0) for row, length in zip(x, lengths.tolist(), strict=True)]
    return torch.cat(rows), [row.shape[0] for row in rows]


class _MatrixVectors(nn.Module):
    """Each node has a vector and a matrix, which changes the vector of its neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors, self.matrices = nn.Embedding(7, 4), nn.Embedding(7, 16)
        self.compose, self.mix = nn.Linear(8, 4), nn.Linear(8, 4, bias=False)

    def node(self, tree: Tree, words: Tensor) -> tuple[Tensor, Tensor]:
        if isinstance(tree, int):
            return self.vectors(words[tree]), self.matrices(words[tree]).view(4, 4)
        (left, scale_left), (right, scale_right) = (self.node(child, words) for child in tree)
        vector = self.compose(torch.cat([scale_right @ left, scale_left @ right])).tanh()
        if vector.sum() < 0:
            vector = -vector
        return vector, self.mix(torch.cat([scale_left, scale_right]).t()).t()


@program(*[(tensor(words),) for words in ([0, 1, 2, 3], [4, 2, 6, 1], [5, 5, 3, 0], [6, 1, 4, 2])])
class MatrixVectorRecursion(_MatrixVectors):
    """Matrices that were transposed are multiplied with vectors."""

    def forward(self, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        vector, matrix = self.node(((0, 1), (2, 3)), words)
        return vector, matrix, torch.addmv(vector, matrix.t(), vector, beta=2, alpha=-1)
