"""U-Net with a VGG19 encoder and batch norm: contraction by ImageNet layers or random ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.blocks import ConvNorm
from roadseg_core.models.network import Network
from roadseg_core.models.vgg import VGGEncoder


class UNetVGG19(Network):
    """
    Segment images by the five stages of VGG19 and four expansion blocks.

    An expansion block doubles the size by a 2x2 transposed convolution, joins the encoder's
    features of that size and convolves twice. The encoder starts at random; ``stem`` takes
    ImageNet weights with :func:`roadseg_core.models.pretrained.load_stem`.

    >>> network = UNetVGG19(classes=8)  # 31,177,736 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 8, 64, 96]

    :param width: factor of every width, > 0; ImageNet weights need 1
    """

    stride = 16

    def __init__(self, *, classes: int = 8, width: float = 1.0) -> None:
        super().__init__(classes=classes)
        self.stem = VGGEncoder(layers=19, batch_norm=True, width=width)
        coarse_to_fine = self.stem.widths[::-1]
        self.expansions = nn.ModuleList(
            Expansion(coarse, fine) for coarse, fine in zip(coarse_to_fine, coarse_to_fine[1:])
        )
        self.classifier = nn.Conv2d(coarse_to_fine[-1], classes, 1)
        nn.init.xavier_uniform_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)

    def _score(self, images: Tensor) -> Tensor:
        *skips, features = self.stem(images)
        for expansion, skip in zip(self.expansions, reversed(skips)):
            features = expansion(features, skip)
        return self.classifier(features)


class Expansion(nn.Module):
    """Double the size of features, join the encoder's and convolve twice, with batch norm."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(coarse, fine, 2, stride=2)
        self.merge = nn.Sequential(ConvNorm(2 * fine, fine), ConvNorm(fine, fine))

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Map float [N, coarse, h, w] and [N, fine, 2h, 2w] to [N, fine, 2h, 2w]."""
        return self.merge(torch.cat((skip, self.up(features)), dim=1))
