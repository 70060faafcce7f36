"""The light of a drive: sun, clouds, exposure and haze, changing over its time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .config import DriveConfig

MOODS = np.array(
    [
        (0.95, 0.15, 1.12, 1.02, 1.00, 0.99, 0.20),
        (0.65, 0.45, 1.08, 1.01, 1.00, 1.00, 0.28),
        (0.12, 0.95, 1.08, 1.03, 1.00, 0.98, 0.38),
        (0.05, 1.00, 0.92, 1.05, 1.00, 0.96, 0.45),
        (0.85, 0.30, 0.92, 0.86, 0.97, 1.07, 0.30),
        (0.30, 0.70, 0.80, 1.00, 0.99, 1.01, 0.35),
    ]
)
"""States of the light: sun, cloud, exposure, tint (BGR) and fog as :class:`Light` has them."""


@dataclass(frozen=True)
class Light:
    """
    The light at one moment.

    :param direction: float64 [3], unit vector towards the sun, in the world
    :param sun: 0 no direct sun, 1 a clear sky
    :param cloud: share of the sky covered
    :param gain: float64 [3], BGR gains of the camera: exposure and tint
    :param fog: share of the haze at 100 m
    """

    direction: np.ndarray
    sun: float
    cloud: float
    gain: np.ndarray
    fog: float

    @property
    def haze(self) -> float:
        """Grey of things very far away, before exposure."""
        return 219.0 * (0.94 - 0.12 * self.cloud)

    def shade(self, normal: np.ndarray) -> float:
        """Return the brightness of a surface with this unit normal; open ground has 1."""
        sky = 0.68 + 0.14 * float(normal[2])
        facing = max(0.0, float(normal @ self.direction))
        return (sky + self.sun * 0.75 * facing) / (0.82 + self._sun_on_ground)

    @property
    def _sun_on_ground(self) -> float:
        return self.sun * 0.75 * max(0.0, float(self.direction[2]))

    @property
    def shadow(self) -> list[float]:
        """Return how much darker than the sunny ground its shadows are, 0 to 1, BGR."""
        strength = 0.36 * self.sun + 0.9 * self._sun_on_ground / (0.82 + self._sun_on_ground)
        return [strength * 0.86, strength * 0.94, strength]

    def haze_share(self, depth: np.ndarray | float) -> np.ndarray | float:
        """Return how much of a surface at ``depth`` metres is lost in the haze, 0 to 1."""
        return 1.0 - (1.0 - self.fog) ** (depth / 100.0)


class Daylight:
    """The light of one drive: two moods and the way from one to the other."""

    def __init__(self, config: DriveConfig) -> None:
        rng = config.generator('light')
        self._moods = MOODS[rng.choice(len(MOODS), 2, replace=False)]
        self._seconds = config.seconds
        azimuth = rng.uniform(0, 2 * math.pi)
        elevation = math.radians(rng.uniform(18, 52))
        level = math.cos(elevation)
        self.sun = np.array(
            [math.cos(azimuth) * level, math.sin(azimuth) * level, math.sin(elevation)]
        )

    def at(self, seconds: float) -> Light:
        """Return the light at a time of the drive."""
        share = min(max(seconds / self._seconds, 0.0), 1.0)
        share = share * share * (3 - 2 * share)
        mood = self._moods[0] + (self._moods[1] - self._moods[0]) * share
        sun, cloud, fog = mood[[0, 1, 6]].tolist()
        return Light(self.sun, sun, cloud, mood[2] * mood[3:6], fog)
