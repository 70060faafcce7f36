"""Find the parts of a picture that something on the lens blocks, tile by tile."""

from __future__ import annotations

import math

import cv2
import numpy as np

TILES = (12, 18)
"""Rows and columns of tiles."""

_PAST = 10.0
"""Seconds after which what a tile showed counts only a third."""

_WARM = 5
"""Frames before anything is judged."""

_LOST = 0.4
"""A tile with less than this share of its usual detail has lost it."""

_DETAILED = 1.0
"""Grey levels of detail that a tile must usually have, or no loss could be told."""

_EVEN = 1.2
"""A tile with fewer grey levels of detail, noise included, is even."""

_DARKER, _DEVIATIONS = 10.0, 1.5
"""Grey levels, and standard deviations of its past, by which a tile must be darker than before."""

_STILL = 3.0
"""Grey levels by which the mean of a tile that stands still changes at most between two frames."""

_LASTS, _FRAMES = 1.0, 8
"""Seconds and frames for which a tile must look blocked: what drives past is gone by then."""

_LEARN_ANYWAY = 0.1
"""Weight of a tile that may be blocked in what is usual, compared with others."""


class Blocking:
    """
    Follow the tiles of a camera's pictures.

    A tile is blocked if it stands still and has lost its detail, or is even and darker than before.
    It is compared with its own past, so that neither the sky nor the vehicle's hood is blocked.

    :ivar blocked: bool, of the size :data:`TILES`
    """

    def __init__(self) -> None:
        self.blocked = np.zeros(TILES, bool)
        self._seen = 0
        self._last = 0.0
        self._before = self._detail = self._brightness = np.zeros(TILES, np.float32)
        self._variance = np.full(TILES, 25.0, np.float32)
        self._since = np.full(TILES, math.inf)
        self._count = np.zeros(TILES, int)

    def look(self, grey: np.ndarray, fine: np.ndarray, now: float) -> None:
        """
        Judge the tiles of a picture.

        :param grey: float32 [h, w]
        :param fine: its detail, float32 [h, w]
        :param now: in seconds
        """
        detail, brightness = (
            cv2.resize(part, TILES[::-1], interpolation=cv2.INTER_AREA) for part in (fine, grey)
        )
        if not self._seen:
            self._before, self._detail, self._brightness = brightness, detail, brightness
        self._seen += 1
        darker = np.maximum(_DARKER, _DEVIATIONS * np.sqrt(self._variance))
        unusual = (detail < _LOST * self._detail) & (self._detail > _DETAILED)
        unusual |= (detail < _EVEN) & (brightness < self._brightness - darker)
        found = unusual & (np.abs(brightness - self._before) < _STILL)
        if self._seen <= _WARM:
            found[:] = False
        self._since = np.where(found, np.minimum(self._since, now), math.inf)
        self._count = np.where(found, self._count + 1, 0)
        self.blocked = (now - self._since >= _LASTS) & (self._count >= _FRAMES)
        self._learn(detail, brightness, unusual, now)
        self._before, self._last = brightness, now

    def _learn(
        self, detail: np.ndarray, brightness: np.ndarray, unusual: np.ndarray, now: float
    ) -> None:
        """Add what the tiles show to what they usually show."""
        weight = max(-math.expm1(-max(0.0, now - self._last) / _PAST), 1 / self._seen)
        weights = np.where(unusual, _LEARN_ANYWAY * weight, weight).astype(np.float32)
        self._detail = self._detail + weights * (detail - self._detail)
        change = brightness - self._brightness
        self._brightness = self._brightness + weights * change
        self._variance = (1 - weights) * (self._variance + weights * change * change)
