"""ResNet-56 that stops at the first internal classifier that is confident enough.

Y. Kaya, S. Hong, T. Dumitras: "Shallow-Deep Networks: Understanding and Mitigating Network
Overthinking", ICML 2019. The body is the CIFAR ResNet of He et al., CVPR 2016; internal
classifiers sit at about 15, 30, 45, 60, 75 and 90 per cent of its cost.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXIT_BLOCKS = (3, 7, 11, 15, 19, 23)
STAGES = ((16, 1), (32, 2), (64, 2))  # channels, stride of the first block
BLOCKS_PER_STAGE = 9


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels, momentum=None)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels, momentum=None)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels, momentum=None),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class InternalClassifier(nn.Module):
    """Feature reduction by a learned mix of max and average pooling, then one linear layer."""

    def __init__(self, channels: int, size: int, num_classes: int) -> None:
        super().__init__()
        self.max_pool = nn.MaxPool2d(size // 4)
        self.avg_pool = nn.AvgPool2d(size // 4)
        self.alpha = nn.Parameter(torch.rand(1))
        self.linear = nn.Linear(channels * 4 * 4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.sigmoid(self.alpha)
        pooled = weight * self.max_pool(x) + (1 - weight) * self.avg_pool(x)
        return self.linear(pooled.view(pooled.size(0), -1))


class ShallowDeepResNet(nn.Module):
    """The shallow-deep network; `thresholds` holds the confidence that each exit asks for."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.thresholds = [0.5] * len(EXIT_BLOCKS)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16, momentum=None), nn.ReLU()
        )
        self.blocks = nn.ModuleList()
        self.classifiers = nn.ModuleDict()
        in_channels, size = 16, 32
        for channels, first_stride in STAGES:
            size //= first_stride
            for index in range(BLOCKS_PER_STAGE):
                stride = first_stride if index == 0 else 1
                self.blocks.append(BasicBlock(in_channels, channels, stride))
                in_channels = channels
                position = len(self.blocks) - 1
                if position in EXIT_BLOCKS:
                    head = InternalClassifier(channels, size, num_classes)
                    self.classifiers[str(position)] = head
        self.linear = nn.Linear(64, num_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        """Classify one image `x` [1, 3, 32, 32]; return its logits [1, 10] and the exit taken."""
        out = self.stem(x)
        exit_index = 0
        for position, block in enumerate(self.blocks):
            out = block(out)
            if str(position) in self.classifiers:
                logits = self.classifiers[str(position)](out)
                confidence = F.softmax(logits, dim=1).max()
                if confidence >= self.thresholds[exit_index]:
                    return logits, exit_index
                exit_index += 1
        out = F.adaptive_avg_pool2d(out, 1).flatten(1)
        return self.linear(out), exit_index


@torch.no_grad()
def calibrate(model: ShallowDeepResNet, images: Tensor) -> None:
    """Let two of `images` [n, 3, 32, 32] leave at each exit.

    The batch-norm statistics are those of `images`.
    """
    for training in (True, False):
        model.train(training)
        out = model.stem(images)
        remaining = torch.arange(len(images))
        exit_index = 0
        for position, block in enumerate(model.blocks):
            out = block(out)
            if str(position) in model.classifiers:
                logits = model.classifiers[str(position)](out)[remaining]
                confidence, order = F.softmax(logits, dim=1).max(dim=1).values.sort(descending=True)
                model.thresholds[exit_index] = confidence[1:3].mean().item()
                remaining = remaining[order[2:]]
                exit_index += 1


def build() -> ShallowDeepResNet:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = ShallowDeepResNet()
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
