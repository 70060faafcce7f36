"""Pictures kept in all the sizes at which they appear, and palettes to draw colours from."""

from __future__ import annotations

import cv2
import numpy as np

_SMALLEST = 4


class Texture:
    """
    A picture with copies halved in width, height or both, made when first needed.

    :param pixels: uint8 [h, w, 3] BGR, or [h, w, 4] with opacity; colours where the opacity
        is zero should continue their surroundings
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self._levels = {(0, 0): np.ascontiguousarray(pixels)}

    def level(self, width: float, height: float) -> np.ndarray:
        """Return the copy that fits a picture shown ``width`` x ``height`` pixels large."""
        base = self._levels[0, 0]
        key = (_halvings(base.shape[1], width), _halvings(base.shape[0], height))
        if key not in self._levels:
            size = (base.shape[1] >> key[0], base.shape[0] >> key[1])
            self._levels[key] = cv2.resize(base, size, interpolation=cv2.INTER_AREA)
        return self._levels[key]


def _halvings(texels: int, pixels: float) -> int:
    count = 0
    while texels >> (count + 1) >= max(_SMALLEST, pixels * 0.8):
        count += 1
    return count


def palette(text: str) -> np.ndarray:
    """Return float64 [N, 3], BGR, of colours such as ``'168,166,164 96,94,92'``."""
    return np.array([colour.split(',') for colour in text.split()], float)
