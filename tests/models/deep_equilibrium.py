"""Residual cell iterated by Anderson acceleration until its output is a fixed point.

S. Bai, J. Z. Kolter, V. Koltun: "Deep Equilibrium Models", NeurIPS 2019; the solver is that of the
tutorial by Z. Kolter, D. Duvenaud and M. Johnson, "Deep Implicit Layers", NeurIPS 2020.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ResNetLayer(nn.Module):
    def __init__(self, n_channels, n_inner_channels, kernel_size=3, num_groups=4):
        super().__init__()
        self.conv1 = nn.Conv2d(
            n_channels, n_inner_channels, kernel_size, padding=kernel_size // 2, bias=False
        )
        self.conv2 = nn.Conv2d(
            n_inner_channels, n_channels, kernel_size, padding=kernel_size // 2, bias=False
        )
        self.norm1 = nn.GroupNorm(num_groups, n_inner_channels)
        self.norm2 = nn.GroupNorm(num_groups, n_channels)
        self.norm3 = nn.GroupNorm(num_groups, n_channels)
        self.conv1.weight.data.normal_(0, 0.01)
        self.conv2.weight.data.normal_(0, 0.01)

    def forward(self, z, x):
        y = self.norm1(F.relu(self.conv1(z)))
        return self.norm3(F.relu(z + self.norm2(x + self.conv2(y))))


def anderson(f, x0, m=5, lam=1e-4, max_iter=50, tol=1e-2, beta=1.0):
    """Anderson acceleration for fixed point iteration."""
    bsz, d, H, W = x0.shape
    X = torch.zeros(bsz, m, d * H * W, dtype=x0.dtype, device=x0.device)
    F = torch.zeros(bsz, m, d * H * W, dtype=x0.dtype, device=x0.device)
    X[:, 0], F[:, 0] = x0.view(bsz, -1), f(x0).view(bsz, -1)
    X[:, 1], F[:, 1] = F[:, 0], f(F[:, 0].view_as(x0)).view(bsz, -1)

    H = torch.zeros(bsz, m + 1, m + 1, dtype=x0.dtype, device=x0.device)
    H[:, 0, 1:] = H[:, 1:, 0] = 1
    y = torch.zeros(bsz, m + 1, 1, dtype=x0.dtype, device=x0.device)
    y[:, 0] = 1

    res = []
    for k in range(2, max_iter):
        n = min(k, m)
        G = F[:, :n] - X[:, :n]
        H[:, 1 : n + 1, 1 : n + 1] = (
            torch.bmm(G, G.transpose(1, 2))
            + lam * torch.eye(n, dtype=x0.dtype, device=x0.device)[None]
        )
        alpha = torch.linalg.solve(H[:, : n + 1, : n + 1], y[:, : n + 1])[:, 1 : n + 1, 0]

        X[:, k % m] = (
            beta * (alpha[:, None] @ F[:, :n])[:, 0]
            + (1 - beta) * (alpha[:, None] @ X[:, :n])[:, 0]
        )
        F[:, k % m] = f(X[:, k % m].view_as(x0)).view(bsz, -1)
        res.append((F[:, k % m] - X[:, k % m]).norm().item() / (1e-5 + F[:, k % m].norm().item()))
        if res[-1] < tol:
            break
    return X[:, k % m].view_as(x0), res


class DEQFixedPoint(nn.Module):
    def __init__(self, f, solver, **kwargs):
        super().__init__()
        self.f = f
        self.solver = solver
        self.kwargs = kwargs

    def forward(self, x):
        with torch.no_grad():
            z, self.forward_res = self.solver(
                lambda z: self.f(z, x), torch.zeros_like(x), **self.kwargs
            )
        z = self.f(z, x)
        return z


class DEQClassifier(nn.Module):
    def __init__(self, channels=8, num_classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels))
        self.deq = DEQFixedPoint(ResNetLayer(channels, 16), anderson, tol=8e-2, max_iter=20, m=4)
        self.head = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.AvgPool2d(4, 4),
            nn.Flatten(),
            nn.Linear(channels * 4, num_classes),
        )

    def forward(self, x):
        logits = self.head(self.deq(self.stem(x)))
        return logits, self.deq.forward_res


def build():
    torch.manual_seed(0)
    model = DEQClassifier()
    for conv in (model.deq.f.conv1, model.deq.f.conv2):
        conv.weight.data.mul_(10)
    return model.eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randn(1, 3, 8, 8) * scale,) for scale in (1.0, 3.0, 10.0, 100.0)]
