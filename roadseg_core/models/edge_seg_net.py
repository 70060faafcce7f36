"""A network after EdgeSegNet (Lin et al. 2019, arXiv 1905.04222) that trains."""

from __future__ import annotations

from torch import Tensor, nn

from roadseg_core.models.blocks import ConvNorm, bottleneck
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge


class EdgeSegNet(Network):
    """
    Segment images by residual bottlenecks, refine modules and bilinear fusion.

    The paper gives the kinds of modules, not all of their widths; those here are our own.
    Bottleneck reductions shrink the features to 1/32; refine modules bring them back to 1/4,
    joining finer ones by bilinear enlargement and a sum. What makes it train from a random
    start: batch norm behind every convolution, a projected shortcut around every module that
    shrinks, and sums of two normalised terms in the fusion, so that neither drowns the other.

    >>> network = EdgeSegNet(classes=7)  # 490,711 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 7, 64, 96]

    :param width: channels at stride 4; 2, 4 and 6 times as many at 8, 16 and 32; at least 2
    :param refinement: channels of the refine modules, at least 1
    """

    stride = 32

    def __init__(self, *, classes: int = 7, width: int = 32, refinement: int = 64) -> None:
        super().__init__(classes=classes, refinement=refinement)
        if width < 2:
            raise ValueError(f'width {width}; expected at least 2')
        self.entry = ConvNorm(3, width // 2, kernel=7, stride=2)
        widths = (width, 2 * width, 4 * width, 6 * width)
        self.stages = nn.ModuleList(
            nn.Sequential(
                bottleneck(before, after, middle=after // 2, stride=2),
                bottleneck(after, after, middle=after // 2),
            )
            for before, after in zip((width // 2, *widths), widths)
        )
        self.bottom = ConvNorm(widths[-1], refinement, kernel=1)
        self.refinements = nn.ModuleList(
            Refinement(after, refinement) for after in reversed(widths[:-1])
        )
        self.classifier = nn.Conv2d(refinement, classes, 1)

    def _score(self, images: Tensor) -> Tensor:
        found = []
        features = self.entry(images)
        for stage in self.stages:
            features = stage(features)
            found.append(features)
        features = self.bottom(found.pop())
        for refinement in self.refinements:
            features = refinement(features, found.pop())
        return enlarge(self.classifier(features), 4)


class Refinement(nn.Module):
    """Join coarse features, enlarged bilinearly, with finer ones, and refine the sum."""

    def __init__(self, fine: int, width: int) -> None:
        super().__init__()
        self.coarse = ConvNorm(width, width, kernel=1, relu=False)
        self.fine = ConvNorm(fine, width, kernel=1, relu=False)
        self.relu = nn.ReLU()
        self.refine = bottleneck(width, width, middle=max(1, width // 2))

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Map float [N, width, h, w] and [N, fine, 2h, 2w] to [N, width, 2h, 2w]."""
        # The 1x1 convolution runs before the enlargement: linear both, and a quarter the work.
        return self.refine(self.relu(enlarge(self.coarse(coarse), 2) + self.fine(fine)))
