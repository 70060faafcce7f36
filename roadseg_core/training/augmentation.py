"""Random cut-outs, mirroring and light, the same for an image and its labels."""

from __future__ import annotations

import cv2
import numpy as np

from roadseg_core.resizing import resize_image
from roadseg_core.training.photometry import Augmentation, change_light


def augment(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    size: tuple[int, int],
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Draw one sample from a frame.

    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W]
    :param size: (height, width) of the sample; the cut-out is stretched to it
    :returns: uint8 [height, width, 3] and uint8 [height, width]
    """
    if rng.random() < augmentation.crop:
        top, left, height, width = _cut_out(labels.shape, augmentation, rng)
        image = image[top : top + height, left : left + width]
        labels = labels[top : top + height, left : left + width]
    image = resize_image(image, size)
    labels = cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    if rng.random() < augmentation.flip:
        image, labels = cv2.flip(image, 1), cv2.flip(labels, 1)
    return change_light(image, augmentation, rng), labels


def _cut_out(
    shape: tuple[int, ...], augmentation: Augmentation, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Draw (top, left, height, width) of a rectangle of random aspect inside the frame."""
    low, high = augmentation.aspect
    aspect = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    # The largest rectangle of this aspect, then a share of it.
    height = min(shape[0], shape[1] / aspect)
    share = np.sqrt(rng.uniform(*augmentation.area))
    height, width = max(1, int(height * share)), max(1, int(height * aspect * share))
    height, width = min(height, shape[0]), min(width, shape[1])
    top = int(rng.integers(0, shape[0] - height + 1))
    left = int(rng.integers(0, shape[1] - width + 1))
    return top, left, height, width
