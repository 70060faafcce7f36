"""The parts of the own vehicle that its cameras see."""

from __future__ import annotations

import cv2
import numpy as np

from .camera import SHIFT, MountedCamera, fixed
from .config import VOID
from .painter import Painter, blend

_SHARE = {'front': 0.035, 'left': 0.045, 'right': 0.045, 'rear': 0.03}


class Hood:
    """A strip at the lower edge: bonnet, doors or bumper; void in the truth."""

    def __init__(self, camera: MountedCamera) -> None:
        height, width = camera.height, camera.width
        across = np.linspace(-1, 1, 33)
        top = height * (1 - _SHARE[camera.name] * (1 - 0.75 * np.abs(across) ** 3))
        edge = np.column_stack([(across + 1) / 2 * width, top])
        outline = np.vstack([edge, [(width + 2, height + 2)], [(-2, height + 2)]])
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [fixed(outline)], 255, cv2.LINE_AA, SHIFT)
        self._first = int(np.flatnonzero(mask.any(axis=1))[0])
        self._mask = mask[self._first :]
        shine = np.linspace(1, 0, len(self._mask))[:, None, None] ** 3
        colour = (34.0, 33.0, 32.0) + 62 * shine
        self._colour = np.tile(colour.astype(np.uint8), (1, width, 1))

    def paint(self, painter: Painter) -> None:
        """Paint the strip."""
        colour = cv2.convertScaleAbs(self._colour, alpha=0.8 + 0.4 * painter.light.sun)
        blend(painter.image[self._first :], colour, self._mask)
        painter.labels[self._first :][self._mask > 127] = VOID
