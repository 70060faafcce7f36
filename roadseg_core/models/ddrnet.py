"""DDRNet-23-slim (Hong et al. 2021, arXiv 2101.06085, figures 4 and 5), of any width."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from roadseg_core.models.auxiliary import AuxiliaryHead
from roadseg_core.models.blocks import (
    ConvNorm,
    basic_blocks,
    bottleneck,
    detail_branch,
    residual_entry,
)
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge, enlarge_to

POOLS = ((5, 2), (9, 4), (17, 8))
"""(kernel, stride) of the context module's average pools; a global mean follows them."""


class DDRNetSlim(Network):
    """
    Segment images by two deep branches, one kept at 1/8, that exchange features twice.

    The published network has ``width`` 32, ``context`` 128 and ``head`` 64.

    >>> network = DDRNetSlim(classes=7)  # 1,157,093 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 7, 64, 96]

    :param width: channels at stride 4; 2, 4, 8 and 16 times as many at 8, 16, 32 and 64
    :param context: channels of each scale of the context module, at least 1
    :param head: channels of the last 3x3 convolution, at least 1
    :param auxiliary: a head on the detailed branch's first features while training, see
        :func:`roadseg_core.models.auxiliary.split_output`
    """

    stride = 32
    """The coarsest features are at 1/64 of it, rounded up."""

    def __init__(
        self,
        *,
        classes: int = 7,
        width: int = 14,
        context: int = 64,
        head: int = 64,
        auxiliary: bool = False,
    ) -> None:
        super().__init__(classes=classes, width=width, context=context, head=head)
        one, two, four, eight = width, 2 * width, 4 * width, 8 * width
        self.entry = residual_entry(one, two)
        self.detail = detail_branch(two, four)
        self.deep = nn.ModuleList(
            (
                basic_blocks(two, four, count=2, stride=2, relu=False),
                basic_blocks(four, eight, count=2, stride=2, relu=False),
                bottleneck(eight, 2 * eight, middle=eight, stride=2),
            )
        )
        self.up = nn.ModuleList(
            (ConvNorm(four, two, kernel=1, relu=False), ConvNorm(eight, two, kernel=1, relu=False))
        )
        self.down = nn.ModuleList(
            (
                ConvNorm(two, four, stride=2, relu=False),
                nn.Sequential(
                    ConvNorm(two, four, stride=2), ConvNorm(four, eight, stride=2, relu=False)
                ),
            )
        )
        self.context = DeepAggregation(2 * eight, context, out_channels=four)
        self.relu = nn.ReLU()
        self.head = nn.Sequential(ConvNorm(four, head), nn.Conv2d(head, classes, 1))
        self.auxiliary = AuxiliaryHead(two, classes=classes, factor=8) if auxiliary else None

    def _score(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        detail = deep = self.entry(images)
        exchanged = []
        for index in range(2):
            own, coarse = self.detail[index](detail), self.deep[index](deep)
            deep = self.relu(coarse + self.down[index](self.relu(own)))
            lifted = self.up[index](self.relu(coarse))
            detail = self.relu(own + enlarge(lifted, 2 * 2**index))
            exchanged.append(detail)
        context = self.context(self.deep[2](deep))
        detail = self.detail[2](detail)
        scores = enlarge(self.head(self.relu(detail + enlarge_to(context, detail))), 8)
        if self.auxiliary is None or not self.training:
            return scores
        return scores, self.auxiliary(exchanged[0])


class DeepAggregation(nn.Module):
    """Gather context by pools of growing size, each added to the one before (DAPPM)."""

    def __init__(self, in_channels: int, width: int, *, out_channels: int) -> None:
        super().__init__()
        self.own = ConvNorm(in_channels, width, kernel=1)
        self.projections = nn.ModuleList(
            ConvNorm(in_channels, width, kernel=1) for _ in range(len(POOLS) + 1)
        )
        self.refinements = nn.ModuleList(ConvNorm(width, width) for _ in range(len(POOLS) + 1))
        self.merge = ConvNorm((len(POOLS) + 2) * width, out_channels, kernel=1, relu=False)
        self.shortcut = ConvNorm(in_channels, out_channels, kernel=1, relu=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, in_channels, h, w] to [N, out_channels, h, w]."""
        scales = [self.own(features)]
        for pooled, project, refine in zip(pools(features), self.projections, self.refinements):
            scales.append(refine(enlarge_to(project(pooled), features) + scales[-1]))
        return self.merge(torch.cat(scales, dim=1)) + self.shortcut(features)


def pools(features: Tensor) -> list[Tensor]:
    """Return the average pools of :data:`POOLS`, then the global mean."""
    return [
        functional.avg_pool2d(features, kernel, stride, kernel // 2) for kernel, stride in POOLS
    ] + [features.mean((2, 3), keepdim=True)]
