"""Enlarge features bilinearly with operators that export to plain graphs."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def enlarge(features: Tensor, factor: int) -> Tensor:
    """Enlarge float [N, C, h, w] to [N, C, h * factor, w * factor] bilinearly."""
    if factor == 1:
        return features
    return functional.interpolate(
        features, scale_factor=factor, mode='bilinear', align_corners=False
    )


def enlarge_to(features: Tensor, like: Tensor) -> Tensor:
    """
    Bring features to another tensor's height and width bilinearly.

    For features whose size was rounded up on the way down: the ratio is no whole number.
    """
    # Plain numbers: taken from the tensor, they would leave shape arithmetic in the graph.
    size = (int(like.shape[-2]), int(like.shape[-1]))
    return functional.interpolate(features, size=size, mode='bilinear', align_corners=False)
