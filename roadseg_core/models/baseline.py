"""The convolutional baseline is the simplest network; every other network must beat it."""

from __future__ import annotations

from torch import Tensor, nn

from roadseg_core.models.blocks import he_initialised
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge


class Baseline(Network):
    """
    Segment images by three convolutions with two max-pools and a bilinear enlargement.

    No batch norm, no skips: each score sees 18x18 pixels.

    >>> network = Baseline(classes=1)  # 14,369 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 1, 64, 96]

    :param filters: filters of the first convolution, at least 1; the others have twice as many
    """

    stride = 4

    def __init__(self, *, classes: int = 1, filters: int = 16) -> None:
        super().__init__(classes=classes, filters=filters)
        self.layers = nn.Sequential(
            nn.Conv2d(3, filters, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(filters, 2 * filters, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * filters, 2 * filters, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * filters, classes, 1),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                he_initialised(layer)

    def _score(self, images: Tensor) -> Tensor:
        return enlarge(self.layers(images), self.stride)
