"""A selector sends each image to a cheap network or to an expensive one.

T. Bolukbasi, J. Wang, O. Dekel, V. Saligrama: "Adaptive Neural Networks for Efficient
Inference", ICML 2017 (network selection). The cheap branch is built of the depthwise separable
convolutions of MobileNet (Howard et al., 2017), the expensive one of residual blocks.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE = 64


def conv_bn(in_channels: int, channels: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution, its normalisation and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, stride, 1, groups=groups, bias=False),
        nn.BatchNorm2d(channels, momentum=None),
        nn.ReLU(inplace=True),
    )


class SeparableConvolution(nn.Module):
    """Depthwise convolution followed by a pointwise one."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.depthwise = conv_bn(in_channels, in_channels, stride, groups=in_channels)
        self.pointwise = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels, momentum=None)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.pointwise(self.depthwise(x))))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(channels, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels, momentum=None)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.bn2(self.conv2(self.conv1(x))))


def cheap_branch() -> nn.Sequential:
    return nn.Sequential(
        SeparableConvolution(32, 64, 2),
        SeparableConvolution(64, 128, 2),
        SeparableConvolution(128, 128, 1),
    )


def expensive_branch() -> nn.Sequential:
    return nn.Sequential(
        conv_bn(32, 64, stride=2),
        ResidualBlock(64),
        ResidualBlock(64),
        conv_bn(64, 128, stride=2),
        ResidualBlock(128),
        ResidualBlock(128),
    )


class TwoBranchNetwork(nn.Module):
    """Shared stem, selector, two branches with a head each."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.stem = conv_bn(3, 32, stride=2)
        self.selector = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(32 * 4 * 4, 64),
            nn.ReLU(),
            nn.Linear(64, 1),
        )
        self.cheap = cheap_branch()
        self.cheap_head = nn.Linear(128, num_classes)
        self.expensive = expensive_branch()
        self.expensive_head = nn.Linear(128, num_classes)

    def forward(self, x: Tensor) -> dict[str, Tensor | bool]:
        """Classify one image `x` [1, 3, 64, 64].

        Returns `logits` [1, classes], the selector's `difficulty` [1] in (0, 1) and whether the
        expensive branch was taken.
        """
        stem = self.stem(x)
        difficulty = torch.sigmoid(self.selector(stem)).squeeze(1)
        if difficulty.item() > 0.5:
            logits = self.expensive_head(self.expensive(stem).mean(dim=(2, 3)))
            expensive = True
        else:
            logits = self.cheap_head(self.cheap(stem).mean(dim=(2, 3)))
            expensive = False
        return {"logits": logits, "difficulty": difficulty, "expensive": expensive}


@torch.no_grad()
def calibrate(model: TwoBranchNetwork, images: Tensor) -> None:
    """Let the selector call half of `images` [16, 3, 64, 64] difficult.

    The batch-norm statistics are those of `images`.
    """
    model.train()
    stem = model.stem(images)
    model.cheap(stem)
    model.expensive(stem)
    model.eval()
    scores = model.selector(model.stem(images)).flatten()
    last = model.selector[-1]
    assert isinstance(last, nn.Linear)
    last.weight /= scores.std()
    last.bias.copy_((last.bias - scores.sort().values[7:9].mean()) / scores.std())


def build() -> TwoBranchNetwork:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = TwoBranchNetwork()
    calibrate(model, torch.cat([image for (image,) in inputs()]))
    return model


def inputs(count: int = 16) -> list[tuple[Tensor]]:
    """Return random images from smooth to noisy."""
    generator = torch.Generator().manual_seed(1)
    images: list[tuple[Tensor]] = []
    for index in range(count):
        pattern = torch.randn(1, 3, 8 << index % 4, 8 << index % 4, generator=generator)
        images.append((F.interpolate(pattern, size=(SIZE, SIZE), mode="bilinear"),))
    return images


if __name__ == "__main__":
    from report import compare

    compare(build, inputs)
