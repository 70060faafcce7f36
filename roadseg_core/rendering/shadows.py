"""Map the shadows on the ground, in street coordinates."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .camera import SHIFT, fixed
from .config import DriveConfig
from .street import Grid, Street


def sun_fall(sun: np.ndarray) -> np.ndarray:
    """Return [2]: where the shadow of a point 1 m above the ground falls, in the world."""
    return -sun[:2] / max(0.15, float(sun[2]))


class Shadows:
    """
    Shadows of things that do not move.

    They are the share of the sun blocked, and the darkness close under things that block the
    light of the sky too.
    """

    def __init__(self, config: DriveConfig, street: Street, grid: Grid, sun: np.ndarray) -> None:
        self._grid = grid
        self._street = street
        self._rng = config.generator('shadows')
        self._fall = sun_fall(sun)
        self._sun = np.zeros((grid.rows, grid.columns), np.uint8)
        self._contact = np.zeros((grid.rows, grid.columns), np.uint8)

    def _cast(self, s: float, height: float) -> np.ndarray:
        """Return (ds, dd): where the shadow of a point this high falls, seen from its foot."""
        heading = self._street.heading(s)
        cosine, sine = math.cos(heading), math.sin(heading)
        return height * (np.array([[cosine, sine], [-sine, cosine]]) @ self._fall)

    def prism(self, plan: np.ndarray, height: float) -> None:
        """Add the shadow of something upright with this plan, [N, 2] of (s, d)."""
        self._fill(self._sun, swept(plan, self._cast(float(plan[:, 0].mean()), height)))

    def post(self, s: float, d: float, height: float) -> None:
        """Add the shadow of a thin post."""
        foot = np.array([s, d])
        first, last = fixed(self._grid.texels(np.array([foot, foot + self._cast(s, height)])))
        cv2.line(self._sun, first.tolist(), last.tolist(), 230, 1, cv2.LINE_AA, SHIFT)

    def tree(self, s: float, d: float, height: float) -> None:
        """Add the speckled shadow of a tree."""
        rng = self._rng
        self.post(s, d, height * 0.5)
        angle, radius = rng.uniform(0, 2 * math.pi, 70), height * 0.3 * np.sqrt(rng.random(70))
        speckles = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
        middle = np.array([s, d]) + self._cast(s, height * 0.62)
        sizes = np.maximum(1, rng.uniform(0.15, 0.6, 70) / self._grid.texel).astype(int)
        darkness = rng.uniform(140, 255, 70)
        places = np.rint(self._grid.texels(middle + speckles)).astype(int)
        for place, size, dark in zip(places.tolist(), sizes.tolist(), darkness.tolist()):
            cv2.circle(self._sun, place, size, dark, -1)

    def contact(self, plan: np.ndarray) -> None:
        """Add the darkness under something low, such as a vehicle."""
        self._fill(self._contact, plan)

    def shade(self, colours: np.ndarray) -> np.ndarray:
        """
        Return the ground with its shadows.

        :param colours: uint8 [rows, columns, 3], BGR, of the same ground at any resolution
        :returns: uint8 [rows, columns, 4]: BGR, darkened close under things, and the sun blocked
        """
        size = colours.shape[1::-1]
        sun = cv2.GaussianBlur(self._sun, (0, 0), 0.09 / self._grid.texel)
        contact = cv2.GaussianBlur(self._contact, (0, 0), 0.18 / self._grid.texel)
        gain = cv2.resize(cv2.convertScaleAbs(contact, alpha=-0.66, beta=255), size)
        dark = cv2.multiply(colours, cv2.merge([gain] * 3), scale=1 / 255)
        return cv2.merge([*cv2.split(dark), cv2.resize(sun, size)])

    def _fill(self, target: np.ndarray, plan: np.ndarray) -> None:
        cv2.fillPoly(target, [fixed(self._grid.texels(plan))], 255, cv2.LINE_AA, SHIFT)


def swept(plan: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return [M, 2], the outline of a plan, of the plan shifted, and of what lies between."""
    return cv2.convexHull(np.vstack([plan, plan + shift]).astype(np.float32))[:, 0]
