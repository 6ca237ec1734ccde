"""AlexNet with side branches; a sample leaves where the entropy of its prediction is low.

S. Teerapittayanon, B. McDanel, H. T. Kung: "BranchyNet: Fast Inference via Early Exiting from Deep
Neural Networks", ICPR 2016.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def entropy(logits):
    p = F.softmax(logits, dim=1)
    return -(p * torch.log(p + 1e-8)).sum(dim=1).mean()


class ConvBlock(nn.Sequential):
    def __init__(self, cin, cout, kernel, padding, pool):
        layers = [nn.Conv2d(cin, cout, kernel, padding=padding), nn.ReLU(inplace=True)]
        if pool:
            layers += [nn.MaxPool2d(3, 2), nn.LocalResponseNorm(3, alpha=5e-05, beta=0.75)]
        super().__init__(*layers)


class Branch(nn.Module):
    def __init__(self, channels, num_classes):
        super().__init__()
        self.conv = nn.Conv2d(channels, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4 * 4, num_classes)

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = F.adaptive_avg_pool2d(x, 4)
        return self.fc(x.view(x.size(0), -1))


class BranchyAlexNet(nn.Module):
    def __init__(self, num_classes=10, exit_threshold=(0.5, 0.5)):
        super().__init__()
        self.fast_inference_mode = False
        self.exit_threshold = list(exit_threshold)
        self.backbone = nn.ModuleList(
            [
                nn.Sequential(ConvBlock(3, 16, 5, 2, True)),
                nn.Sequential(ConvBlock(16, 32, 5, 2, True)),
                nn.Sequential(
                    ConvBlock(32, 48, 3, 1, False),
                    ConvBlock(48, 48, 3, 1, False),
                    ConvBlock(48, 32, 3, 1, True),
                ),
            ]
        )
        self.exits = nn.ModuleList(
            [
                Branch(16, num_classes),
                Branch(32, num_classes),
                nn.Sequential(
                    nn.Flatten(), nn.Linear(32 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, num_classes)
                ),
            ]
        )

    def set_fast_inference_mode(self, mode=True):
        if mode:
            self.eval()
        self.fast_inference_mode = mode

    def exit_criterion(self, logits, exit_idx):
        return bool(entropy(logits) < self.exit_threshold[exit_idx])

    def forward(self, x):
        if self.fast_inference_mode:
            return self._forward_fast(x)
        res = []
        for bb, ee in zip(self.backbone, self.exits):
            x = bb(x)
            res.append(ee(x))
        return res

    def _forward_fast(self, x):
        n = len(self.exits)
        for idx, (bb, ee) in enumerate(zip(self.backbone, self.exits)):
            x = bb(x)
            res = ee(x)
            if idx == n - 1 or self.exit_criterion(res, idx):
                return res, idx
        return None


def build():
    torch.manual_seed(0)
    model = BranchyAlexNet(exit_threshold=(2.26, 2.30))
    model.set_fast_inference_mode()
    return model


def inputs():
    torch.manual_seed(1)
    return [(torch.randn(1, 3, 32, 32) * scale,) for scale in (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)]
