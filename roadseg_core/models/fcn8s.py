"""FCN-8s with a VGG16 encoder (Long et al. 2015, arXiv 1411.4038, figure 3)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from roadseg_core.models.network import Network
from roadseg_core.models.skip_sums import SkipSums
from roadseg_core.models.upsampling import LearnedUpsampling
from roadseg_core.models.vgg import VGGEncoder


class FCN8sVGG16(Network):
    """
    Segment images of any size.

    The fully connected layers of VGG16 run as convolutions; 1x1 scores of them, of pool4 and of
    pool3 are summed on the way up, by learned transposed convolutions of 2x, 2x and 8x that
    start as bilinear interpolation. ``stem`` takes ImageNet weights with
    :func:`roadseg_core.models.pretrained.load_stem`.

    >>> network = FCN8sVGG16(classes=2)  # 134,271,430 parameters
    >>> network(torch.zeros(1, 3, 61, 97)).shape  # [1, 2, 61, 97]

    :param width: factor of every width, > 0; ImageNet weights need 1
    """

    stride = 1
    """Any size is legal; one that is no multiple of 32 is padded inside and cut back."""

    def __init__(self, *, classes: int = 2, width: float = 1.0) -> None:
        super().__init__(classes=classes)
        self.stem = VGGEncoder(layers=16, batch_norm=False, width=width, fully_connected=True)
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Conv2d(self.stem.widths[5], classes, 1)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        self.skips = SkipSums(classes=classes, widths=[self.stem.widths[3], self.stem.widths[2]])
        self.upsampling = LearnedUpsampling(classes=classes, factor=8)

    def _score(self, images: Tensor) -> Tensor:
        height, width = (int(size) for size in images.shape[-2:])
        if height % 32 or width % 32:
            # The border's colour goes on: less strange to the encoder than an edge to black.
            images = functional.pad(images, (0, -width % 32, 0, -height % 32), mode='replicate')
        features = self.stem(images)
        scores = self.skips(
            self.classifier(features[5]), [self.pool(features[3]), self.pool(features[2])]
        )
        return self.upsampling(scores)[..., :height, :width]
