"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597) with padded convolutions and few filters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.blocks import he_initialised
from roadseg_core.models.network import Network


class UNet(Network):
    """
    Segment images by contraction and expansion with skips.

    No batch norm and no dropout: training and inference are the same function.

    >>> network = UNet(in_channels=3, out_channels=1, filters=8)  # 485,817 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 1, 64, 96]

    :param in_channels: channels of the input, at least 1
    :param out_channels: channels of the output; 1 is trained with a sigmoid, more with softmax
    :param filters: filters of the first level, doubled at each of ``depth`` contractions
    :param depth: number of contractions, at least 1
    """

    def __init__(
        self, *, in_channels: int = 3, out_channels: int = 1, filters: int = 8, depth: int = 4
    ) -> None:
        super().__init__(
            classes=out_channels,
            in_channels=in_channels,
            out_channels=out_channels,
            filters=filters,
            depth=depth,
        )
        self.stride = 2**depth
        widths = [filters * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            _double_convolution(before, after)
            for before, after in zip([in_channels, *widths], widths)
        )
        self.pool = nn.MaxPool2d(2)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * width, width, 2, stride=2) for width in reversed(widths[:-1])
        )
        self.merge = nn.ModuleList(
            _double_convolution(2 * width, width) for width in reversed(widths[:-1])
        )
        self.classifier = nn.Conv2d(filters, out_channels, 1)

    def _score(self, images: Tensor) -> Tensor:
        skips = []
        features = images
        for level, down in enumerate(self.down):
            features = down(features if level == 0 else self.pool(features))
            skips.append(features)
        skips.pop()
        for up, merge in zip(self.up, self.merge):
            features = merge(torch.cat((skips.pop(), up(features)), dim=1))
        return self.classifier(features)


def _double_convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """Make two padded 3x3 convolutions with ReLU, in He initialisation."""
    block = nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.ReLU(inplace=True),
    )
    for layer in (block[0], block[2]):
        he_initialised(layer)
    return block
