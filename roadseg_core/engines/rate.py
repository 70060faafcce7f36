"""Measure the frames per second of an engine, without torch."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np

from roadseg_core.engines import Engine, warm_up


@dataclass(frozen=True)
class EngineRate:
    """What an engine does alone, without conversion and publishing: frames/s in batches."""

    frames_per_second: float
    batch: int

    def covers(self, cameras: int, fps: float) -> bool:
        """Tell whether the engine keeps up with so many cameras at so many frames/s each."""
        return self.frames_per_second >= cameras * fps

    def compared(self, cameras: int, fps: float) -> str:
        """Say in a line whether the engine keeps up."""
        return (
            f'engine alone does {self.frames_per_second:.0f} frames/s in batches of '
            f'{self.batch}: {"enough" if self.covers(cameras, fps) else "NOT enough"} for '
            f'{cameras} x {fps:g} = {cameras * fps:g} frames/s'
        )


def measure_rate(engine: Engine, batch: int, *, seconds: float) -> EngineRate:
    """
    Measure an engine by its median run on noise.

    :param batch: frames in a run, at most ``engine.info.max_batch``
    :param seconds: how long to measure, after the warm-up; at least one run is
    """
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (batch, *engine.info.geometry.input_size, 3), np.uint8)
    warm_up(engine, [batch])
    times: list[float] = []
    until = time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        started = time.perf_counter()
        engine.infer(frames)
        times.append(time.perf_counter() - started)
    return EngineRate(batch / statistics.median(times), batch)
