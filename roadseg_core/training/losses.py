"""Compute losses, over the pixels of the whole batch on all processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from roadseg_core.labels import IGNORE, NOT_ROAD, LabelMap
from roadseg_core.training.config import LossTerm

Total = Callable[[Tensor], Tensor]
"""Adds up a tensor over all processes, see ``Processes.differentiable_total``."""


def _alone(value: Tensor) -> Tensor:
    """Add up over one process."""
    return value


@dataclass(frozen=True)
class Targets:
    """
    Hold scores and the truth in the same classes.

    :param scores: float32 [N, C, H, W], before softmax
    :param labels: int64 [N, H, W]: the class, or IGNORE where the class is not known
    :param not_road: bool [N, H, W]: only known not to be road
    :param road_ids: the classes that are road
    :param class_weights: float [C], or None
    :param total: adds up over the processes
    """

    scores: Tensor
    labels: Tensor
    not_road: Tensor
    road_ids: tuple[int, ...]
    class_weights: Tensor | None = None
    total: Total = _alone

    def truth_of(self, class_id: int) -> tuple[Tensor, Tensor]:
        """
        Return float [N, H, W], 1 where the truth is the class, and bool, where that is known.

        A pixel that is only known not to be road says no to the road classes, nothing to others.
        """
        known = self.labels != IGNORE
        if class_id in self.road_ids:
            known = known | self.not_road
        return (self.labels == class_id).float(), known


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
    scores = scores.float()
    if scores.shape[1] == 1:
        # The sigmoid of "road" is a softmax over 0 (not road) and the score.
        table = torch.zeros(256, dtype=torch.int64, device=labels.device)
        table[list(label_map.road_ids)] = 1
        table[IGNORE] = IGNORE
        scores = torch.cat((torch.zeros_like(scores), scores), 1)
        classes, not_road, road_ids = table[labels.long()], torch.zeros_like(labels).bool(), (1,)
    else:
        not_road, road_ids = labels == NOT_ROAD, label_map.road_ids
        classes = labels.long().masked_fill(not_road, IGNORE)
    loss = scores.new_zeros(())
    for place, term in enumerate(terms):
        weights = (class_weights or {}).get(place)
        targets = Targets(scores, classes, not_road, road_ids, weights, total)
        loss = loss + term.weight * _LOSSES[term.name](targets)
    return loss


def cross_entropy(targets: Targets) -> Tensor:
    """
    Average the costs over the pixels of all processes where anything is known.

    With class weights the average is weighted by that of each pixel's class, and by their mean
    over the other classes where a pixel is only known not to be road.
    """
    weights = _pixel_weights(targets)
    costs = targets.total((_pixel_costs(targets) * weights).sum())
    return costs / targets.total(weights.sum()).clamp(min=1e-6)


def iou_loss(targets: Targets) -> Tensor:
    """
    Return 1 - IoU on probabilities (Rahman and Wang 2016), averaged over classes.

    Intersection is the sum of p * y, union that of p + y - p * y, over all pixels of the batch
    and of all processes. Classes without truth in the batch are left out.
    """
    both, predicted, truth = _overlap(targets)
    return _mean_shown(1.0 - both / (predicted + truth - both).clamp(min=1e-6), truth)


def dice_loss(targets: Targets) -> Tensor:
    """Return 1 - Dice on probabilities (Milletari et al. 2016), otherwise as the IoU loss."""
    both, predicted, truth = _overlap(targets)
    return _mean_shown(1.0 - 2.0 * both / (predicted + truth).clamp(min=1e-6), truth)


def lovasz_loss(targets: Targets) -> Tensor:
    """
    Average the Lovász extension of 1 - IoU over an image's classes, then over images.

    Berman et al. 2018. Classes without truth in an image are left out, as are images without any.
    """
    probabilities = targets.scores.softmax(1)
    costs = [probabilities.sum() * 0.0]
    truths = [targets.truth_of(i) for i in range(probabilities.shape[1])]
    for image in range(len(probabilities)):
        extensions = []
        for class_id, (truth, known) in enumerate(truths):
            shown = truth[image][known[image]]
            if shown.any():
                errors = (shown - probabilities[image, class_id][known[image]]).abs()
                extensions.append(_lovasz_extension(errors, shown))
        if extensions:
            costs.append(torch.stack(extensions).mean())
    images = probabilities.new_tensor(float(len(costs) - 1))
    return targets.total(torch.stack(costs).sum()) / targets.total(images).clamp(min=1.0)


_LOSSES = {
    'cross_entropy': cross_entropy,
    'dice': dice_loss,
    'iou': iou_loss,
    'lovasz': lovasz_loss,
}


def _pixel_costs(targets: Targets) -> Tensor:
    """
    Return float [N, H, W]: the negative log probability of the truth, 0 where none is known.

    A pixel that is only known not to be road costs -log(1 - sum of p over the road ids): any
    other class will do.
    """
    scores = targets.scores
    costs = functional.cross_entropy(scores, targets.labels, ignore_index=IGNORE, reduction='none')
    if bool(targets.not_road.any()):
        others = [i for i in range(scores.shape[1]) if i not in targets.road_ids]
        pixels = scores.permute(0, 2, 3, 1)[targets.not_road]
        costs = costs.masked_scatter(
            targets.not_road, pixels.logsumexp(1) - pixels[:, others].logsumexp(1)
        )
    return costs


def _pixel_weights(targets: Targets) -> Tensor:
    """Return float [N, H, W], 0 where nothing is known."""
    by_class = targets.class_weights
    if by_class is None:
        return ((targets.labels != IGNORE) | targets.not_road).float()
    others = [i for i in range(len(by_class)) if i not in targets.road_ids]
    weights = torch.zeros(256, device=by_class.device)
    weights[: len(by_class)] = by_class
    return torch.where(targets.not_road, by_class[others].mean(), weights[targets.labels])


def _overlap(targets: Targets) -> tuple[Tensor, Tensor, Tensor]:
    """Return intersection, prediction and truth of each class, float [C] each."""
    probabilities = targets.scores.softmax(1)
    sums = []
    for class_id in range(probabilities.shape[1]):
        truth, known = targets.truth_of(class_id)
        predicted = probabilities[:, class_id] * known
        sums.append(torch.stack(((predicted * truth).sum(), predicted.sum(), truth.sum())))
    return tuple(targets.total(torch.stack(sums, 1)))


def _mean_shown(costs: Tensor, truth: Tensor) -> Tensor:
    """Average over the classes that have truth; 0 if none has."""
    shown = (truth > 0).float()
    return (costs * shown).sum() / shown.sum().clamp(min=1.0)


def _lovasz_extension(errors: Tensor, truth: Tensor) -> Tensor:
    """
    Return the Lovász extension of the Jaccard loss at ``errors`` (algorithm 1).

    :param errors: float [P], 0..1
    :param truth: float [P], 0 or 1
    """
    errors, order = torch.sort(errors, descending=True)
    truth = truth[order]
    # IoU if the first pixels, the worst ones, are all wrong.
    remaining = truth.sum() - truth.cumsum(0)
    union = truth.sum() + (1.0 - truth).cumsum(0)
    jaccard = 1.0 - remaining / union
    gradient = torch.cat((jaccard[:1], jaccard[1:] - jaccard[:-1]))
    return torch.dot(errors, gradient)
