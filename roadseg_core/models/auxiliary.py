"""Auxiliary heads: class scores from inner features, for the loss in training only."""

from __future__ import annotations

from torch import Tensor, nn

from roadseg_core.models.blocks import ConvNorm
from roadseg_core.models.resizing import enlarge


class AuxiliaryHead(nn.Module):
    """
    Score every pixel from inner features, so that these get a gradient of their own.

    :param factor: stride of the features; the scores are enlarged by it, bilinearly
    """

    def __init__(self, in_channels: int, *, classes: int, factor: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            ConvNorm(in_channels, in_channels), nn.Conv2d(in_channels, classes, 1)
        )
        self.factor = factor

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, in_channels, h, w] to scores [N, classes, h * factor, w * factor]."""
        return enlarge(self.layers(features), self.factor)


def split_output(output: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """
    Split what a network returns into its scores and those of its auxiliary heads.

    A network with auxiliary heads returns a tuple while it trains, its own scores first; every
    other network, and each in inference, returns its scores alone.

    :returns: float [N, C, H, W], and as many of that shape as there are auxiliary heads
    """
    if isinstance(output, tuple):
        return output[0], output[1:]
    return output, ()
