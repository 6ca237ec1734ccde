"""A vision transformer whose learned gates let each sample of a batch exit on its own.

F. Regol, J. Chataoui, M. Coates: "Jointly-Learned Exit and Inference for a Dynamic Neural
Network: JEI-DNN", ICLR 2024. The body is as deep and wide as T2T-ViT-7 (Yuan et al., ICCV 2021)
with 4x4 patches of CIFAR images. A gate reads the uncertainty of its classifier's answer.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 256
HEADS = 4
DEPTH = 7
PATCH = 4
BATCH = 8


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]
        weights = (query @ key.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)).softmax(dim=-1)
        return self.proj((weights @ value).transpose(1, 2).reshape(batch, length, WIDTH))


class Block(nn.Module):
    """Transformer encoder layer, normalised before attention and before the MLP."""

    def __init__(self, mlp_ratio: int = 2) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, mlp_ratio * WIDTH), nn.GELU(), nn.Linear(mlp_ratio * WIDTH, WIDTH)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ExitGate(nn.Module):
    """Probability of exit from the maximal probability, the margin and the entropy of an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, logits: Tensor) -> Tensor:
        probabilities = F.softmax(logits, dim=1)
        top = probabilities.topk(2, dim=1).values
        entropy = -(probabilities * torch.log(probabilities + 1e-8)).sum(dim=1)
        uncertainty = torch.stack([top[:, 0], top[:, 0] - top[:, 1], entropy], dim=1)
        return torch.sigmoid(self.linear(uncertainty)).squeeze(1)


class JointExitNetwork(nn.Module):
    """A classifier after each block, a gate after each but the last."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.patch_embed = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.cls_token = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, (32 // PATCH) ** 2 + 1, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(DEPTH))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, num_classes) for _ in range(DEPTH))
        self.gates = nn.ModuleList(ExitGate() for _ in range(DEPTH - 1))

    def embed(self, images: Tensor) -> Tensor:
        patches = self.patch_embed(images).flatten(2).transpose(1, 2)
        cls_tokens = self.cls_token.expand(images.shape[0], -1, -1)
        return torch.cat([cls_tokens, patches], dim=1) + self.pos_embed

    def classify(self, index: int, tokens: Tensor) -> Tensor:
        return self.heads[index](self.norms[index](tokens[:, 0]))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Classify `images` [batch, 3, 32, 32]; each answer is that of the image's first exit."""
        tokens = self.embed(images)
        exits = torch.zeros(images.shape[0], dtype=torch.long)
        final_logits = torch.zeros(images.shape[0], self.num_classes)
        running = torch.ones(images.shape[0], dtype=torch.bool)
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            logits = self.classify(index, tokens)
            final_logits = torch.where(running.unsqueeze(1), logits, final_logits)
            exits = torch.where(running, index, exits)
            if index < DEPTH - 1:
                running = running & (self.gates[index](logits) <= 0.5)
                if not running.any():
                    break
        return {"logits": final_logits, "exits": exits}


def center_head(head: nn.Linear, logits: Tensor) -> None:
    """Make the classes equally likely where `head` answered `logits` [n, classes]."""
    head.weight *= 2.0 / logits.std(dim=0)[:, None]
    head.bias.sub_(2.0 * (logits / logits.std(dim=0)).mean(dim=0))


def fit_gate(gate: ExitGate, logits: Tensor, running: Tensor) -> Tensor:
    """Let `gate` finish two more batches; return which samples still run.

    `logits` is [batches, batch, classes], `running` bool [batches, batch].
    """
    gate.linear.weight.copy_(torch.tensor([[8.0, 8.0, -4.0]]))
    scores = torch.logit(gate(logits.flatten(0, 1)), eps=1e-7).view(running.shape)
    slowest = scores.masked_fill(~running, float("inf")).min(dim=1).values
    slowest = slowest[running.any(dim=1)].sort(descending=True).values
    threshold = slowest[1:3].mean()
    gate.linear.bias.sub_(threshold)
    return running & (scores < threshold)


@torch.no_grad()
def calibrate(model: JointExitNetwork, images: Tensor) -> None:
    """Let two of the batches `images` [batches * batch, 3, 32, 32] be done after each gate."""
    tokens = model.embed(images)
    running = torch.ones(len(images) // BATCH, BATCH, dtype=torch.bool)
    for index, block in enumerate(model.blocks):
        tokens = block(tokens)
        head = model.heads[index]
        assert isinstance(head, nn.Linear)
        center_head(head, model.classify(index, tokens))
        if index < DEPTH - 1:
            gate = model.gates[index]
            assert isinstance(gate, ExitGate)
            logits = model.classify(index, tokens).view(*running.shape, -1)
            running = fit_gate(gate, logits, running)


def build() -> JointExitNetwork:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = JointExitNetwork().eval()
    calibrate(model, torch.cat([images for (images,) in inputs()]))
    return model


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return batches of random images from smooth to noisy."""
    generator = torch.Generator().manual_seed(1)
    batches: list[tuple[Tensor]] = []
    for index in range(count):
        pattern = torch.randn(BATCH, 3, 4 << index % 4, 4 << index % 4, generator=generator)
        batches.append((F.interpolate(pattern, size=(32, 32), mode="bilinear"),))
    return batches


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
