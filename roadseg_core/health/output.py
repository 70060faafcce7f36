"""Judge what the network makes of a camera's pictures: NaN, one class, unlike the past."""

from __future__ import annotations

import numpy as np

from roadseg_core.health.lasting import Lasting, Past
from roadseg_core.health.settings import HealthSettings
from roadseg_core.labels import LabelMap

_EVERY = 4
"""One pixel in this many is looked at, along each side."""

_ALL = 0.999
"""Share of the pixels that is taken for all of them."""

_SOME = 0.01
"""Share of impossible confidences, as NaN gives them, from which a frame is damaged."""

_NOW, _PAST = 1.0, 10.0
"""Seconds that are averaged for now, and for the past that it is compared with."""


class OutputHealth:
    """
    Compare a camera's labels and confidence with those of before.

    :ivar findings: by their reasons
    :ivar values: what the last output was judged by
    """

    def __init__(self, label_map: LabelMap) -> None:
        self._classes = len(label_map.names)
        self._road = label_map.road_ids
        self.findings = {
            'NaN': Lasting(1),
            'one class everywhere': Lasting(2),
            'class shares unlike the past': Lasting(3, 0.5),
            'confidence unlike the past': Lasting(3, 0.5),
        }
        self.values: dict[str, float] = {}
        self._shares = Past(_NOW), Past(_PAST)
        self._confidence = Past(_NOW), Past(_PAST)

    def look(
        self,
        labels: np.ndarray,
        confidence: np.ndarray | None,
        now: float,
        settings: HealthSettings,
    ) -> None:
        """
        Judge the output for a frame.

        :param labels: uint8 [H, W] at the network's size
        :param confidence: uint8 [H, W]; None where the engine computes none
        :param now: as for the picture
        """
        some = labels[::_EVERY, ::_EVERY].ravel()
        shares = np.bincount(some, minlength=256) / some.size
        most = int(shares.argmax())
        # A model of two classes may rightly see nothing but what is not road.
        telling = self._classes > 2 or most in self._road
        moved = self._moved(self._shares, shares, now)
        self.values = {'largest_share': float(shares[most]), 'shares_moved': moved}
        nan, dropped = False, 0.0
        if confidence is not None:
            some = confidence[::_EVERY, ::_EVERY]
            # The largest of n probabilities is never less than 1/n; NaN becomes 0.
            nan = np.count_nonzero(some < 255 // self._classes - 1) > _SOME * some.size
            mean = float(some.mean()) / 255
            for past in self._confidence:
                past.add(mean, now)
            dropped = self._confidence[1].mean - self._confidence[0].mean
            self.values |= {'confidence': mean, 'confidence_dropped': dropped}
        found = {
            'NaN': nan,
            'one class everywhere': telling and shares[most] >= _ALL,
            'class shares unlike the past': 0.0 < settings.shares_change < moved,
            'confidence unlike the past': 0.0 < settings.confidence_drop < dropped,
        }
        for reason, holds in found.items():
            self.findings[reason].add(bool(holds), now)

    @staticmethod
    def _moved(pasts: tuple[Past, Past], shares: np.ndarray, now: float) -> float:
        """Return the share of the pixels that changed class between the past and now."""
        for past in pasts:
            past.add(shares, now)
        return float(np.abs(pasts[0].mean - pasts[1].mean).sum()) / 2
