"""PIDNet-S (Xu et al. 2023, arXiv 2206.02066, figures 4 to 6), of any width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from roadseg_core.models.auxiliary import AuxiliaryHead
from roadseg_core.models.blocks import (
    ConvNorm,
    basic_block,
    basic_blocks,
    bottleneck,
    detail_branch,
    residual_entry,
)
from roadseg_core.models.ddrnet import POOLS, pools
from roadseg_core.models.network import Network
from roadseg_core.models.resizing import enlarge, enlarge_to


class PIDNetS(Network):
    """
    Segment images by three branches: detail, context, and boundaries that choose between them.

    The published network has ``width`` 32, ``context`` 96 and ``head`` 128. Its boundary branch
    gets a boundary loss; here it learns from the segmentation loss alone.

    >>> network = PIDNetS(classes=7)  # 1,249,786 parameters
    >>> network(torch.zeros(1, 3, 64, 96)).shape  # [1, 7, 64, 96]

    :param width: channels at stride 4; 2, 4, 8 and 16 times as many at 8, 16, 32 and 64
    :param context: channels of each scale of the context module, at least 1
    :param head: channels of the last 3x3 convolution, at least 1
    :param auxiliary: a head on the detail branch while training, see
        :func:`roadseg_core.models.auxiliary.split_output`
    """

    stride = 32
    """The coarsest features are at 1/64 of it, rounded up."""

    def __init__(
        self,
        *,
        classes: int = 7,
        width: int = 13,
        context: int = 40,
        head: int = 40,
        auxiliary: bool = False,
    ) -> None:
        super().__init__(classes=classes, width=width, context=context, head=head)
        one, two, four, eight = width, 2 * width, 4 * width, 8 * width
        self.entry = residual_entry(one, two)
        self.deep = nn.ModuleList(
            (
                basic_blocks(two, four, count=3, stride=2),
                basic_blocks(four, eight, count=3, stride=2),
                nn.Sequential(
                    bottleneck(eight, eight, middle=eight, stride=2),
                    bottleneck(eight, 2 * eight, middle=eight),
                ),
            )
        )
        self.detail = detail_branch(two, four)
        self.guidance = nn.ModuleList((Guidance(four, two), Guidance(eight, two)))
        self.boundary = nn.ModuleList(
            (
                basic_block(two, one, relu=False),
                bottleneck(one, two, middle=one, relu=False),
                bottleneck(two, four, middle=two),
            )
        )
        self.difference = nn.ModuleList(
            (ConvNorm(four, one, relu=False), ConvNorm(eight, two, relu=False))
        )
        self.context = ParallelAggregation(2 * eight, context, out_channels=four)
        self.choice = BoundaryChoice(four)
        self.relu = nn.ReLU()
        self.head = nn.Sequential(ConvNorm(four, head), nn.Conv2d(head, classes, 1))
        self.auxiliary = AuxiliaryHead(two, classes=classes, factor=8) if auxiliary else None

    def _score(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        detail = boundary = deep = self.entry(images)
        for index in range(2):
            deep = self.deep[index](deep)
            detail = self.guidance[index](self.detail[index](detail), deep)
            boundary = self.relu(
                self.boundary[index](boundary) + enlarge(self.difference[index](deep), 2 * 2**index)
            )
            detail = self.relu(detail)
        inner = detail
        context = self.context(self.deep[2](deep))
        detail = self.detail[2](detail)
        fused = self.choice(detail, enlarge_to(context, detail), self.boundary[2](boundary))
        scores = enlarge(self.head(fused), 8)
        if self.auxiliary is None or not self.training:
            return scores
        return scores, self.auxiliary(inner)


class Guidance(nn.Module):
    """Take deep features into detailed ones, the more the better both agree (Pag)."""

    def __init__(self, deep: int, detail: int) -> None:
        super().__init__()
        self.compress = ConvNorm(deep, detail, kernel=1, relu=False)
        self.query = ConvNorm(detail, detail // 2 or 1, kernel=1, relu=False)
        self.key = ConvNorm(detail, detail // 2 or 1, kernel=1, relu=False)

    def forward(self, detail: Tensor, deep: Tensor) -> Tensor:
        """Map float [N, detail, H, W] and [N, deep, h, w] to [N, detail, H, W]."""
        deep = self.compress(deep)
        key = enlarge_to(self.key(deep), detail)
        agreement = torch.sigmoid((self.query(detail) * key).sum(1, keepdim=True))
        return detail + agreement * (enlarge_to(deep, detail) - detail)


class ParallelAggregation(nn.Module):
    """Gather context by pools of growing size, refined together (PAPPM)."""

    def __init__(self, in_channels: int, width: int, *, out_channels: int) -> None:
        super().__init__()
        scales = len(POOLS) + 1
        self.own = ConvNorm(in_channels, width, kernel=1)
        self.projections = nn.ModuleList(
            ConvNorm(in_channels, width, kernel=1) for _ in range(scales)
        )
        self.refine = ConvNorm(scales * width, scales * width, groups=scales)
        self.merge = ConvNorm((scales + 1) * width, out_channels, kernel=1, relu=False)
        self.shortcut = ConvNorm(in_channels, out_channels, kernel=1, relu=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, in_channels, h, w] to [N, out_channels, h, w]."""
        own = self.own(features)
        scales = [
            own + enlarge_to(project(pooled), features)
            for pooled, project in zip(pools(features), self.projections)
        ]
        refined = self.refine(torch.cat(scales, dim=1))
        return self.merge(torch.cat((own, refined), dim=1)) + self.shortcut(features)


class BoundaryChoice(nn.Module):
    """Fuse detail and context, detail at boundaries and context elsewhere (light Bag)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.detail = ConvNorm(channels, channels, kernel=1, relu=False)
        self.context = ConvNorm(channels, channels, kernel=1, relu=False)

    def forward(self, detail: Tensor, context: Tensor, boundary: Tensor) -> Tensor:
        """Map three tensors float [N, channels, h, w] to one of the same shape."""
        share = torch.sigmoid(boundary)
        return self.detail(detail + (1 - share) * context) + self.context(context + share * detail)
