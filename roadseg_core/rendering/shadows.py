"""Where the sun does not reach the ground, as a map in street coordinates."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .config import DriveConfig
from .ground import Grid
from .street import Street

_SHIFT = 4


class Shadows:
    """
    Shadows of what stands still.

    Two channels: the share of the sun that is blocked, and the darkness close under things
    that block the light of the sky too.
    """

    def __init__(self, config: DriveConfig, street: Street, grid: Grid, sun: np.ndarray) -> None:
        self._grid = grid
        self._street = street
        self._rng = config.generator('shadows')
        self._length = math.hypot(sun[0], sun[1]) / max(0.15, float(sun[2]))
        self._azimuth = math.atan2(sun[1], sun[0])
        self._sun = np.zeros((grid.rows, grid.columns), np.uint8)
        self._contact = np.zeros((grid.rows, grid.columns), np.uint8)

    def cast(self, s: float, height: float) -> np.ndarray:
        """Return (ds, dd): where the shadow of a point this high falls, seen from its foot."""
        angle = self._azimuth - self._street.heading(s)
        return -height * self._length * np.array([math.cos(angle), math.sin(angle)])

    def prism(self, plan: np.ndarray, height: float) -> None:
        """Add the shadow of something upright with this plan, [N, 2] of (s, d)."""
        shifted = plan + self.cast(float(plan[:, 0].mean()), height)
        outline = cv2.convexHull(np.vstack([plan, shifted]).astype(np.float32))[:, 0]
        self._fill(self._sun, outline, 255)

    def post(self, s: float, d: float, height: float) -> None:
        """Add the shadow of a thin post."""
        foot = np.array([s, d])
        ends = self._grid.texels(np.array([foot, foot + self.cast(s, height)]))
        first, last = np.round(ends * 2**_SHIFT).astype(int)
        cv2.line(self._sun, tuple(first), tuple(last), 230, 1, cv2.LINE_AA, _SHIFT)

    def tree(self, s: float, d: float, height: float) -> None:
        """Add the speckled shadow of a tree."""
        rng = self._rng
        self.post(s, d, height * 0.5)
        middle = np.array([s, d]) + self.cast(s, height * 0.62)
        spread = height * 0.3
        for _ in range(70):
            angle, radius = rng.uniform(0, 2 * math.pi), spread * math.sqrt(rng.random())
            place = middle + radius * np.array([math.cos(angle), math.sin(angle)])
            texel = np.round(self._grid.texels(place[None])[0]).astype(int)
            size = max(1, int(rng.uniform(0.15, 0.6) / self._grid.texel))
            cv2.circle(self._sun, tuple(texel), size, int(rng.uniform(140, 255)), -1)
        texel = np.round(self._grid.texels(np.array([(s, d)]))[0]).astype(int)
        cv2.circle(self._contact, tuple(texel), 3, 110, -1)

    def contact(self, plan: np.ndarray) -> None:
        """Add the darkness under something low, such as a vehicle."""
        self._fill(self._contact, plan, 255)

    def texels(self) -> np.ndarray:
        """Return uint8 [rows, columns, 2]: sun blocked and sky blocked, 0 to 255."""
        return cv2.merge(
            [
                cv2.GaussianBlur(self._sun, (0, 0), 0.09 / self._grid.texel),
                cv2.GaussianBlur(self._contact, (0, 0), 0.18 / self._grid.texel),
            ]
        )

    def _fill(self, target: np.ndarray, plan: np.ndarray, value: int) -> None:
        points = np.round(self._grid.texels(plan) * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(target, [points], value, cv2.LINE_AA, _SHIFT)
