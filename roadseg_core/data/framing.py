"""Choose which part of a data set's frames is used, and at which size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np


@dataclass(frozen=True)
class Framing:
    """
    Cut out the middle of a frame and resize it; by default, neither.

    :param crop: (height, width) of the middle part in pixels, at most the frame itself, or
        ``square`` for the largest square
    :param size: (height, width) to resize to
    :param scale: the factor to resize by, where there is no ``size``
    """

    crop: tuple[int, int] | str | None = None
    size: tuple[int, int] | None = None
    scale: Fraction = Fraction(1)

    def apply(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return image (uint8 [H, W, 3]) and labels (uint8 [H, W]), cut and resized alike."""
        height, width = labels.shape
        if self.crop is not None:
            side = min(height, width)
            wanted = (side, side) if self.crop == 'square' else self.crop
            crop_height, crop_width = min(height, wanted[0]), min(width, wanted[1])
            top, left = (height - crop_height) // 2, (width - crop_width) // 2
            image = image[top : top + crop_height, left : left + crop_width]
            labels = labels[top : top + crop_height, left : left + crop_width]
            height, width = labels.shape
        size = self.size or (max(1, round(height * self.scale)), max(1, round(width * self.scale)))
        if size == (height, width):
            return np.ascontiguousarray(image), np.ascontiguousarray(labels)
        smaller = size[0] <= height and size[1] <= width
        return (
            cv2.resize(
                image, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            ),
            cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT),
        )
