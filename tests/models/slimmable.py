"""A network of switchable widths; a controller chooses the width for each image.

J. Yu, L. Yang, N. Xu, J. Yang, T. Huang: "Slimmable Neural Networks", ICLR 2019; the choice follows
C. Li, G. Wang, B. Wang, X. Liang, Z. Li, X. Chang: "Dynamic Slimmable Network", CVPR 2021.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTHS = [0.25, 0.5, 1.0]


class SwitchableBatchNorm2d(nn.Module):
    def __init__(self, num_features_list):
        super().__init__()
        self.bn = nn.ModuleList([nn.BatchNorm2d(n) for n in num_features_list])

    def forward(self, x, width):
        return self.bn[WIDTHS.index(width)](x)


class SlimmableConv2d(nn.Conv2d):
    def __init__(self, in_channels, out_channels, slim_input=True, **kwargs):
        super().__init__(in_channels, out_channels, 3, padding=1, bias=False, **kwargs)
        self.slim_input = slim_input

    def forward(self, input, width=1.0):
        in_channels = int(self.in_channels * width) if self.slim_input else self.in_channels
        weight = self.weight[: int(self.out_channels * width), :in_channels]
        return F.conv2d(input, weight, None, self.stride, self.padding)


class SlimmableNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = SlimmableConv2d(3, 16, slim_input=False)
        self.bn1 = SwitchableBatchNorm2d([int(16 * w) for w in WIDTHS])
        self.conv2 = SlimmableConv2d(16, 32, stride=2)
        self.bn2 = SwitchableBatchNorm2d([int(32 * w) for w in WIDTHS])
        self.linear = nn.Linear(32, classes)
        self.controller = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.choose = nn.Linear(4, len(WIDTHS))

    def forward(self, x):
        index = self.choose(self.controller(x)).argmax(dim=1).item()
        width = WIDTHS[index]
        x = F.relu(self.bn1(self.conv1(x, width=width), width))
        x = F.relu(self.bn2(self.conv2(x, width=width), width))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return F.linear(x, self.linear.weight[:, : x.size(1)], self.linear.bias), width


def build():
    torch.manual_seed(4)  # so that the inputs choose all widths
    return SlimmableNet().eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randn(1, 3, 12, 12) * (1 + index % 4),) for index in range(24)]
