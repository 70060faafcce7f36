"""Judge a camera's pictures: frozen, black, over-exposed, covered, out of focus, partly blocked."""

from __future__ import annotations

import math

import cv2
import numpy as np

from roadseg_core.health.blocking import TILES, Blocking
from roadseg_core.health.lasting import Lasting, Past
from roadseg_core.health.settings import HealthSettings

_LEAST_WIDTH = 120
"""Columns of the grey picture at least; it is halved as long as it keeps them."""

_ROWS = 8
"""One in this many rows is compared with those of the picture before."""

_WHITE = 250
"""Grey level from which a pixel is white."""

_PAST = 10.0
"""Seconds after which the focus of a picture counts only a third."""

_USUAL_FOCUS = 1.2
"""Ratio of fine to coarser detail of most cameras, for one whose own is not yet known."""


def small_grey(image: np.ndarray) -> np.ndarray:
    """Return a picture, uint8 [H, W, 3] BGR, in grey and at 120 to 239 columns."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    while grey.shape[1] >= 2 * _LEAST_WIDTH and grey.shape[0] >= 2 * TILES[0]:
        half = (grey.shape[1] // 2, grey.shape[0] // 2)
        grey = cv2.resize(grey, half, interpolation=cv2.INTER_AREA)
    return grey


class PictureHealth:
    """
    Compare a camera's pictures with what it showed before.

    :ivar findings: by their reasons
    :ivar values: what the last picture was judged by
    """

    def __init__(self) -> None:
        self.findings = {
            'frozen': Lasting(2),
            'black': Lasting(2),
            'over-exposed': Lasting(2),
            'covered': Lasting(2),
            'out of focus': Lasting(3, 0.5),
            'partly blocked': Lasting(2),
        }
        self.values: dict[str, float] = {}
        self._rows: np.ndarray | None = None
        self._same_since = 0.0
        self._focus = Past(_PAST)
        self._blocking = Blocking()

    def look(self, image: np.ndarray, now: float, settings: HealthSettings) -> None:
        """
        Judge a picture.

        :param image: uint8 [H, W, 3], BGR, at the network's size
        :param now: when it came, in seconds; what counts are differences
        """
        grey = small_grey(image)
        smooth = grey.astype(np.float32)
        fine_mean = cv2.blur(smooth, (3, 3))
        fine = cv2.absdiff(smooth, fine_mean)
        coarse = cv2.absdiff(fine_mean, cv2.blur(fine_mean, (5, 5)))
        detail = cv2.mean(fine)[0]
        focus = detail / max(1e-3, cv2.mean(coarse)[0])
        brightness = cv2.mean(grey)[0]
        pixels = grey.size
        white = np.count_nonzero(grey >= _WHITE) / pixels
        lit = np.count_nonzero(grey > 2 * settings.black_level) / pixels
        usual = self._focus.mean if self._focus.known else math.log(_USUAL_FOCUS)
        focus_ratio = focus / math.exp(usual)
        repeats = self._repeats(image, now)
        self._blocking.look(smooth, fine, now)
        blocked = np.count_nonzero(self._blocking.blocked) / self._blocking.blocked.size
        found = {
            'frozen': 0.0 < settings.frozen_after <= repeats,
            'black': brightness < settings.black_level and lit < 0.005,
            'over-exposed': 0.0 < settings.overexposed_share < white,
            'covered': detail < settings.covered_detail,
            'out of focus': focus_ratio < settings.focus_ratio,
            'partly blocked': 0.0 < settings.blocked_share < blocked,
        }
        # One thing has one name: a picture without light has no detail either.
        if found['black'] or found['over-exposed']:
            found['covered'] = False
        if found['black'] or found['over-exposed'] or found['covered']:
            found['out of focus'] = found['partly blocked'] = False
        for reason, holds in found.items():
            self.findings[reason].add(holds, now)
        if not any(found.values()):
            self._focus.add(math.log(max(1e-3, focus)), now)
        self.values = {
            'brightness': brightness,
            'white': white,
            'detail': detail,
            'focus': focus_ratio,
            'blocked': blocked,
            'repeated_seconds': repeats,
        }

    def _repeats(self, image: np.ndarray, now: float) -> float:
        """Return for how long the camera has sent this picture, to the bit, in seconds."""
        rows = image[::_ROWS]
        if self._rows is None or not np.array_equal(rows, self._rows):
            self._rows = rows.copy()
            self._same_since = now
        return now - self._same_since
