"""Simulate a camera's changes of gain and noise, and its faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Fault:
    """
    Describe a fault and the time in which it must be found.

    :param reason: the reason that camera health gives for it
    :param seconds: time in which it must be found; 0 if ``frames`` applies instead
    :param make: makes the change to pictures of a size (height, width)
    :param before_sensor: whether it acts before the sensor, which then adds its gain and noise
    """

    reason: str
    seconds: float
    frames: int
    make: Callable[[np.random.Generator, tuple[int, int], float], Change]
    before_sensor: bool


class SimulatedSensor:
    """
    Change pictures as a sensor with another gain and with noise would.

    :param gain: factor of the brightness
    :param noise: standard deviation in grey levels
    """

    def __init__(
        self, rng: np.random.Generator, size: tuple[int, int], gain: float, noise: float
    ) -> None:
        self._gain = gain
        # A few noise fields in turn, so that consecutive pictures differ.
        shape = (4, *size, 3)
        self._fields = rng.normal(0, noise, shape).round().astype(np.int16) if noise else None
        self._count = 0

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture, uint8 [H, W, 3], as this sensor gives it."""
        if self._gain != 1.0:
            picture = cv2.convertScaleAbs(picture, alpha=self._gain)
        return self.noisy(picture)

    def noisy(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture with noise added, without the gain."""
        if self._fields is None:
            return picture
        self._count += 1
        return cv2.add(picture, self._fields[self._count % 4], dtype=cv2.CV_8U)


def random_sensor(rng: np.random.Generator, size: tuple[int, int]) -> SimulatedSensor:
    """Return a sensor with a gain of 0.75 to 1.33 and noise of 0.5 to 4 grey levels."""
    return SimulatedSensor(rng, size, 0.75 * 1.78 ** rng.random(), rng.uniform(0.5, 4.0))


def _frozen(rng: np.random.Generator, size: tuple[int, int], mean: float) -> Change:
    kept: list[np.ndarray] = []

    def change(picture: np.ndarray) -> np.ndarray:
        kept.append(picture)
        return kept[0]

    return change


def _even(grey: int) -> Callable[[np.random.Generator, tuple[int, int], float], Change]:
    return lambda rng, size, mean: lambda picture: np.full_like(picture, grey)


def _covered(rng: np.random.Generator, size: tuple[int, int], mean: float) -> Change:
    """Put a hand, a bag or a label before the lens: one colour, brighter towards one side."""
    slope = cv2.resize(rng.uniform(0.7, 1.3, (2, 2)).astype(np.float32), size[::-1])
    colour = rng.uniform(30, 140) * rng.uniform(0.7, 1.0, 3)
    cover = (slope[..., None] * colour).clip(0, 255).astype(np.uint8)
    return lambda picture: cover


def _blurred(rng: np.random.Generator, size: tuple[int, int], mean: float) -> Change:
    sigma = 4.0 * size[1] / 480
    return lambda picture: cv2.GaussianBlur(picture, (0, 0), sigma)


def _mud(rng: np.random.Generator, size: tuple[int, int], mean: float) -> Change:
    """Cover 40 % in patches, darker than the scene and so near that they have no sharp edge."""
    height, width = size
    field = rng.standard_normal(size).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), width / 14)
    mask = (field > np.quantile(field, 0.6)).astype(np.float32)
    mask = 0.96 * cv2.GaussianBlur(mask, (0, 0), width / 160)[..., None]
    rough = cv2.GaussianBlur(rng.standard_normal(size).astype(np.float32), (0, 0), width / 24)
    shade = rng.uniform(0.15, 0.6) * mean * (1 + 0.1 * rough / rough.std())
    light = mask * shade[..., None] * np.array([0.7, 0.9, 1.0], np.float32)
    return lambda picture: (picture * (1 - mask) + light).clip(0, 255).astype(np.uint8)


FAULTS = {
    'frozen': Fault('frozen', 1.0, 0, _frozen, before_sensor=False),
    'black': Fault('black', 0.0, 3, _even(0), before_sensor=False),
    'white': Fault('over-exposed', 0.0, 3, _even(255), before_sensor=False),
    'covered': Fault('covered', 0.0, 3, _covered, before_sensor=True),
    'blur, sigma 4 of 480 px': Fault('out of focus', 2.0, 0, _blurred, before_sensor=True),
    'mud, 40 %': Fault('partly blocked', 2.0, 0, _mud, before_sensor=True),
}
