"""MobileNet-FCN: a MobileNet V1 stem, a separable head and one learned upsampling."""

from __future__ import annotations

from torch import Tensor, nn

from roadseg_core.models.blocks import Dropout
from roadseg_core.models.mobilenet_v1 import MobileNetV1Stem
from roadseg_core.models.network import Network, check_size
from roadseg_core.models.skip_sums import SkipSums
from roadseg_core.models.upsampling import LearnedUpsampling

SKIP_ENDPOINTS = {16: 'Conv2d_11_pointwise', 8: 'Conv2d_5_pointwise'}
"""The stem's last features at the strides that skips may start from, coarse to fine."""


class MobileNetFCN(Network):
    """
    Segment images with a MobileNet V1 stem.

    Head: depth-wise convolution, point-wise convolution (both with batch norm and ReLU),
    dropout, 1x1 classifier; then a transposed convolution back to the input's size.

    >>> network = MobileNetFCN(classes=7, depth_multiplier=0.5)  # 1,578,919 parameters
    >>> network(torch.zeros(1, 3, 320, 480)).shape  # [1, 7, 320, 480]

    :param depth_multiplier: factor of the stem's widths, > 0
    :param classifier_kernel: odd size of the head's depth-wise kernel
    :param classifier_depth: channels of the head, at least 1
    :param final_endpoint: the stem's last layer, see ``mobilenet_v1.ENDPOINTS``
    :param dropout: probability of dropping a channel's value before the classifier, 0 <= p < 1
    :param skip_stride: 0 for the published head; 16 or 8 adds scores of the stem's features at
        each stride from the stem's own down to it (the heads of FCN-16s and FCN-8s;
        with 8, the example has 1,395,029 parameters)
    :param folded: the stem without batch norm, see :class:`MobileNetV1Stem`
    """

    def __init__(
        self,
        *,
        classes: int = 7,
        depth_multiplier: float = 1.0,
        classifier_kernel: int = 7,
        classifier_depth: int = 1024,
        final_endpoint: str = 'Conv2d_13_pointwise',
        dropout: float = 0.5,
        skip_stride: int = 0,
        folded: bool = False,
    ) -> None:
        super().__init__(classes=classes, classifier_depth=classifier_depth)
        if classifier_kernel < 1 or classifier_kernel % 2 == 0:
            raise ValueError(f'classifier_kernel {classifier_kernel}; expected an odd number')
        if not 0 <= dropout < 1:
            raise ValueError(f'dropout {dropout}; expected 0 <= dropout < 1')
        self.stem = MobileNetV1Stem(
            depth_multiplier=depth_multiplier, final_endpoint=final_endpoint, folded=folded
        )
        self.stride = self.stem.stride
        if skip_stride and (skip_stride not in SKIP_ENDPOINTS or skip_stride >= self.stem.stride):
            raise ValueError(
                f'skip_stride {skip_stride} with a stem of stride {self.stem.stride}; expected 0, '
                'or 16 or 8 where that is less than the stride of the stem'
            )
        width = self.stem.out_channels
        self.head = nn.Sequential(
            nn.Conv2d(
                width,
                width,
                classifier_kernel,
                padding=classifier_kernel // 2,
                groups=width,
                bias=False,
            ),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, classifier_depth, 1, bias=False),
            nn.BatchNorm2d(classifier_depth),
            nn.ReLU(),
            Dropout(dropout),
            nn.Conv2d(classifier_depth, classes, 1),
        )
        for layer in self.head:
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(self.head[-1].bias)
        self.skip_endpoints = [
            endpoint
            for stride, endpoint in SKIP_ENDPOINTS.items()
            if skip_stride and skip_stride <= stride < self.stem.stride
        ]
        if self.skip_endpoints:
            self.skips = SkipSums(
                classes=classes,
                widths=[self.stem.width(endpoint) for endpoint in self.skip_endpoints],
            )
        self.upsampling = LearnedUpsampling(classes=classes, factor=skip_stride or self.stem.stride)

    def low_scores(self, images: Tensor) -> Tensor:
        """
        Score before the last upsampling.

        :param images: as for :meth:`forward`
        :returns: float [N, classes, H / f, W / f] with the upsampling's factor f
        """
        check_size(images, stride=self.stride)
        if not self.skip_endpoints:
            return self.head(self.stem(images))
        *fine, last = self.stem.features(images, (*self.skip_endpoints, self.stem.final_endpoint))
        return self.skips(self.head(last), fine[::-1])

    def _score(self, images: Tensor) -> Tensor:
        return self.upsampling(self.low_scores(images))
