"""Tensors whose sizes depend on data."""

# `tolist`, `norm` and `unique` are untyped in torch.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import torch
from torch import Tensor, nn, tensor
from torch.nn import functional

from .case import normal, program

MIXED = tensor([1.0, -2.0, 3.0, -4.0, 5.0])
POSITIVE = MIXED.abs()
NEGATIVE = -POSITIVE
ZEROS = torch.zeros(5)


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def mask(x: Tensor) -> tuple[Tensor, Tensor]:
    kept = x[x > 0]
    return kept * 2, kept.sum()


@program((MIXED,), (ZEROS,))
def nonzero(x: Tensor) -> tuple[Tensor, int]:
    found = torch.nonzero(x)
    return found, found.shape[0]


@program((MIXED.view(1, 5), MIXED.view(5, 1)), (NEGATIVE.view(1, 5), MIXED.view(5, 1)))
def where_gives_indices(x: Tensor, y: Tensor) -> Tensor:
    rows, columns = torch.where(x + y > 0)
    return (x + y)[rows, columns] + rows


@program((MIXED,), (NEGATIVE,))
def empty_is_an_exit(x: Tensor) -> Tensor:
    """H13: the truth of a comparison of sizes."""
    kept = x[x > 0]
    if kept.numel() == 0:
        return x
    return kept - kept.mean()


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def length(x: Tensor) -> int:
    """H13: `len` of a tensor."""
    kept = x[x > 0]
    if len(kept) > 3:
        return len(kept) * 10
    return len(kept)


@program(
    (MIXED, POSITIVE[:3].repeat(2)[:5] * tensor([1, 1, 1, -1, -1])),
    (NEGATIVE, MIXED),
    (-MIXED, -MIXED),
)
def sizes_agree_in_one_arm(x: Tensor, y: Tensor) -> Tensor:
    """H1: an addition in one arm must not make the other arm believe that sizes agree."""
    a = x[x > 0]
    b = y[y > 0]
    if x[0] > 0:
        c = (a + b).sum()
    else:
        c = a.sum()
    if a.shape[0] == b.shape[0]:
        return c + 100
    return c


@program((MIXED, MIXED), (MIXED, NEGATIVE), (NEGATIVE, MIXED), (NEGATIVE, NEGATIVE))
def sizes_compared_in_one_arm(x: Tensor, y: Tensor) -> tuple[int, int]:
    """H1: what is known in an arm is forgotten behind it."""
    a = x[x > 0]
    b = y[y > 0]
    code = 0
    if a.shape[0] == b.shape[0]:
        code = 1
    if a.shape[0] != b.shape[0]:
        code += 2
    return code, a.shape[0] - b.shape[0]


@program((POSITIVE, MIXED[:5]), (MIXED, MIXED), raises_like_torch=True)
def sizes_must_agree(x: Tensor, y: Tensor) -> Tensor:
    """H14: that the addition works is checked when the program runs."""
    return x[x > 0] + y


