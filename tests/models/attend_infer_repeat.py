"""An RNN looks at one object after the other, with a spatial transformer, until it sees no more.

S. M. A. Eslami et al.: "Attend, Infer, Repeat: Fast Scene Understanding with Generative Models",
NeurIPS 2016; the mean of each latent variable is taken instead of a sample.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class AIRState:
    def __init__(self, h, c, z_pres, z_where, z_what):
        self.h, self.c = h, c
        self.z_pres, self.z_where, self.z_what = z_pres, z_where, z_what


def expand_z_where(z_where):
    """Turn [s, x, y] into the matrix [[s, 0, x], [0, s, y]]."""
    n = z_where.size(0)
    out = torch.cat((torch.zeros(n, 1), z_where), 1)
    return torch.index_select(out, 1, torch.tensor([1, 0, 2, 0, 1, 3])).view(n, 2, 3)


class AIR(nn.Module):
    def __init__(self, num_steps=3, image_size=16, window_size=8, rnn_hidden=24, z_what=6):
        super().__init__()
        self.num_steps = num_steps
        self.x_size = image_size
        self.window_size = window_size
        self.z_what_size = z_what
        self.rnn = nn.LSTMCell(image_size**2 + 1 + 3 + z_what, rnn_hidden)
        self.rnn_hidden = rnn_hidden
        self.predict = nn.Linear(rnn_hidden, 4)
        self.encode = nn.Sequential(nn.Linear(window_size**2, 16), nn.ReLU(), nn.Linear(16, z_what))
        self.decode = nn.Sequential(
            nn.Linear(z_what, 16), nn.ReLU(), nn.Linear(16, window_size**2), nn.Sigmoid()
        )

    def image_to_object(self, z_where, image):
        grid = F.affine_grid(
            expand_z_where(z_where), (1, 1, self.window_size, self.window_size), align_corners=False
        )
        return F.grid_sample(image.view(1, 1, self.x_size, self.x_size), grid, align_corners=False)

    def object_to_image(self, z_where, obj):
        s = z_where[:, :1].clamp(min=1e-3)
        inverse = torch.cat([1 / s, -z_where[:, 1:] / s], dim=1)
        grid = F.affine_grid(
            expand_z_where(inverse), (1, 1, self.x_size, self.x_size), align_corners=False
        )
        window = obj.view(1, 1, self.window_size, self.window_size)
        return F.grid_sample(window, grid, align_corners=False).view(1, -1)

    def step(self, state, image):
        inputs = torch.cat([image, state.z_pres, state.z_where, state.z_what], 1)
        h, c = self.rnn(inputs, (state.h, state.c))
        out = self.predict(h)
        z_pres = (torch.sigmoid(out[:, :1]) > 0.5).float() * state.z_pres
        z_where = torch.cat([torch.sigmoid(out[:, 1:2]) + 0.1, torch.tanh(out[:, 2:])], 1)
        z_what = self.encode(self.image_to_object(z_where, image).view(1, -1))
        return AIRState(h, c, z_pres, z_where, z_what)

    def forward(self, image):
        canvas = torch.zeros_like(image)
        state = AIRState(
            torch.zeros(1, self.rnn_hidden),
            torch.zeros(1, self.rnn_hidden),
            torch.ones(1, 1),
            torch.zeros(1, 3),
            torch.zeros(1, self.z_what_size),
        )
        found = []
        for _ in range(self.num_steps):
            state = self.step(state, image)
            if state.z_pres.item() == 0:
                break
            found.append(state.z_where)
            canvas = canvas + self.object_to_image(state.z_where, self.decode(state.z_what))
        return canvas, found, len(found)


def build():
    torch.manual_seed(1)
    model = AIR()
    with torch.no_grad():
        model.predict.weight[0] *= 20
    return model.eval()


def inputs():
    """Return images in which it sees none, one, two and three objects."""
    calls = []
    for seed in (0, 1, 2, 3, 4, 5, 81, 122):
        torch.manual_seed(seed)
        calls.append((torch.randn(1, 256) * 2 ** (seed % 3),))
    return calls
