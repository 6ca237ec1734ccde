"""Residual network in which a recurrent gate decides for each block whether to run it.

X. Wang, F. Yu, Z. Dou, T. Darrell, J. E. Gonzalez: "SkipNet: Learning Dynamic Routing in
Convolutional Networks", ECCV 2018.
"""

import torch
import torch.nn as nn


def conv3x3(in_planes, out_planes, stride=1):
    return nn.Conv2d(in_planes, out_planes, 3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        residual = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            residual = self.downsample(x)
        out += residual
        out = self.relu(out)
        return out


class RNNGate(nn.Module):
    def __init__(self, input_dim, hidden_dim):
        super().__init__()
        self.rnn = nn.LSTM(input_dim, hidden_dim)
        self.hidden = None
        self.hidden_dim = hidden_dim
        self.proj = nn.Conv2d(hidden_dim, 1, kernel_size=1, stride=1)
        self.prob = nn.Sigmoid()

    def init_hidden(self, batch_size):
        return (
            torch.zeros(1, batch_size, self.hidden_dim),
            torch.zeros(1, batch_size, self.hidden_dim),
        )

    def repackage_hidden(self):
        self.hidden = repackage_hidden(self.hidden)

    def forward(self, x):
        batch_size = x.size(0)
        self.rnn.flatten_parameters()
        out, self.hidden = self.rnn(x.view(1, batch_size, -1), self.hidden)
        out = out.squeeze()
        proj = self.proj(out.view(out.size(0) if out.dim() > 1 else 1, -1, 1, 1)).squeeze()
        prob = self.prob(proj)
        disc_prob = (prob > 0.5).float().detach() - prob.detach() + prob
        return disc_prob.view(batch_size, 1, 1, 1), prob


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


class ResNetRecurrentGateSP(nn.Module):
    def __init__(self, block, layers, num_classes=10, embed_dim=6, hidden_dim=6):
        super().__init__()
        self.inplanes = 8
        self.conv1 = conv3x3(3, 8)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.num_layers = layers
        self._make_group(block, 8, layers[0], group_id=1, pool_size=16, embed_dim=embed_dim)
        self._make_group(block, 16, layers[1], group_id=2, pool_size=8, embed_dim=embed_dim)
        self.control = RNNGate(embed_dim, hidden_dim)
        self.avgpool = nn.AvgPool2d(8)
        self.fc = nn.Linear(16, num_classes)

    def _make_group(self, block, planes, layers, group_id, pool_size, embed_dim):
        for i in range(layers):
            stride = 2 if (i == 0 and group_id > 1) else 1
            downsample = None
            if stride != 1 or self.inplanes != planes * block.expansion:
                downsample = nn.Sequential(
                    nn.Conv2d(self.inplanes, planes, 1, stride=stride, bias=False),
                    nn.BatchNorm2d(planes),
                )
            layer = block(self.inplanes, planes, stride, downsample)
            self.inplanes = planes * block.expansion
            gate = nn.Sequential(nn.AvgPool2d(pool_size), nn.Conv2d(planes, embed_dim, 1))
            setattr(self, f"group{group_id}_layer{i}", layer)
            setattr(self, f"group{group_id}_gate{i}", gate)

    def forward(self, x):
        batch_size = x.size(0)
        x = self.relu(self.bn1(self.conv1(x)))
        self.control.hidden = self.control.init_hidden(batch_size)
        masks = []
        gprobs = []
        x = getattr(self, "group1_layer0")(x)
        gate_feature = getattr(self, "group1_gate0")(x)
        mask, gprob = self.control(gate_feature)
        gprobs.append(gprob)
        masks.append(mask.squeeze())
        prev = x
        for g in range(2):
            for i in range(0 + int(g == 0), self.num_layers[g]):
                if getattr(self, f"group{g + 1}_layer{i}").downsample is not None:
                    prev = getattr(self, f"group{g + 1}_layer{i}").downsample(prev)
                if mask.view(-1)[0] > 0.5:
                    x = getattr(self, f"group{g + 1}_layer{i}")(x)
                    prev = x
                else:
                    x = prev
                gate_feature = getattr(self, f"group{g + 1}_gate{i}")(x)
                mask, gprob = self.control(gate_feature)
                if not (g == 1 and (i == self.num_layers[1] - 1)):
                    gprobs.append(gprob)
                    masks.append(mask.squeeze())
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        return self.fc(x), masks, gprobs, self.control.hidden


def build():
    torch.manual_seed(3)
    model = ResNetRecurrentGateSP(BasicBlock, [3, 2])
    with torch.no_grad():
        model.control.proj.weight *= 100
        model.control.proj.bias.zero_()
    return model.eval()


def inputs():
    torch.manual_seed(1)
    return [(torch.randn(1, 3, 16, 16) * (1 + index % 4) * 2,) for index in range(24)]