@program((MIXED,), (POSITIVE,), (NEGATIVE,), raises_like_torch=True)
def split_sizes_must_agree(x: Tensor) -> tuple[Tensor, Tensor]:
    """H14: `split` demands that its sizes add up."""
    count = int((x > 0).sum())
    first, second = torch.split(x, [count, 2])
    return first + 1, second * 2


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def views_of_unknown_size(x: Tensor) -> Tensor:
    """H13: `view(-1)`, `unsqueeze`, `expand` and `reshape`."""
    kept = x[x > 0]
    wide = kept.unsqueeze(1).expand(-1, 3)
    return wide.reshape(-1).view(-1, 3) * 2


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def slices_of_unknown_size(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    count = int((x > 0).sum())
    return x[:count] * 2, x[count:] + 1, x.narrow(0, 0, count)


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def made_of_unknown_size(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    count = x[x > 0].shape[0]
    return torch.arange(count), torch.zeros(count, 2), torch.ones(2, count + 1)


@program((tensor([3, 1, 3, 2]),), (tensor([1, 1, 1, 1]),))
def unique(x: Tensor) -> tuple[Tensor, Tensor]:
    values, counts = torch.unique(x, return_counts=True)
    return values, counts * 2


@program((tensor([3.0, torch.nan, 3.0, torch.nan]),), (tensor([2.0, 1.0, 1.0, 3.0]),))
def unique_floats(x: Tensor) -> tuple[Tensor, ...]:
    """No NaN equals another."""
    return torch.unique(x, return_inverse=True, return_counts=True)


@program((tensor([2, 0, 3]),), (tensor([0, 0, 0]),))
def repeat_interleave(counts: Tensor) -> Tensor:
    return torch.repeat_interleave(torch.arange(3), counts) * 2


@program((MIXED, tensor(2)), (MIXED, tensor(5)))
def top_k_by_data(x: Tensor, k: Tensor) -> Tensor:
    values, indices = x.topk(int(k))
    return values + indices


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def joined_sizes(x: Tensor) -> tuple[Tensor, int]:
    joined = torch.cat([x[x > 0], x[x < -1], x])
    return joined, joined.size(0) + joined.numel()


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def loop_over_unknown_size(x: Tensor) -> Tensor:
    """H13: `range(n)`, and rows by a symbolic index."""
    kept = x[x > 0]
    total = torch.zeros(())
    for position in range(kept.shape[0]):
        total = total * 2 + kept[position]
    return total


@program((MIXED,), (POSITIVE,), (NEGATIVE,), (-tensor([1e4, 1e3, 1e2, 10.0, 1.0]),))
def shrinks_in_a_loop(x: Tensor) -> tuple[Tensor, int]:
    """Every iteration makes another size."""
    rounds = 0
    while x.shape[0] > 1 and rounds < 3:
        x = x[x > x.mean()] - 0.5
        rounds += 1
    return x, rounds


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def merged_sizes(x: Tensor) -> Tensor:
    """Two unknown sizes meet behind the arms."""
    if x[1] > 0:
        y = x[x > 2]
    else:
        y = torch.cat([x[x > 0], x])
    return functional.pad(y * 3, (0, 1))


@program((normal(0, 5, 4),), (-normal(0, 5, 4).abs() - 1,))
class RowsAboveAThreshold(nn.Module):
    """A layer on the rows that a mask selects, written back by index."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(4, 1)
        self.layer = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.nonzero(self.score(x).squeeze(1) > -0.5).squeeze(1)
        result = x.clone()
        result[rows] = self.layer(x[rows])
        return result


@program(
    (normal(0, 4, 3),),
    (normal(1, 4, 3) * 2,),
    (normal(2, 4, 3) / 2,),
    (normal(27, 4, 3) * 4,),
    (-normal(0, 4, 3).abs() * 3,),
    weights=4,
)
class BatchShrinks(nn.Module):
    """Early exits of a batch: finished rows leave it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        result = torch.zeros(x.shape[0])
        active = torch.arange(x.shape[0])
        for layer in self.layers:
            x = torch.tanh(layer(x))
            done = x.max(-1).values > 0.6
            result[active[done]] = x[done].sum(-1)
            active, x = active[~done], x[~done]
            if active.numel() == 0:
                break
        result[active] = -1.0
        return result


@program((MIXED,), (NEGATIVE,))
def shape_queries(x: Tensor) -> tuple[int, int, tuple[int, ...]]:
    kept = x[x > 0].unsqueeze(0)
    rows, columns = kept.shape
    return rows * 10 + columns, kept.dim(), tuple(kept.size())


@program((normal(0, 2, 3, 4),), (normal(1, 2, 3, 4),))
def static_shapes(x: Tensor) -> Tensor:
    batch, _, width = x.size()
    y = x.reshape(batch, -1).view(x.shape[0], x.size(1), width)
    return y.transpose(1, 2).flatten(1) if y.sum() > 0 else y.permute(0, 2, 1).flatten(1) * 2


@program((MIXED,), (POSITIVE,), (NEGATIVE,))
def torch_asks_whether_a_size_is_zero(x: Tensor) -> Tensor:
    """Torch's own code branches on sizes: so does the program."""
    kept = x[x > 0]
    return torch.roll(kept, 1) + torch.cdist(kept[:, None], kept[:, None]).sum()


@program((MIXED,), (POSITIVE,), (NEGATIVE,), (POSITIVE[:4].repeat(2)[:5] - 1.5,))
def torch_asks_for_a_remainder(x: Tensor) -> Tensor:
    kept = x[x > 0]
    first, second = torch.tensor_split(kept, 2)
    return torch.stack([first.sum(), second.sum()])


@program((MIXED,), (NEGATIVE,), (tensor([1.0, -2.0, -3.0, -4.0, -5.0]),))
def differences_of_neighbours(x: Tensor) -> Tensor:
    kept = x[x > 0]
    return torch.diff(kept, prepend=kept[:1] - 1).cumsum(0) + kept.diff(n=2).sum()


@program((MIXED,), (NEGATIVE,))
def a_flag_from_a_size_is_an_option(x: Tensor) -> Tensor:
    """H13: a function that wants a bool gets one on each path."""
    query = x[x > -3][:, None].expand(-1, 4)[None]
    causal = query.shape[1] > 2 and query.shape[2] == 4
    return functional.scaled_dot_product_attention(query, query, query, is_causal=causal)


@program((normal(0, 6, 4),), (-normal(0, 6, 4).abs(),))
def one_element_of_a_constant(x: Tensor) -> Tensor:
    """A constant with one element may have any stride."""
    column = torch.arange(6).view(2, 3)[:1, :1].t()[0]
    return x[column] * 2 if x.sum() > 0 else x[column[:1] + 1]


@program(
    (normal(0, 2, 4, 3), tensor([[1, 2], [0, 1]])), (normal(1, 2, 4, 3), tensor([[0, 0], [0, 0]]))
)
def expands_by_durations(x: Tensor, durations: Tensor) -> Tensor:
    """The length regulator of FastSpeech: each step is repeated as often as the data says."""
    if durations.sum() == 0:
        durations = durations.clone()
        durations[durations.sum(dim=1).eq(0)] = 1
    parts = [torch.repeat_interleave(x[i, :2], durations[i], dim=0) for i in range(2)]
    longest = max(len(part) for part in parts)
    padded = x.new_zeros(2, longest, 3)
    for i, part in enumerate(parts):
        padded[i, : len(part)] = part
    return padded


_WIDTHS = (2, 4, 6)


@program(*[(normal(number, 1, 3),) for number in range(12)])
class ChosenWidth(nn.Module):
    """Sizes that differ meet, and the normalisation behind asks which one it is."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 3))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in _WIDTHS)
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        ratio = 1.0
        if x.sum() > 1:
            ratio = 0.4
        elif x.max() > 0.5:
            ratio = 0.7
        width = int(6 * ratio)
        y = functional.linear(x, self.weight[:width])
        for norm, features in zip(self.norms, _WIDTHS):
            if y.size(1) == features:
                y = norm(y)
        y = torch.relu(y)
        return functional.linear(y, self.head.weight[:, : y.size(1)], self.head.bias), ratio


@program((normal(0, 2, 4) + 3,), (-normal(0, 2, 4).abs() - 1,))
class CroppedImage(nn.Module):
    """A linear layer takes only the one of two sizes that it gets on its path."""

    def __init__(self) -> None:
        super().__init__()
        self.small, self.large = nn.Linear(2, 3), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        is_easy = x.sum() < -1
        y = x[:, :2] if is_easy else x
        y = y * 2
        layer = self.small if is_easy else self.large
        return layer(y)


@program((normal(0, 6, 4),), (normal(1, 6, 4),), (normal(2, 6, 4) - 3,), (normal(3, 6, 4) + 3,))
class ShrinkingBatch(nn.Module):
    """A batch, its hidden states and a list of its members shrink together."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 5)
        self.gate = nn.GRUCell(5, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        alive = torch.arange(x.size(0))
        state = (torch.zeros(x.size(0), 5), torch.zeros(x.size(0), 5))
        steps = 0
        while alive.numel() > 0 and steps < 5:
            state = self.cell(x, state)
            x = self.gate(state[0], x)
            keep = (x.sum(1) > -1).nonzero().squeeze(1)
            x, alive = x[keep], alive[keep]
            state = (state[0][keep], state[1][keep])
            steps += 1
        return x, alive, steps


@program(*[(normal(number, 5, 4) * scale,) for number, scale in enumerate((1, 0.1, 9, 5))])
class HypothesesAndScores(nn.Module):
    """A list and a tensor have one length in all iterations, and a sequence grows by steps."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, list[int], Tensor]:
        names, scores, seen = [0, 1, 2, 3, 4], x.sum(1), x[:1]
        while len(names) > 1 and seen.size(0) < 3:
            scores = scores + torch.tensor(names) * 0.1
            kept, kept_scores = list[int](), list[Tensor]()
            for name, score in zip(names, scores):
                if score > scores.mean() - 0.5:
                    kept.append(name)
                    kept_scores.append(score)
            names, scores = kept, torch.stack(kept_scores)
            seen = torch.cat([seen, self.mix(seen)[-1:]])
        return scores, names, seen[-1]


@program(*[(normal(number, 4, 2, 3),) for number in range(3)], (-normal(0, 4, 2, 3).abs() - 9,))
class RecurrentLayers(nn.Module):
    """Only the rows that data chooses go through the layers."""

    def __init__(self) -> None:
        super().__init__()
        self.long = nn.LSTM(3, 4, num_layers=2, batch_first=True)
        self.gated = nn.GRU(4, 4, batch_first=True, bidirectional=True)
        self.plain = nn.RNN(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        chosen = x[x.sum((1, 2)) > -8]
        y, _ = self.long(chosen)
        y, _ = self.gated(y)
        y, hidden = self.plain(y)
        return y, hidden


@program(*[(normal(number, 6),) for number in range(4)], (-normal(0, 6).abs(),))
def counts_of_each_path(x: Tensor) -> tuple[Tensor, int]:
    """What a mask selects is counted on each path anew; an earlier test may say that it is some."""
    mask = x > 0
    if x[1] < -0.5 or (mask.any() and x[0] > 0):
        found = x[mask]
        return found, 0 if found.numel() == 0 else 1
    rest = x[mask] * 2
    return rest, 2 if rest.numel() == 0 else 3
