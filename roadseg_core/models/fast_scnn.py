"""Fast-SCNN (Poudel et al. 2019, arXiv 1902.04502, table 1), of any width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.auxiliary import AuxiliaryHead
from roadseg_core.models.blocks import ConvNorm, Dropout, Residual, Separable
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge, enlarge_to

BINS = (1, 2, 3, 6)
"""Sides of the pyramid's grids."""

EXPANSION = 6


class FastSCNN(Network):
    """
    Segment images by a shared shallow path, a deep path at 1/32 and their sum at 1/8.

    The published network has widths 32, 48, 64, 96 and 128; ``width`` multiplies them.

    >>> network = FastSCNN(classes=7)  # 1,330,211 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 7, 64, 96]

    :param width: factor of every width, > 0; 1 is the published network
    :param dropout: probability of dropping a channel's value before the classifier, 0 <= p < 1
    :param auxiliary: heads on the shallow and the deep path while training, see
        :func:`roadseg_core.models.auxiliary.split_output`
    """

    stride = 32

    def __init__(
        self,
        *,
        classes: int = 7,
        width: float = 1.08,
        dropout: float = 0.1,
        auxiliary: bool = False,
    ) -> None:
        super().__init__(classes=classes)
        if not width > 0 or not 0 <= dropout < 1:
            raise ValueError(
                f'width {width}, dropout {dropout}; expected more than 0, and 0 <= dropout < 1'
            )
        # Multiples of 4: vector units run those well.
        first, second, third, fourth, fifth = (
            max(4, 4 * round(full * width / 4)) for full in (32, 48, 64, 96, 128)
        )
        self.shallow = nn.Sequential(
            ConvNorm(3, first, stride=2),
            Separable(first, second, stride=2),
            Separable(second, third, stride=2),
        )
        self.deep = nn.Sequential(
            *_inverted(third, third, count=3, stride=2),
            *_inverted(third, fourth, count=3, stride=2),
            *_inverted(fourth, fifth, count=3, stride=1),
        )
        self.pyramid = PyramidPooling(fifth)
        self.fuse_deep = nn.Sequential(
            ConvNorm(fifth, fifth, groups=fifth, dilation=4),
            ConvNorm(fifth, fifth, kernel=1, relu=False),
        )
        self.fuse_shallow = ConvNorm(third, fifth, kernel=1, relu=False)
        self.relu = nn.ReLU()
        self.head = nn.Sequential(
            Separable(fifth, fifth),
            Separable(fifth, fifth),
            Dropout(dropout),
            nn.Conv2d(fifth, classes, 1),
        )
        self.auxiliary = (
            nn.ModuleList(
                (
                    AuxiliaryHead(third, classes=classes, factor=8),
                    AuxiliaryHead(fifth, classes=classes, factor=32),
                )
            )
            if auxiliary
            else None
        )

    def _score(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        shallow = self.shallow(images)
        deep = self.pyramid(self.deep(shallow))
        fused = self.relu(self.fuse_deep(enlarge(deep, 4)) + self.fuse_shallow(shallow))
        scores = enlarge(self.head(fused), 8)
        if self.auxiliary is None or not self.training:
            return scores
        return scores, self.auxiliary[0](shallow), self.auxiliary[1](deep)


class PyramidPooling(nn.Module):
    """Join features with their means over grids of several sizes (Zhao et al. 2017, PSPNet)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        part = channels // len(BINS)
        self.projections = nn.ModuleList(ConvNorm(channels, part, kernel=1) for _ in BINS)
        self.merge = ConvNorm(channels + part * len(BINS), channels, kernel=1)

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, channels, h, w] to the same shape."""
        pooled = [
            enlarge_to(project(bin_means(features, bins)), features)
            for bins, project in zip(BINS, self.projections)
        ]
        return self.merge(torch.cat((features, *pooled), dim=1))


def _inverted(in_channels: int, out_channels: int, *, count: int, stride: int) -> list[nn.Module]:
    """Chain inverted residual blocks (Sandler et al. 2018, MobileNetV2) of which one shrinks."""
    blocks: list[nn.Module] = []
    for index in range(count):
        before = in_channels if index == 0 else out_channels
        step = stride if index == 0 else 1
        middle = EXPANSION * before
        branch = nn.Sequential(
            ConvNorm(before, middle, kernel=1),
            ConvNorm(middle, middle, stride=step, groups=middle),
            ConvNorm(middle, out_channels, kernel=1, relu=False),
        )
        blocks.append(
            branch
            if before != out_channels or step > 1
            else Residual(branch, in_channels=before, out_channels=out_channels, relu=False)
        )
    return blocks


def bin_means(features: Tensor, bins: int) -> Tensor:
    """
    Average features over a grid of ``bins`` x ``bins`` cells, as adaptive pooling does.

    Cells overlap where ``bins`` does not divide the size. Two products with constant matrices:
    ONNX has no adaptive pooling of such sizes.

    :param features: float [N, C, h, w]
    :returns: float [N, C, bins, bins]
    """
    if bins == 1:
        return features.mean((2, 3), keepdim=True)
    height, width = (int(size) for size in features.shape[-2:])
    rows = torch.tensor(_means(height, bins)).to(features)
    columns = torch.tensor(_means(width, bins)).to(features)
    return torch.matmul(rows, torch.matmul(features, columns.T))


def _means(size: int, bins: int) -> list[list[float]]:
    """Return the matrix [bins, size] that averages each of ``bins`` stretches of a line."""
    stretches = [(i * size // bins, -(-(i + 1) * size // bins)) for i in range(bins)]
    return [
        [1.0 / (end - start) if start <= place < end else 0.0 for place in range(size)]
        for start, end in stretches
    ]
