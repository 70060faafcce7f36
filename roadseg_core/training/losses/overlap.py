"""Losses on the overlap of prediction and truth: Dice and the direct IoU loss."""

from __future__ import annotations

import torch
from torch import Tensor

from roadseg_core.training.losses.cross_entropy import Total
from roadseg_core.training.losses.targets import Targets


def iou_loss(targets: Targets, *, total: Total) -> Tensor:
    """
    Return 1 - IoU on probabilities (Rahman and Wang 2016), averaged over classes.

    Intersection is the sum of p * y, union that of p + y - p * y, over all pixels of the batch
    and of all processes. Classes without truth in the batch are left out.
    """
    intersection, predicted, truth = _sums(targets, total)
    return _mean(1.0 - intersection / (predicted + truth - intersection).clamp(min=1e-6), truth)


def dice_loss(targets: Targets, *, total: Total) -> Tensor:
    """Return 1 - Dice on probabilities (Milletari et al. 2016), otherwise as the IoU loss."""
    intersection, predicted, truth = _sums(targets, total)
    return _mean(1.0 - 2.0 * intersection / (predicted + truth).clamp(min=1e-6), truth)


def class_truth(targets: Targets, class_id: int) -> tuple[Tensor, Tensor]:
    """
    Return float [N, H, W], 1 where the truth is the class, and bool, where that is known.

    A pixel that is only known not to be road says no to the road classes and nothing to others.
    """
    known = targets.labels != 255
    if class_id in targets.road_ids:
        known = known | targets.not_road
    return (targets.labels == class_id).float(), known


def _sums(targets: Targets, total: Total) -> tuple[Tensor, Tensor, Tensor]:
    """Return intersection, prediction and truth of each class, float [C] each."""
    probabilities = targets.scores.softmax(1)
    sums = []
    for class_id in range(probabilities.shape[1]):
        truth, known = class_truth(targets, class_id)
        predicted = probabilities[:, class_id] * known
        sums.append(torch.stack(((predicted * truth).sum(), predicted.sum(), truth.sum())))
    return tuple(total(torch.stack(sums, 1)))


def _mean(costs: Tensor, truth: Tensor) -> Tensor:
    """Average over the classes that have truth; 0 if none has."""
    shown = (truth > 0).float()
    return (costs * shown).sum() / shown.sum().clamp(min=1.0)
