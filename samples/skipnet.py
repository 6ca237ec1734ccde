"""ResNet-38 whose gates decide for each image which residual blocks are executed.

X. Wang, F. Yu, Z.-Y. Dou, T. Darrell, J. E. Gonzalez: "SkipNet: Learning Dynamic Routing in
Convolutional Networks", ECCV 2018. Feed-forward gates of the second kind (FFGate-II).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STAGES = ((16, 1), (32, 2), (64, 2))  # channels, stride of the first block
BLOCKS_PER_STAGE = 6


class BasicBlock(nn.Module):
    """The residual of two 3x3 convolutions."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels, momentum=None)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels, momentum=None)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(out))


class FeedForwardGate(nn.Module):
    """Probability that the block is worth its cost: strided convolution, pooling, linear layer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels, momentum=None)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(channels, 2)

    def forward(self, x: Tensor) -> Tensor:
        out = self.pool(F.relu(self.bn(self.conv(x)))).flatten(1)
        return F.softmax(self.linear(out), dim=1)[:, 1]


class SkipNet(nn.Module):
    """Eighteen gated residual blocks in three stages."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16, momentum=None), nn.ReLU()
        )
        self.gates = nn.ModuleList()
        self.blocks = nn.ModuleList()
        self.shortcuts = nn.ModuleList()
        in_channels = 16
        for channels, first_stride in STAGES:
            for index in range(BLOCKS_PER_STAGE):
                stride = first_stride if index == 0 else 1
                self.gates.append(FeedForwardGate(in_channels))
                self.blocks.append(BasicBlock(in_channels, channels, stride))
                self.shortcuts.append(self.make_shortcut(in_channels, channels, stride))
                in_channels = channels
        self.linear = nn.Linear(64, num_classes)

    @staticmethod
    def make_shortcut(in_channels: int, channels: int, stride: int) -> nn.Module:
        if stride == 1 and in_channels == channels:
            return nn.Identity()
        return nn.Sequential(
            nn.Conv2d(in_channels, channels, 1, stride, bias=False),
            nn.BatchNorm2d(channels, momentum=None),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        """Classify one image `x` [1, 3, 32, 32]; return logits [1, 10] and the blocks executed."""
        out = self.stem(x)
        executed = 0
        for gate, block, shortcut in zip(self.gates, self.blocks, self.shortcuts, strict=True):
            residual = shortcut(out)
            if gate(out) > 0.5:
                residual = residual + block(out)
                executed += 1
            out = F.relu(residual)
        out = F.adaptive_avg_pool2d(out, 1).flatten(1)
        return self.linear(out), executed


def center_gate(gate: FeedForwardGate, features: Tensor) -> None:
    """Set the bias of `gate` so that it opens for half of `features` [n, channels, h, w]."""
    probability = gate(features)
    gate.linear.bias[1] -= torch.logit(probability).sort().values[7:9].mean()


@torch.no_grad()
def calibrate(model: SkipNet, images: Tensor) -> None:
    """Let each gate open for half of the sixteen `images` [16, 3, 32, 32].

    The batch-norm statistics are those of `images`.
    """
    for training in (True, False):
        model.train(training)
        out = model.stem(images)
        for gate, block, shortcut in zip(model.gates, model.blocks, model.shortcuts, strict=True):
            assert isinstance(gate, FeedForwardGate)
            center_gate(gate, out)
            executed = (gate(out) > 0.5).view(-1, 1, 1, 1)
            out = F.relu(shortcut(out) + executed * block(out))


def build() -> SkipNet:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = SkipNet()
    for gate in model.gates:
        assert isinstance(gate, FeedForwardGate)
        nn.init.normal_(gate.linear.weight, std=2.0)
    calibrate(model, torch.cat([image for (image,) in inputs()]))
    return model.eval()


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return random images from smooth to noisy."""
    generator = torch.Generator().manual_seed(1)
    images: list[tuple[Tensor]] = []
    for index in range(count):
        pattern = torch.randn(1, 3, 4 << index % 4, 4 << index % 4, generator=generator)
        images.append((F.interpolate(pattern, size=(32, 32), mode="bilinear"),))
    return images


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
