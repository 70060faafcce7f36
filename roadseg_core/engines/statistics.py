"""Keep recent rates and latencies, for diagnostics."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from roadseg_core.engines.rate import EngineRate


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


class InferenceFigures:
    """Keep what the engine did; one thread adds, another may read."""

    def __init__(self) -> None:
        self._runs: deque[tuple[int, float]] = deque(maxlen=50)
        self.latencies = Latencies()
        self.batches = 0
        self.frames = 0

    def add(self, frames: int, seconds: float) -> None:
        """Add one run."""
        self._runs.append((frames, seconds))
        self.latencies.add(seconds)
        self.batches += 1
        self.frames += frames

    def clear(self) -> None:
        """Forget the rate of an engine that is no more."""
        self._runs.clear()

    def rate(self) -> EngineRate | None:
        """Return what the engine did in its last runs; None before there were enough."""
        runs = list(self._runs.copy())
        if len(runs) < 10:
            return None
        frames = sum(count for count, _ in runs)
        seconds = sum(duration for _, duration in runs)
        return EngineRate(frames / seconds, max(count for count, _ in runs))


@dataclass
class CameraFigures:
    """
    Hold what is known of a camera's frames beside their counts; one thread writes.

    :ivar format: height, width and encoding of its newest frame
    :ivar stamp_age: age of its newest frame by its stamp, in seconds on the node's clock
    :ivar incomplete: processed frames of which an output was lost
    :ivar withheld: processed frames whose masks were withheld, as the camera was unusable
    """

    latencies: Latencies = field(default_factory=Latencies)
    last_error: str = ''
    format: tuple[int, int, str] = (0, 0, '')
    stamp_age: float = 0.0
    incomplete: int = 0
    withheld: int = 0


class Window:
    """Tell how far counters rose in about the last ``seconds``, however often one looks."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, tuple[int, ...]]] = deque()

    def update(
        self, counts: tuple[int, ...], now: float, seconds: float
    ) -> tuple[float, tuple[int, ...]]:
        """Return the time since the sample that was compared with, and each counter's rise."""
        self._samples.append((now, counts))
        while len(self._samples) > 2 and self._samples[1][0] <= now - seconds:
            self._samples.popleft()
        then, before = self._samples[0]
        return now - then, tuple(new - old for new, old in zip(counts, before))
