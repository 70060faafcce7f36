"""Fill a stem with the channels of a wider one that matter most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


@torch.no_grad()
def narrow(wide: Sequence[nn.Conv2d], target: Sequence[nn.Conv2d]) -> None:
    """
    Copy a chain of convolutions into a narrower one.

    A channel counts by the product of the L1 norms of the kernels that make it, filter it and
    read it (after Li et al. 2017, arXiv 1608.08710): without any of them it carries nothing.

    :param wide: convolutions with a bias, batch norm folded; those with groups are depth-wise and
        pass their channels on
    :param target: convolutions of the same kinds, at most as wide
    """
    kept = torch.arange(wide[0].in_channels)
    for place, (source, layer) in enumerate(zip(wide, target, strict=True)):
        if source.groups > 1:
            weight, bias = source.weight[kept], source.bias[kept]
        else:
            most = _importance(wide[place:]).topk(layer.out_channels).indices.sort().values
            weight, bias, kept = source.weight[most][:, kept], source.bias[most], most
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _importance(chain: Sequence[nn.Conv2d]) -> Tensor:
    """Return float [out] of the first layer: how much each channel can carry to the next ones."""
    importance = chain[0].weight.abs().sum((1, 2, 3))
    for layer in chain[1:]:
        if layer.groups == 1:
            return importance * layer.weight.abs().sum((0, 2, 3))
        importance = importance * layer.weight.abs().sum((1, 2, 3))
    return importance
