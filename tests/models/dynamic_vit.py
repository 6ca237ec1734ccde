"""Vision transformer that scores its tokens between blocks and drops the unimportant ones.

Y. Rao et al.: "DynamicViT: Efficient Vision Transformers with Dynamic Token Sparsification",
NeurIPS 2021; tokens are kept by threshold as in H. Yin et al.: "A-ViT: Adaptive Tokens for
Efficient Vision Transformer", CVPR 2022.
"""

import torch
from torch import nn


class Mlp(nn.Module):
    def __init__(self, in_features, hidden_features=None, out_features=None, act_layer=nn.GELU):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        self.fc1 = nn.Linear(in_features, hidden_features)
        self.act = act_layer()
        self.fc2 = nn.Linear(hidden_features, out_features)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Attention(nn.Module):
    def __init__(self, dim, num_heads=4, qkv_bias=True):
        super().__init__()
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * self.scale
        attn = attn.softmax(dim=-1)
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj(x)


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(in_features=dim, hidden_features=2 * dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PredictorLG(nn.Module):
    def __init__(self, embed_dim):
        super().__init__()
        self.in_conv = nn.Sequential(
            nn.LayerNorm(embed_dim), nn.Linear(embed_dim, embed_dim), nn.GELU()
        )
        self.out_conv = nn.Sequential(nn.Linear(embed_dim, 8), nn.GELU(), nn.Linear(8, 2))

    def forward(self, x):
        x = self.in_conv(x)
        B, N, C = x.size()
        local_x = x[:, :, : C // 2]
        global_x = x[:, :, C // 2 :].mean(dim=1, keepdim=True)
        x = torch.cat([local_x, global_x.expand(B, N, C // 2)], dim=-1)
        return nn.functional.log_softmax(self.out_conv(x), dim=-1)


class DynamicViT(nn.Module):
    def __init__(self, patch=4, dim=32, depth=3, pruning_loc=(1, 2), num_classes=5, image=16):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, patch, stride=patch)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.pos_embed = nn.Parameter(torch.randn(1, (image // patch) ** 2 + 1, dim) * 0.02)
        self.blocks = nn.ModuleList([Block(dim) for _ in range(depth)])
        self.score_predictor = nn.ModuleList([PredictorLG(dim) for _ in pruning_loc])
        self.pruning_loc = list(pruning_loc)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        p_count = 0
        kept = []
        for i, blk in enumerate(self.blocks):
            if i in self.pruning_loc:
                spatial_x = x[:, 1:]
                score = self.score_predictor[p_count](spatial_x)[0, :, 0]
                keep = (score > torch.log(torch.tensor(0.5))).nonzero().squeeze(1)
                if len(keep) == 0:
                    keep = score.argmax().view(1)
                x = torch.cat([x[:, :1], spatial_x[:, keep]], dim=1)
                kept.append(keep)
                p_count += 1
            x = blk(x)
        return self.head(self.norm(x)[:, 0]), [k.numel() for k in kept]


def build():
    torch.manual_seed(1)
    model = DynamicViT()
    with torch.no_grad():
        for predictor in model.score_predictor:
            predictor.out_conv[2].weight *= 8
    return model.eval()


def inputs():
    """Return images; of that of one colour, all tokens are unimportant."""
    torch.manual_seed(0)
    images = [torch.randn(1, 3, 16, 16) * (1 + index % 3) for index in range(6)]
    torch.manual_seed(3)
    plain = (torch.randn(1, 3, 1, 1) * 3).expand(1, 3, 16, 16).contiguous()
    return [(image,) for image in (*images, plain)]
