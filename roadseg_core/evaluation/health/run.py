"""Run camera health on clips without faults, and on clips in which a fault begins."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from roadseg_core.engines import Engine
from roadseg_core.evaluation.health.clips import Clip, Frames
from roadseg_core.evaluation.health.faults import FAULTS, Fault, SimulatedSensor, random_sensor
from roadseg_core.health import CameraHealth
from roadseg_core.labels import LabelMap

_SHOWN, _SHOWN_EVERY = 3, 0.3
"""How often a still picture is shown to camera health, and the seconds in between."""

_WARM_SECONDS = 2.5
_FAULT_SECONDS = 2.3
_LEAST_RATE = 5.0

EXTREMES = {
    'brightness': min,
    'white': max,
    'detail': min,
    'focus': min,
    'blocked': max,
    'largest_share': max,
    'shares_moved': max,
    'confidence_dropped': max,
}
"""The values that decide, each with the function that picks the one closest to an alarm."""


@dataclass(frozen=True)
class CleanOutcome:
    """
    Hold the verdicts of camera health on a clip without faults.

    :param degraded: how often the camera became degraded
    :param unusable: how often it became unusable
    :param reasons: all reasons given
    :param extremes: the values of :data:`EXTREMES` over all frames
    """

    degraded: int
    unusable: int
    reasons: tuple[str, ...]
    extremes: dict[str, float]


@dataclass(frozen=True)
class Trial:
    """Say when a fault was found; ``seconds`` and ``frames`` are None if not in time."""

    fault: str
    clip: str
    seconds: float | None
    frames: int | None


def judge_clean(clip: Clip, frames: Frames, engine: Engine, seed: int | None) -> CleanOutcome:
    """
    Judge a clip without faults, and the network's outputs on it.

    :param seed: of the gain and noise to apply; None: the clip as it is
    """
    times, pictures = frames
    rng = np.random.default_rng(seed or 0)
    sensor = SimulatedSensor(rng, pictures.shape[1:3], 1.0, 0.0)
    if seed is not None:
        sensor = random_sensor(rng, pictures.shape[1:3])
    elif clip.stills:
        # The same picture over and over would be a frozen camera.
        sensor = SimulatedSensor(rng, pictures.shape[1:3], 1.0, 0.5)
    health = CameraHealth(engine.info.label_map)
    before, began, reasons, values = 'usable', {'degraded': 0, 'unusable': 0}, set(), []
    for time, picture in zip(times, pictures):
        if clip.stills:
            health, before = CameraHealth(engine.info.label_map), 'usable'
        for shown in range(_SHOWN if clip.stills else 1):
            changed = sensor(picture)
            result = engine.infer(changed[None])
            now = health.look(
                changed, result.labels[0], result.confidence[0], time + _SHOWN_EVERY * shown
            )
            if now.level not in ('usable', before):
                began[now.level] += 1
            before = now.level
            reasons.update(now.reasons)
            values.append(health.values)
    extremes = {name: most(one[name] for one in values) for name, most in EXTREMES.items()}
    return CleanOutcome(**began, reasons=tuple(sorted(reasons)), extremes=extremes)


def run_trials(
    clips: list[tuple[Clip, Frames]],
    label_map: LabelMap,
    count: int,
    *,
    on_trial: Callable[[], None] = lambda: None,
) -> Iterable[Trial]:
    """
    Simulate each fault ``count`` times, at seeded moments of clips that are long enough.

    Only the pictures are judged, not outputs. Every second trial has a gain and noise.
    """
    for seed in range(count if clips else 0):
        rng = np.random.default_rng([7, seed])
        clip, (times, pictures) = clips[seed % len(clips)]
        size = pictures.shape[1:3]
        sensor = random_sensor(rng, size) if seed % 2 else SimulatedSensor(rng, size, 1.0, 0.0)
        latest = times[-1] - _WARM_SECONDS - _FAULT_SECONDS
        first = int(np.searchsorted(times, rng.uniform(times[0], max(times[0], latest))))
        start = int(np.searchsorted(times, times[first] + _WARM_SECONDS))
        health = CameraHealth(label_map)
        for index in range(first, start):
            health.look(sensor(pictures[index]), None, None, times[index])
        for name, fault in FAULTS.items():
            change = fault.make(rng, size, float(pictures[start].mean()))
            judged = copy.deepcopy(health)
            rest = slice(start, None)
            found = _find(judged, times[rest], pictures[rest], fault, change, sensor)
            yield Trial(name, clip.name, *found)
        on_trial()


def _find(
    health: CameraHealth,
    times: np.ndarray,
    pictures: np.ndarray,
    fault: Fault,
    change: Callable[[np.ndarray], np.ndarray],
    sensor: SimulatedSensor,
) -> tuple[float | None, int | None]:
    """Return the seconds and frames until a fault is found; None if it is not found in time."""
    for index, (time, picture) in enumerate(zip(times, pictures)):
        if fault.before_sensor:
            shown = sensor(change(picture))
        else:
            # A camera that repeats one picture repeats its noise as well.
            shown = change(sensor(picture))
            shown = shown if fault.reason == 'frozen' else sensor.noisy(shown)
        seconds = float(time - times[0])
        if (fault.seconds and seconds > fault.seconds) or 0 < fault.frames <= index:
            break
        if fault.reason in health.look(shown, None, None, time).reasons:
            return seconds, index + 1
    return None, None


def is_long_enough(frames: Frames) -> bool:
    """Tell whether a clip is long enough for a fault, and its frame rate high enough."""
    times, _ = frames
    seconds = times[-1] - times[0]
    return seconds >= _WARM_SECONDS + _FAULT_SECONDS and len(times) / seconds >= _LEAST_RATE
