"""Region proposals: anchors are decoded, filtered by score and thinned by non-maximum suppression.

S. Ren, K. He, R. Girshick, J. Sun: "Faster R-CNN: Towards Real-Time Object Detection with Region
Proposal Networks", NeurIPS 2015; the suppression is written in torch, as in many ports.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def nms(boxes, scores, overlap=0.5, top_k=8):
    keep = scores.new(scores.size(0)).zero_().long()
    x1, y1, x2, y2 = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    area = torch.mul(x2 - x1, y2 - y1)
    v, idx = scores.sort(0)
    idx = idx[-top_k:]
    count = 0
    while idx.numel() > 0:
        i = idx[-1]
        keep[count] = i
        count += 1
        if idx.size(0) == 1:
            break
        idx = idx[:-1]
        xx1 = torch.clamp(x1[idx], min=x1[i])
        yy1 = torch.clamp(y1[idx], min=y1[i])
        xx2 = torch.clamp(x2[idx], max=x2[i])
        yy2 = torch.clamp(y2[idx], max=y2[i])
        w = torch.clamp(xx2 - xx1, min=0.0)
        h = torch.clamp(yy2 - yy1, min=0.0)
        inter = w * h
        union = (area[idx] - inter) + area[i]
        IoU = inter / union
        idx = idx[IoU.le(overlap)]
    return keep, count


class RegionProposalNetwork(nn.Module):
    def __init__(self, in_channels=8, num_anchors=2, stride=4):
        super().__init__()
        self.stem = nn.Conv2d(3, in_channels, 4, stride=stride)
        self.conv = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 1)
        self.sizes = (6.0, 10.0)
        self.stride = stride
        self.score_thresh = 0.6

    def anchors(self, H, W):
        ys, xs = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
        centers = torch.stack([xs, ys], dim=-1).float() * self.stride + self.stride / 2
        boxes = [torch.cat([centers - s / 2, centers + s / 2], dim=-1) for s in self.sizes]
        return torch.stack(boxes, dim=2).view(-1, 4)

    def decode(self, deltas, anchors):
        widths = anchors[:, 2] - anchors[:, 0]
        heights = anchors[:, 3] - anchors[:, 1]
        ctr_x = anchors[:, 0] + 0.5 * widths + deltas[:, 0] * widths
        ctr_y = anchors[:, 1] + 0.5 * heights + deltas[:, 1] * heights
        w = torch.exp(deltas[:, 2].clamp(max=4.0)) * widths
        h = torch.exp(deltas[:, 3].clamp(max=4.0)) * heights
        return torch.stack(
            [ctr_x - 0.5 * w, ctr_y - 0.5 * h, ctr_x + 0.5 * w, ctr_y + 0.5 * h], dim=1
        )

    def forward(self, image):
        features = F.relu(self.conv(F.relu(self.stem(image))))
        H, W = features.shape[-2:]
        scores = self.cls_logits(features).permute(0, 2, 3, 1).reshape(-1).sigmoid()
        deltas = self.bbox_pred(features).permute(0, 2, 3, 1).reshape(-1, 4)
        boxes = self.decode(deltas, self.anchors(H, W)).clamp(0, image.shape[-1])
        mask = scores > self.score_thresh
        if mask.sum() == 0:
            return boxes[:0], scores[:0]
        boxes, scores = boxes[mask], scores[mask]
        keep, count = nms(boxes, scores)
        keep = keep[:count]
        return boxes[keep], scores[keep]


def build():
    torch.manual_seed(0)
    model = RegionProposalNetwork()
    with torch.no_grad():
        model.cls_logits.weight *= 6
    return model.eval()


def inputs():
    """Return images with few proposals and many; of one, the last box suppresses all others."""
    calls = []
    for seed, scale in [(0, 0.01), (1, 0.7), (1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (48, 4.0)]:
        torch.manual_seed(seed)
        calls.append((torch.randn(1, 3, 16, 16) * scale,))
    return calls
