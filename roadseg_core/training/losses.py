"""The loss: cross entropy on labels that may say only "not road"."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from roadseg_core.data.source import NOT_ROAD
from roadseg_core.labels import IGNORE, LabelMap


def segmentation_loss(scores: Tensor, labels: Tensor, *, label_map: LabelMap) -> Tensor:
    """
    Average the negative log probability of the truth over the labelled pixels.

    A pixel labelled ``NOT_ROAD`` costs -log(1 - sum of p over the road ids): any other class
    will do. ``IGNORE`` costs nothing. One channel of scores is a sigmoid of "road".

    :param scores: float [N, C, H, W], before softmax, or [N, 1, H, W], before sigmoid
    :param labels: uint8 [N, H, W]: ids of the label map, ``NOT_ROAD`` or ``IGNORE``
    :returns: float scalar; 0 if no pixel is labelled
    """
    scores = scores.float()
    counted = labels != IGNORE
    count = counted.sum().clamp(min=1)
    road_ids = list(label_map.road_ids)
    if scores.shape[1] == 1:
        road = torch.isin(labels, torch.tensor(road_ids, dtype=labels.dtype)).float()
        costs = functional.binary_cross_entropy_with_logits(
            scores[:, 0], road, reduction='none')
        return (costs * counted).sum() / count
    not_road = labels == NOT_ROAD
    exact = torch.where(counted & ~not_road, labels, torch.full_like(labels, IGNORE)).long()
    total = functional.cross_entropy(scores, exact, ignore_index=IGNORE, reduction='sum')
    if bool(not_road.any()):
        other_ids = [i for i in range(scores.shape[1]) if i not in label_map.road_ids]
        pixels = scores.permute(0, 2, 3, 1)[not_road]
        total = total + (pixels.logsumexp(1) - pixels[:, other_ids].logsumexp(1)).sum()
    return total / count
