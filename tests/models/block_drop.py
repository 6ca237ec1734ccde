"""A policy network looks once at the image and drops residual blocks of the network.

Z. Wu et al.: "BlockDrop: Dynamic Inference Paths in Residual Networks", CVPR 2018.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, inplanes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(out))


class DownsampleB(nn.Module):
    def __init__(self, nIn, nOut, stride):
        super().__init__()
        self.avg = nn.AvgPool2d(stride)
        self.expand_ratio = nOut // nIn

    def forward(self, x):
        x = self.avg(x)
        return torch.cat([x] + [x.mul(0)] * (self.expand_ratio - 1), 1)


class FlatResNet(nn.Module):
    def __init__(self, layers, widths, num_classes=10):
        super().__init__()
        self.layer_config = layers
        self.seed = nn.Sequential(nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(8))
        self.blocks, self.ds = [], []
        inplanes = widths[0]
        for idx, (num_blocks, planes) in enumerate(zip(layers, widths)):
            stride = 1 if idx == 0 else 2
            blocks = []
            for b in range(num_blocks):
                blocks.append(BasicBlock(inplanes, planes, stride if b == 0 else 1))
                inplanes = planes
            down = nn.Sequential() if idx == 0 else DownsampleB(widths[idx - 1], planes, 2)
            self.blocks.append(nn.ModuleList(blocks))
            self.ds.append(down)
        self.blocks = nn.ModuleList(self.blocks)
        self.ds = nn.ModuleList(self.ds)
        self.avgpool = nn.AvgPool2d(4)
        self.fc = nn.Linear(widths[-1], num_classes)

    def forward_single(self, x, policy):
        x = F.relu(self.seed(x))
        t = 0
        for segment, num_blocks in enumerate(self.layer_config):
            for b in range(num_blocks):
                residual = self.ds[segment](x) if b == 0 else x
                if policy[t] == 1:
                    x = residual + self.blocks[segment][b](x)
                    x = F.relu(x)
                else:
                    x = residual
                t += 1
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        return self.fc(x)


class BlockDrop(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnet = FlatResNet([2, 2], [8, 16])
        self.agent = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
        )
        self.logit = nn.Linear(32, 4)

    def forward(self, x):
        probs = torch.sigmoid(self.logit(self.agent(x)))
        policy = probs.clone()
        policy[policy < 0.5] = 0.0
        policy[policy >= 0.5] = 1.0
        outputs = [
            self.rnet.forward_single(x[i : i + 1], policy[i].data.squeeze())
            for i in range(x.size(0))
        ]
        return torch.cat(outputs), policy.sum(1)


def build():
    torch.manual_seed(1)
    model = BlockDrop()
    with torch.no_grad():
        model.logit.weight *= 30
    return model.eval()


def inputs():
    """Return images for which each block is dropped and kept."""
    calls = []
    for seed in (0, 1, 2, 3, 30, 164):
        torch.manual_seed(seed)
        calls.append((torch.randn(1, 3, 8, 8) * 2 ** (seed % 4),))
    return calls
