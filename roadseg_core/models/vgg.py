"""The VGG encoders (Simonyan and Zisserman 2015, arXiv 1409.1556, table 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.blocks import Dropout, he_initialised

CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""3x3 convolutions of each of the five stages, by the number of layers with weights."""

WIDTHS = (64, 128, 256, 512, 512)
FULLY_CONNECTED = 4096

# What torchvision's weights expect: (RGB / 255 - mean) / deviation.
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


class VGGEncoder(nn.Module):
    """
    Compute VGG features: a list, from the full size down.

    >>> [f.shape[1:] for f in VGGEncoder(layers=19)(torch.zeros(1, 3, 32, 64))]
    [[64, 32, 64], [128, 16, 32], [256, 8, 16], [512, 4, 8], [512, 2, 4]]

    :param layers: 16 or 19
    :param batch_norm: batch norm after every convolution
    :param width: factor of every width, > 0; ImageNet weights need 1
    :param fully_connected: add the two fully connected layers as convolutions (7x7 and 1x1)
        behind the fifth pooling, with dropout, as sixth features at stride 32
    :raises ValueError: for an illegal argument
    """

    def __init__(
        self, *, layers: int, batch_norm: bool, width: float = 1.0, fully_connected: bool = False
    ) -> None:
        super().__init__()
        if layers not in CONVOLUTIONS:
            raise ValueError(f'layers {layers}; expected one of {tuple(CONVOLUTIONS)}')
        if not width > 0:
            raise ValueError(f'width {width}; expected more than 0')
        self.layers = layers
        self.batch_norm = batch_norm
        self.widths = [max(1, round(full * width)) for full in WIDTHS]
        self.stages = nn.ModuleList(
            _stage(before, after, count=count, batch_norm=batch_norm)
            for before, after, count in zip([3, *self.widths], self.widths, CONVOLUTIONS[layers])
        )
        self.pool = nn.MaxPool2d(2)
        self.fully_connected = None
        if fully_connected:
            self.widths.append(max(1, round(FULLY_CONNECTED * width)))
            self.fully_connected = nn.Sequential(
                he_initialised(nn.Conv2d(self.widths[4], self.widths[5], 7, padding=3)),
                nn.ReLU(inplace=True),
                Dropout(0.5),
                he_initialised(nn.Conv2d(self.widths[5], self.widths[5], 1)),
                nn.ReLU(inplace=True),
                Dropout(0.5),
            )
        mean = torch.tensor(_MEAN).reshape(1, 3, 1, 1)
        deviation = torch.tensor(_DEVIATION).reshape(1, 3, 1, 1)
        self.register_buffer('scale', 0.5 / deviation, persistent=False)
        self.register_buffer('shift', (0.5 - mean) / deviation, persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """
        Compute the features of each stage, before its pooling.

        :param images: float [N, 3, H, W], RGB, -1..1; H and W multiples of 16, or 32 with the
            fully connected layers
        :returns: float [N, widths[i], H / 2^i, W / 2^i] each
        """
        # Not folded into the first convolution: its zero padding has to stay zero.
        features = images * self.scale + self.shift
        found = []
        for index, stage in enumerate(self.stages):
            features = stage(features if index == 0 else self.pool(features))
            found.append(features)
        if self.fully_connected is not None:
            found.append(self.fully_connected(self.pool(features)))
        return found


def _stage(in_channels: int, out_channels: int, *, count: int, batch_norm: bool) -> nn.Sequential:
    """Chain 3x3 convolutions, with batch norm by choice, and ReLU."""
    layers: list[nn.Module] = []
    for index in range(count):
        layers.append(
            he_initialised(
                nn.Conv2d(in_channels if index == 0 else out_channels, out_channels, 3, padding=1)
            )
        )
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)
