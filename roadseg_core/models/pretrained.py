"""Load ImageNet weights into the stems that have them."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from roadseg_core.models.mobilenet_v1 import MobileNetV1Stem
from roadseg_core.models.mobilenet_weights import load_mobilenet
from roadseg_core.models.vgg import VGGEncoder
from roadseg_core.models.vgg_weights import load_vgg
from roadseg_core.models.weights_file import WeightsError, find_weights


def load_stem(stem: nn.Module, source: str | Path, *, root: Path | None = None) -> None:
    """
    Fill a stem with ImageNet weights.

    >>> load_stem(network.stem, 'https://download.pytorch.org/models/vgg19_bn-c79401a0.pth')

    :param stem: the ``stem`` of a network: a MobileNet V1 stem (see :mod:`mobilenet_weights` for
        its layouts) or a VGG encoder (torchvision's naming)
    :param source: a file or a URL with a checksum, see :func:`find_weights`
    :param root: a folder in which the file may lie
    :raises WeightsError: if the weights cannot be had, lack a layer or have other shapes
    """
    if isinstance(stem, MobileNetV1Stem):
        load_mobilenet(stem, find_weights(source, root=root))
    elif isinstance(stem, VGGEncoder):
        load_vgg(stem, find_weights(source, root=root))
    else:
        raise WeightsError(
            f'{source}: {type(stem).__name__} takes no pretrained weights; '
            'expected a MobileNet V1 stem or a VGG encoder'
        )
