"""The parts of the own vehicle that its cameras see."""

from __future__ import annotations

import cv2
import numpy as np

from .camera import Camera
from .config import VOID
from .light import Light

_SHARE = {'front': 0.035, 'left': 0.045, 'right': 0.045, 'rear': 0.03}
_SHIFT = 4


class Hood:
    """A strip at the lower edge: bonnet, doors or bumper; void in the truth."""

    def __init__(self, camera: Camera) -> None:
        height, width = camera.height, camera.width
        across = np.linspace(-1, 1, 33)
        bulge = 1 - 0.75 * np.abs(across) ** 3
        top = height - _SHARE[camera.name] * height * bulge
        x = (across + 1) / 2 * width
        outline = np.vstack(
            [np.column_stack([x, top]), [(width + 2, height + 2)], [(-2, height + 2)]]
        )
        points = np.round(outline * 2**_SHIFT).astype(np.int32)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, _SHIFT)
        self._first = int(np.flatnonzero(mask.any(axis=1))[0])
        self._weight = mask[self._first :].astype(np.float32)[..., None] / 255
        rows = np.linspace(1, 0, len(self._weight))[:, None, None]
        self._colour = (np.array([34.0, 33.0, 32.0]) + 62 * rows**3).astype(np.float32)

    def paint(self, image: np.ndarray, labels: np.ndarray, light: Light) -> None:
        """Paint the strip into uint8 [H, W, 3] and its truth into uint8 [H, W]."""
        part = image[self._first :]
        colour = self._colour * np.float32(0.8 + 0.4 * light.mood.sun)
        part[:] = part * (1 - self._weight) + colour * self._weight
        labels[self._first :][self._weight[..., 0] > 0.5] = VOID
