"""A small network of a full-detail branch and a deep context branch (after U-Net, Fast-SCNN)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.blocks import ConvNorm, Separable
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge

CONTEXT_WIDTHS = (16, 32, 64, 96, 128)
"""Channels of the context branch at the strides 2, 4, 8, 16 and 32."""


class MultiBranch(Network):
    """
    Segment images by detail at full size and context at 1/32, summed on the way up.

    The detail branch keeps the full size for two light layers. The context branch shrinks the
    image by strided convolutions; on the way back its features are enlarged bilinearly, which
    is cheaper than transposed convolutions, and summed with 1x1 projections of the finer ones.

    >>> network = MultiBranch(classes=7)  # 471,143 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 7, 64, 96]

    :param detail: channels of the detail branch, at least 1
    :param fusion: channels in which features of different sizes are summed, at least 1
    """

    stride = 32

    def __init__(self, *, classes: int = 7, detail: int = 8, fusion: int = 24) -> None:
        super().__init__(classes=classes, detail=detail, fusion=fusion)
        self.detail = nn.Sequential(ConvNorm(3, detail), Separable(detail, detail))
        self.context = nn.ModuleList()
        before = 3
        for level, width in enumerate(CONTEXT_WIDTHS):
            # The first two only shrink: a second layer there would cost most of all.
            stage = nn.Sequential(ConvNorm(before, width, stride=2))
            if level >= 2:
                stage.append(ConvNorm(width, width))
            self.context.append(stage)
            before = width
        self.projections = nn.ModuleList(
            ConvNorm(width, fusion, kernel=1, relu=False) for width in CONTEXT_WIDTHS
        )
        self.smoothings = nn.ModuleList(Separable(fusion, fusion) for _ in CONTEXT_WIDTHS[1:])
        self.fusion = Separable(detail + fusion, 2 * detail)
        self.classifier = nn.Conv2d(2 * detail, classes, 1)

    def _score(self, images: Tensor) -> Tensor:
        found = []
        features = images
        for stage in self.context:
            features = stage(features)
            found.append(features)
        *finer, context = (project(level) for project, level in zip(self.projections, found))
        for level, smooth in zip(reversed(finer), self.smoothings):
            context = smooth(enlarge(context, 2) + level)
        joined = torch.cat((self.detail(images), enlarge(context, 2)), dim=1)
        return self.classifier(self.fusion(joined))
