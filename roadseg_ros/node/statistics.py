"""Rates and latencies of the last while, for diagnostics."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np


class Latencies:
    """Keep the newest ``size`` durations; one thread adds, another may read."""

    def __init__(self, size: int = 1000) -> None:
        self._values: deque[float] = deque(maxlen=size)

    def add(self, seconds: float) -> None:
        """Add one duration in seconds."""
        self._values.append(seconds)

    def percentiles_ms(self, percents: Iterable[float]) -> list[float]:
        """Return percentiles in milliseconds; 0.0 where nothing was measured."""
        values = list(self._values.copy())
        if not values:
            return [0.0 for _ in percents]
        return [float(value) * 1e3 for value in np.percentile(values, list(percents))]


class Rate:
    """Tell how fast a counter rises between two looks."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None

    def update(self, count: int, now: float) -> float:
        """Return the counts per second since the last look; 0.0 at the first."""
        last, self._last = self._last, (now, count)
        if last is None or now <= last[0]:
            return 0.0
        return (count - last[1]) / (now - last[0])
