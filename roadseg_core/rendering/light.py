"""The light of a drive: sun, clouds, exposure and haze, changing over its time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .config import DriveConfig

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Mood:
    """
    Describe a state of the light.

    :param sun: 0 no direct sun, 1 a clear sky
    :param cloud: share of the sky covered
    :param exposure: gain of the camera
    :param tint: BGR gains
    :param haze: share of the haze at 100 m
    """

    sun: float
    cloud: float
    exposure: float
    tint: Colour
    haze: float


MOODS = (
    Mood(0.95, 0.15, 1.12, (1.02, 1.0, 0.99), 0.20),
    Mood(0.65, 0.45, 1.08, (1.01, 1.0, 1.00), 0.28),
    Mood(0.12, 0.95, 1.08, (1.03, 1.0, 0.98), 0.38),
    Mood(0.05, 1.0, 0.92, (1.05, 1.0, 0.96), 0.45),
    Mood(0.85, 0.30, 0.92, (0.86, 0.97, 1.07), 0.30),
    Mood(0.30, 0.70, 0.80, (1.00, 0.99, 1.01), 0.35),
)


@dataclass(frozen=True)
class Light:
    """
    The light at one moment.

    :param direction: float64 [3], unit vector towards the sun, in the world
    :param haze_colour: BGR of things very far away, before exposure
    """

    mood: Mood
    direction: np.ndarray
    haze_colour: np.ndarray

    def shade(self, normal: np.ndarray) -> float:
        """Return the brightness of a surface with this unit normal; open ground has 1."""
        sky = 0.68 + 0.14 * float(normal[2])
        facing = max(0.0, float(normal @ self.direction))
        ground = self._sun_on_ground()
        return (sky + self.mood.sun * 0.75 * facing) / (0.82 + ground)

    def _sun_on_ground(self) -> float:
        return self.mood.sun * 0.75 * max(0.0, float(self.direction[2]))

    @property
    def shadow_gain(self) -> np.ndarray:
        """Return float32 [3], BGR: brightness in the shadow, relative to the sunny ground."""
        share = 0.9 * self._sun_on_ground() / (0.82 + self._sun_on_ground())
        strength = 0.36 * self.mood.sun + share
        return (1.0 - strength * np.array([0.86, 0.94, 1.0])).astype(np.float32)

    def haze_share(self, depth: np.ndarray | float) -> np.ndarray | float:
        """Return how much of a surface at ``depth`` metres is lost in the haze, 0 to 1."""
        return 1.0 - np.exp(np.log(1.0 - self.mood.haze) * depth / 100.0)


class Daylight:
    """The light of one drive: two moods and the way from one to the other."""

    def __init__(self, config: DriveConfig) -> None:
        rng = config.generator('light')
        first, second = rng.choice(len(MOODS), 2, replace=False)
        self._moods = (MOODS[first], MOODS[second])
        self._seconds = config.seconds
        self._wobble = rng.uniform(0, 2 * math.pi)
        azimuth = rng.uniform(0, 2 * math.pi)
        elevation = math.radians(rng.uniform(18, 52))
        self.sun = np.array(
            [
                math.cos(azimuth) * math.cos(elevation),
                math.sin(azimuth) * math.cos(elevation),
                math.sin(elevation),
            ]
        )

    def at(self, seconds: float) -> Light:
        """Return the light at a time of the drive."""
        share = min(max(seconds / self._seconds, 0.0), 1.0)
        share = share * share * (3 - 2 * share)
        mood = _mix(self._moods[0], self._moods[1], share)
        gain = mood.exposure * (1.0 + 0.04 * math.sin(0.7 * seconds + self._wobble))
        mood = Mood(mood.sun, mood.cloud, gain, mood.tint, mood.haze)
        white = np.array([222.0, 219.0, 214.0])
        return Light(mood, self.sun, white * (0.94 - 0.12 * mood.cloud))


def _mix(first: Mood, second: Mood, share: float) -> Mood:
    def blend(a: float, b: float) -> float:
        return a + (b - a) * share

    tint = tuple(blend(a, b) for a, b in zip(first.tint, second.tint, strict=True))
    return Mood(
        blend(first.sun, second.sun),
        blend(first.cloud, second.cloud),
        blend(first.exposure, second.exposure),
        tint,
        blend(first.haze, second.haze),
    )
