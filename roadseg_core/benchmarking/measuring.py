"""Time calls in turn, with a short turn for each contender in every round."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from roadseg_core.engines.running import WARM_UP_RUNS


@dataclass(frozen=True)
class Timing:
    """
    Say how long the calls of one contender took.

    :param frames_per_second: frames of a call by the median call
    :param cpu_seconds_per_frame: on all cores, waiting threads that spin included
    """

    calls: int
    median_ms: float
    p99_ms: float
    least_ms: float
    frames_per_second: float
    cpu_seconds_per_frame: float


def measure(
    calls: Mapping[str, Callable[[], object]],
    *,
    frames: int,
    rounds: int,
    seconds: float,
    wall_clock: Callable[[], float] = time.perf_counter,
    cpu_clock: Callable[[], float] = time.process_time,
) -> dict[str, Timing]:
    """
    Time calls, interleaved: what disturbs the machine meanwhile disturbs them all.

    The first call of every turn is left out: the caches still hold the predecessor's data.

    :param calls: what to call, by name
    :param frames: frames that one call works on
    :param rounds: turns of each
    :param seconds: length of a turn; at least two calls are made
    :param cpu_clock: seconds of all threads of this process
    """
    for call in calls.values():
        for _ in range(WARM_UP_RUNS):
            call()
    wall: dict[str, list[float]] = {name: [] for name in calls}
    cpu = dict.fromkeys(calls, 0.0)
    for _ in tqdm(range(rounds), desc='turns', leave=False, disable=None):
        for name, call in calls.items():
            call()
            cpu_start, start = cpu_clock(), wall_clock()
            before, first = start, True
            while first or before - start < seconds:
                call()
                after = wall_clock()
                wall[name].append(after - before)
                before, first = after, False
            cpu[name] += cpu_clock() - cpu_start
    return {name: summarize(wall[name], cpu=cpu[name], frames=frames) for name in calls}


def summarize(seconds: list[float], *, cpu: float, frames: int) -> Timing:
    """Summarize the duration of calls, each of ``frames`` frames; ``cpu`` seconds in all."""
    median = float(np.median(seconds))
    return Timing(
        calls=len(seconds),
        median_ms=median * 1e3,
        p99_ms=float(np.percentile(seconds, 99)) * 1e3,
        least_ms=min(seconds) * 1e3,
        frames_per_second=frames / median,
        cpu_seconds_per_frame=cpu / len(seconds) / frames,
    )
