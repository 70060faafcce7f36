"""Cross entropy, weighted by class, and the same on the hardest pixels only."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from roadseg_core.labels import IGNORE
from roadseg_core.training.losses.targets import Targets

Total = Callable[[Tensor], Tensor]
"""Adds up a tensor over all processes, see ``Processes.differentiable_total``."""


def pixel_costs(targets: Targets) -> Tensor:
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


def cross_entropy(targets: Targets, *, class_weights: Tensor | None, total: Total) -> Tensor:
    """
    Average the costs over the pixels of all processes where anything is known.

    :param class_weights: float [C]; the average is weighted by that of each pixel's class, and
        by their mean over the other classes where a pixel is only known not to be road
    :returns: float scalar; 0 if nothing is known
    """
    costs = pixel_costs(targets)
    weights = _pixel_weights(targets, class_weights)
    return total((costs * weights).sum()) / total(weights.sum()).clamp(min=1e-6)


def hard_pixels(
    targets: Targets, *, class_weights: Tensor | None, threshold: float, keep: float, total: Total
) -> Tensor:
    """
    Average the costs over hard pixels only (OHEM, Shrivastava et al. 2016).

    Hard is where the truth has less than ``threshold`` probability. Where fewer than the share
    ``keep`` of this process's pixels are, its most costly ones make up for it.
    """
    costs = pixel_costs(targets)
    counted = targets.counted
    known = costs.detach()[counted]
    hard = counted
    if known.numel():
        fewest = max(1, round(keep * known.numel()))
        limit = torch.topk(known, fewest).values[-1]
        hard = counted & (
            costs.detach() >= limit.clamp(max=-torch.log(limit.new_tensor(max(threshold, 1e-6))))
        )
    weights = _pixel_weights(targets, class_weights) * hard
    return total((costs * weights).sum()) / total(weights.sum()).clamp(min=1e-6)


def _pixel_weights(targets: Targets, class_weights: Tensor | None) -> Tensor:
    """Return float [N, H, W], 0 where nothing is known."""
    if class_weights is None:
        return targets.counted.float()
    others = [i for i in range(len(class_weights)) if i not in targets.road_ids]
    weights = torch.zeros(256, device=class_weights.device)
    weights[: len(class_weights)] = class_weights
    return torch.where(targets.not_road, class_weights[others].mean(), weights[targets.labels])
