"""Random fields for textures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def fractal_noise(
    rng: np.random.Generator, height: int, width: int, cells: Sequence[tuple[float, float]]
) -> np.ndarray:
    """
    Return smooth noise, the sum of octaves of falling strength.

    :param cells: for each octave the height and width of a grid cell in pixels
    :returns: float32 [height, width], mean 0, standard deviation about 1
    """
    total = np.zeros((height, width), np.float32)
    power = 0.0
    strength = 1.0
    for rows, columns in cells:
        grid = rng.standard_normal(
            (max(2, round(height / rows) + 1), max(2, round(width / columns) + 1))
        )
        layer = cv2.resize(grid.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        total += np.float32(strength) * layer
        power += strength**2 * 0.6
        strength *= 0.7
    total /= np.float32(power**0.5)
    return total


def grain(rng: np.random.Generator, height: int, width: int, tile: int = 512) -> np.ndarray:
    """Return float32 [height, width] of white noise, a tile repeated."""
    block = rng.standard_normal((min(tile, height), min(tile, width)), np.float32)
    return np.tile(block, (-(-height // block.shape[0]), -(-width // block.shape[1])))[
        :height, :width
    ]
