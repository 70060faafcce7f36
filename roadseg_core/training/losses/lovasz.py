"""The Lovász-softmax loss (Berman et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor

from roadseg_core.training.losses.cross_entropy import Total
from roadseg_core.training.losses.overlap import class_truth
from roadseg_core.training.losses.targets import Targets


def lovasz_loss(targets: Targets, *, total: Total) -> Tensor:
    """
    Average the Lovász extension of 1 - IoU over an image's classes, then over images.

    Classes without truth in an image are left out, as are images without any.
    """
    probabilities = targets.scores.softmax(1)
    costs = [probabilities.sum() * 0.0]
    images = 0
    truths = [class_truth(targets, i) for i in range(probabilities.shape[1])]
    for image in range(len(probabilities)):
        terms = []
        for class_id, (truth, known) in enumerate(truths):
            shown = truth[image][known[image]]
            if shown.any():
                errors = (shown - probabilities[image, class_id][known[image]]).abs()
                terms.append(_extension(errors, shown))
        if terms:
            costs.append(torch.stack(terms).mean())
            images += 1
    count = probabilities.new_tensor(float(images))
    return total(torch.stack(costs).sum()) / total(count).clamp(min=1.0)


def _extension(errors: Tensor, truth: Tensor) -> Tensor:
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
