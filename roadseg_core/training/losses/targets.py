"""Truth as losses see it: classes, pixels without a label, pixels of which part is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap


@dataclass(frozen=True)
class Targets:
    """
    Hold scores a class and the truth in the same classes.

    :param scores: float32 [N, C, H, W], before softmax
    :param labels: int64 [N, H, W]: the class, or IGNORE where the class is not known
    :param not_road: bool [N, H, W]: only known not to be road
    :param road_ids: the classes that are road
    """

    scores: Tensor
    labels: Tensor
    not_road: Tensor
    road_ids: tuple[int, ...]

    @property
    def counted(self) -> Tensor:
        """Return bool [N, H, W]: where anything is known."""
        return (self.labels != IGNORE) | self.not_road


def make_targets(scores: Tensor, labels: Tensor, label_map: LabelMap) -> Targets:
    """
    Bring a network's output and truth together.

    One channel of scores is the sigmoid of "road": a softmax over 0 (not road) and the score.

    :param scores: float [N, C, H, W] or [N, 1, H, W]
    :param labels: uint8 [N, H, W]: ids of the label map, ``NOT_ROAD`` or ``IGNORE``
    """
    scores = scores.float()
    road_ids = label_map.road_ids
    if scores.shape[1] == 1:
        road = torch.zeros(256, dtype=torch.int64, device=labels.device)
        road[list(road_ids)] = 1
        road[IGNORE] = IGNORE
        scores = torch.cat((torch.zeros_like(scores), scores), 1)
        classes = road[labels.long()]
        return Targets(scores, classes, torch.zeros_like(labels, dtype=torch.bool), (1,))
    not_road = labels == NOT_ROAD
    classes = labels.long().masked_fill(not_road, IGNORE)
    return Targets(scores, classes, not_road, road_ids)
