"""The losses, a file a family; all count pixels of the whole batch over all processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from roadseg_core.labels import LabelMap
from roadseg_core.training.config import LossTerm
from roadseg_core.training.losses.cross_entropy import Total, cross_entropy, hard_pixels
from roadseg_core.training.losses.lovasz import lovasz_loss
from roadseg_core.training.losses.overlap import dice_loss, iou_loss
from roadseg_core.training.losses.targets import make_targets


def _alone(value: Tensor) -> Tensor:
    """Add up over one process."""
    return value


def segmentation_loss(
    scores: Tensor,
    labels: Tensor,
    *,
    label_map: LabelMap,
    terms: Sequence[LossTerm] = (LossTerm(),),
    class_weights: Mapping[int, Tensor] | None = None,
    total: Total = _alone,
) -> Tensor:
    """
    Compare scores with the truth.

    :param scores: float [N, C, H, W], before softmax, or [N, 1, H, W], before sigmoid
    :param labels: uint8 [N, H, W]: ids of the label map, ``NOT_ROAD`` or ``IGNORE``
    :param terms: the losses to add up
    :param class_weights: float [C] by the place of a term
    :param total: adds up over the processes that share the batch
    :returns: float scalar; 0 if no pixel is labelled
    """
    targets = make_targets(scores, labels, label_map)
    loss = scores.new_zeros((), dtype=torch.float32)
    for place, term in enumerate(terms):
        weights = (class_weights or {}).get(place)
        if term.name == 'cross_entropy':
            value = cross_entropy(targets, class_weights=weights, total=total)
        elif term.name == 'ohem':
            value = hard_pixels(
                targets,
                class_weights=weights,
                threshold=term.threshold,
                keep=term.keep,
                total=total,
            )
        elif term.name == 'dice':
            value = dice_loss(targets, total=total)
        elif term.name == 'iou':
            value = iou_loss(targets, total=total)
        else:
            value = lovasz_loss(targets, total=total)
        loss = loss + term.weight * value
    return loss
