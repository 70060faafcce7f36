"""The MobileNet V1 stem (Howard et al. 2017, arXiv 1704.04861, table 1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from roadseg_core.models.blocks import StridedDepthwise

BLOCKS = (
    (32, 2),
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)
"""(width, stride) of block 0, a full convolution, and of the separable blocks 1 to 13."""

ENDPOINTS = ('Conv2d_0', *(f'Conv2d_{block}_pointwise' for block in range(1, len(BLOCKS))))
"""Legal values of ``final_endpoint``."""

BATCH_NORM_EPS = 1e-3
"""As in the ImageNet weights."""


class MobileNetV1Stem(nn.Module):
    """
    Compute MobileNet V1 features.

    Strides are padded by one at the bottom and the right only, as in the ImageNet weights.

    >>> MobileNetV1Stem(depth_multiplier=0.5)(torch.zeros(1, 3, 64, 96)).shape  # [1, 512, 2, 3]

    :param depth_multiplier: factor of every width, > 0; 0.25, 0.5, 0.75 and 1 have weights
    :param final_endpoint: the last layer, one of :data:`ENDPOINTS`
    :param folded: batch norm folded into weight and bias (for weights that come so); without
        batch norm there are no statistics that a small batch could spoil
    :raises ValueError: for an illegal argument
    """

    def __init__(
        self,
        *,
        depth_multiplier: float = 1.0,
        final_endpoint: str = 'Conv2d_13_pointwise',
        folded: bool = False,
    ) -> None:
        super().__init__()
        if not depth_multiplier > 0:
            raise ValueError(f'depth_multiplier {depth_multiplier}; expected more than 0')
        if final_endpoint not in ENDPOINTS:
            raise ValueError(f'final_endpoint {final_endpoint!r}; expected one of {ENDPOINTS}')
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels = 3
        self.stride = 1
        for block, (full_width, stride) in enumerate(BLOCKS[: ENDPOINTS.index(final_endpoint) + 1]):
            width = max(8, int(full_width * depth_multiplier))
            if block == 0:
                layers['Conv2d_0'] = _layer(
                    channels, width, kernel=3, stride=stride, groups=1, folded=folded
                )
            else:
                layers[f'Conv2d_{block}_depthwise'] = _layer(
                    channels, channels, kernel=3, stride=stride, groups=channels, folded=folded
                )
                layers[f'Conv2d_{block}_pointwise'] = _layer(
                    channels, width, kernel=1, stride=1, groups=1, folded=folded
                )
            channels = width
            self.stride *= stride
        self.layers = nn.Sequential(layers)
        self.out_channels = channels
        self.depth_multiplier = depth_multiplier
        self.final_endpoint = final_endpoint
        self.folded = folded

    def forward(self, images: Tensor) -> Tensor:
        """
        Compute the features.

        :param images: float [N, 3, H, W], RGB, -1..1; H and W multiples of ``stride``
        :returns: float [N, out_channels, H / stride, W / stride]
        """
        return self.layers(images)

    def width(self, endpoint: str) -> int:
        """Return the channels of an endpoint's features."""
        return self.layers.get_submodule(endpoint).conv.out_channels

    def features(self, images: Tensor, endpoints: Sequence[str]) -> list[Tensor]:
        """
        Compute the features of several endpoints, in the order of the stem's layers.

        :param images: as for :meth:`forward`
        :param endpoints: names of layers of this stem, see :data:`ENDPOINTS`
        """
        found = []
        features = images
        for name, layer in self.layers.named_children():
            features = layer(features)
            if name in endpoints:
                found.append(features)
        return found


def _layer(
    in_channels: int, out_channels: int, *, kernel: int, stride: int, groups: int, folded: bool
) -> nn.Sequential:
    """Make padding (where the stride needs it uneven), convolution, batch norm, ReLU6."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    if stride == 2:
        parts['pad'] = nn.ZeroPad2d((0, 1, 0, 1))
    layer = StridedDepthwise if stride == 2 and groups > 1 else nn.Conv2d
    parts['conv'] = layer(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        padding=kernel // 2 if stride == 1 else 0,
        groups=groups,
        bias=folded,
    )
    if not folded:
        parts['norm'] = nn.BatchNorm2d(out_channels, eps=BATCH_NORM_EPS)
    parts['relu'] = nn.ReLU6()
    # fan_in keeps the deviation from layer to layer, which nothing else does without batch norm.
    # PyTorch's fan_out would let it vanish: it grows with the width of depth-wise layers.
    nn.init.kaiming_normal_(parts['conv'].weight, mode='fan_in' if folded else 'fan_out')
    if folded:
        nn.init.zeros_(parts['conv'].bias)
    return nn.Sequential(parts)
