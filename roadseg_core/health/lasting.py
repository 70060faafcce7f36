"""Findings that last: a frame counts only where the next ones say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_GONE_AFTER = 0.5
"""Seconds without a finding after which it no longer holds."""


@dataclass
class Lasting:
    """
    Hold a finding from when it was true for some frames and seconds until it was gone for some.

    :param frames: in a row
    :param seconds: from the first of them
    """

    frames: int
    seconds: float = 0.0
    holds: bool = False
    _count: int = 0
    _since: float = 0.0
    _last: float = -math.inf

    def add(self, found: bool, now: float) -> None:
        """Add what a frame says."""
        if found:
            if not self._count:
                self._since = now
            self._count += 1
            self._last = now
            enough = self._count >= self.frames and now - self._since >= self.seconds
            self.holds = self.holds or enough
        else:
            self._count = 0
            self.holds = self.holds and now - self._last < _GONE_AFTER


class Past:
    """
    Average values over the recent past; the first few have equal weights.

    :param seconds: after which a value counts only a third
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._count = 0
        self._last = 0.0
        self.mean: np.ndarray | float | None = None

    def add(self, value: np.ndarray | float, now: float) -> None:
        """Add a frame's value, a number or an array."""
        self._count += 1
        # What is long ago counts little, however few frames came since.
        weight = max(-math.expm1(-max(0.0, now - self._last) / self._seconds), 1.0 / self._count)
        self._last = now
        if self.mean is None:
            self.mean = value
        else:
            self.mean = self.mean + weight * (value - self.mean)

    @property
    def known(self) -> bool:
        """Whether enough frames were seen to compare with."""
        return self._count >= 5
