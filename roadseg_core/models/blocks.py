"""Hold blocks that several networks share: convolutions and residual blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class StridedPointwise(nn.Conv2d):
    """
    Convolve 1x1 with a stride; a gradient takes the pixels first, then convolves them.

    The same values; but oneDNN's gradient of a strided 1x1 convolution of fewer than 16
    channels, channels last, writes past its workspace (uxlfoundation/oneDNN issue 6035).
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, in_channels, H, W] to [N, out_channels, H / stride, W / stride]."""
        if not torch.is_grad_enabled():
            return super().forward(features)
        down, right = self.stride
        return functional.conv2d(features[..., ::down, ::right], self.weight, self.bias)


class StridedDepthwise(nn.Conv2d):
    """
    Convolve depth-wise with a stride of 2; a CPU trains in bf16 by every second pixel of stride 1.

    The same values; but oneDNN's gradient of the strided form takes several times as long
    (measured on an AMD EPYC with AVX512-BF16; in fp32 it is the other way round).
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, channels, H, W] to [N, channels, H / 2, W / 2], by the padding."""
        on_cpu_in_bf16 = features.dtype == torch.bfloat16 and not features.is_cuda
        if not (torch.is_grad_enabled() and on_cpu_in_bf16):
            return super().forward(features)
        every = functional.conv2d(
            features, self.weight, self.bias, 1, self.padding, self.dilation, self.groups
        )
        return _EverySecond.apply(every)


class _EverySecond(torch.autograd.Function):
    """Take every second row and column, by a gradient that keeps the memory format."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, features: Tensor) -> Tensor:
        ctx.layout = features.shape, features.stride()
        return features[..., ::2, ::2]

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        spread = gradient.new_empty_strided(*ctx.layout).zero_()
        spread[..., ::2, ::2] = gradient
        return spread


class Dropout(nn.Dropout):
    """
    Drop values by random bytes: PyTorch draws number by number on processors not of Intel.

    The probability is rounded to 1/256.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map float [...] to the same shape; the mean stays."""
        if not self.training or features.is_cuda:
            return super().forward(features)
        words = torch.empty(-(-features.numel() // 8), dtype=torch.int64).random_(-(1 << 63), None)
        layout = torch.empty_like(features)
        chance = words.view(torch.uint8).as_strided(layout.shape, layout.stride())
        dropped = round(256 * self.p)
        return features * (chance >= dropped) * (256 / max(1, 256 - dropped))


class ConvNorm(nn.Sequential):
    """
    Convolve, normalise and, by default, rectify.

    :param kernel: odd size of the kernel; the padding keeps height / stride and width / stride
    :param groups: as in :class:`torch.nn.Conv2d`
    :param relu: end in a ReLU
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
        relu: bool = True,
    ) -> None:
        layer = nn.Conv2d
        if stride > 1 and kernel == 1:
            layer = StridedPointwise
        elif stride == 2 and groups == in_channels == out_channels:
            layer = StridedDepthwise
        super().__init__(
            layer(
                in_channels,
                out_channels,
                kernel,
                stride=stride,
                groups=groups,
                padding=dilation * (kernel // 2),
                dilation=dilation,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
        )
        nn.init.kaiming_normal_(self[0].weight, mode='fan_out', nonlinearity='relu')
        if relu:
            self.append(nn.ReLU(inplace=True))


class Separable(nn.Sequential):
    """Convolve 3x3 depth-wise, then point-wise, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__(
            ConvNorm(in_channels, in_channels, stride=stride, groups=in_channels),
            ConvNorm(in_channels, out_channels, kernel=1),
        )


class Residual(nn.Module):
    """
    Add a branch to its input, which is projected where the shapes differ.

    :param branch: what is added; it ends without a ReLU
    :param stride: how much the branch shrinks its input
    :param relu: rectify the sum
    """

    def __init__(
        self,
        branch: nn.Module,
        *,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.branch = branch
        same = in_channels == out_channels and stride == 1
        self.shortcut = (
            nn.Identity()
            if same
            else ConvNorm(in_channels, out_channels, kernel=1, stride=stride, relu=False)
        )
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Map float [N, in_channels, H, W] to [N, out_channels, H / stride, W / stride]."""
        return self.relu(self.branch(features) + self.shortcut(features))


def basic_block(
    in_channels: int, out_channels: int, *, stride: int = 1, relu: bool = True
) -> Residual:
    """Make a residual block of two 3x3 convolutions (He et al. 2016, figure 5, left)."""
    branch = nn.Sequential(
        ConvNorm(in_channels, out_channels, stride=stride),
        ConvNorm(out_channels, out_channels, relu=False),
    )
    return Residual(
        branch, in_channels=in_channels, out_channels=out_channels, stride=stride, relu=relu
    )


def bottleneck(
    in_channels: int, out_channels: int, *, middle: int, stride: int = 1, relu: bool = True
) -> Residual:
    """Make a residual block of 1x1, 3x3 and 1x1 convolutions (He et al. 2016, figure 5, right)."""
    branch = nn.Sequential(
        ConvNorm(in_channels, middle, kernel=1),
        ConvNorm(middle, middle, stride=stride),
        ConvNorm(middle, out_channels, kernel=1, relu=False),
    )
    return Residual(
        branch, in_channels=in_channels, out_channels=out_channels, stride=stride, relu=relu
    )


def basic_blocks(
    in_channels: int, out_channels: int, *, count: int, stride: int = 1, relu: bool = True
) -> nn.Sequential:
    """Chain residual blocks of which the first shrinks; ``relu`` is for the last one's sum."""
    return nn.Sequential(
        *(
            basic_block(
                in_channels if index == 0 else out_channels,
                out_channels,
                stride=stride if index == 0 else 1,
                relu=relu or index < count - 1,
            )
            for index in range(count)
        )
    )


def detail_branch(channels: int, out_channels: int) -> nn.ModuleList:
    """Make the three steps that keep the size at 1/8, as in DDRNet; none ends in a ReLU."""
    return nn.ModuleList(
        (
            basic_blocks(channels, channels, count=2, relu=False),
            basic_blocks(channels, channels, count=2, relu=False),
            bottleneck(channels, out_channels, middle=channels, relu=False),
        )
    )


def residual_entry(first: int, second: int) -> nn.Sequential:
    """Go from an image to ``second`` channels at 1/8, by ``first`` at 1/4, as DDRNet does."""
    return nn.Sequential(
        ConvNorm(3, first, stride=2),
        ConvNorm(first, first, stride=2),
        basic_blocks(first, first, count=2),
        basic_blocks(first, second, count=2, stride=2),
    )


def he_initialised(layer: nn.Conv2d) -> nn.Conv2d:
    """Initialise a convolution for the ReLU behind it (He et al. 2015), its bias with zeros."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity='relu')
    nn.init.zeros_(layer.bias)
    return layer
