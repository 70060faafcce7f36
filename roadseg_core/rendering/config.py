"""Configure rendered drives, those of the demo apart from those of training."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .layouts import LAYOUTS

SKY, INFRASTRUCTURE, ROAD, SIDEWALK, VEHICLES, VRU, VOID = range(7)
"""Class ids of the truth: the label map ``seven``."""

SMALLEST = 32
LARGEST = 4096


@dataclass(frozen=True)
class DriveConfig:
    """
    Say which drive to render; equal values give bytewise equal frames.

    :param seed: not negative; chooses everything that the layout leaves open
    :param layout: name of a street family, see :mod:`.layouts`
    :param seconds: duration of the drive
    :param fps: frames per second of every camera
    :param height: image height in pixels, 32 to 4096
    :param width: image width in pixels, 32 to 4096
    :raises ValueError: if a value is out of its range or the layout is unknown
    """

    seed: int
    layout: str = 'urban'
    seconds: float = 10.0
    fps: float = 15.0
    height: int = 480
    width: int = 640

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            known = ', '.join(LAYOUTS)
            raise ValueError(f'unknown layout {self.layout!r}; expected one of {known}')
        if self.seed < 0:
            raise ValueError(f'seed is {self.seed}; expected 0 or more')
        if not 0.0 < self.seconds <= 600.0:
            raise ValueError(f'seconds is {self.seconds}; expected more than 0, at most 600')
        if not 0.0 < self.fps <= 240.0:
            raise ValueError(f'fps is {self.fps}; expected more than 0, at most 240')
        for name, value in (('height', self.height), ('width', self.width)):
            if not SMALLEST <= value <= LARGEST:
                raise ValueError(f'{name} is {value}; expected {SMALLEST} to {LARGEST}')

    def generator(self, purpose: str, *numbers: int) -> np.random.Generator:
        """Return random numbers of their own for a purpose, so that parts stay independent."""
        key = [self.seed, zlib.crc32(self.layout.encode()), zlib.crc32(purpose.encode())]
        return np.random.default_rng([*key, *numbers])


@dataclass(frozen=True)
class RenderedFrame:
    """
    Hold one frame of one camera with its truth.

    :param image: uint8 [H, W, 3], BGR
    :param labels: uint8 [H, W], ids of the label map ``seven``
    :param stamp_ns: nanoseconds since the start of the drive
    """

    image: np.ndarray
    labels: np.ndarray
    stamp_ns: int


_DEMO_SEED = 11
DEMO_LAYOUTS = ('urban', 'avenue')
"""Street families of which the demo shows the first; training sees none of them."""

TRAINING_LAYOUTS = tuple(name for name in LAYOUTS if name not in DEMO_LAYOUTS)
"""Street families that training may see."""

_FIRST_TRAINING_SEED = 10_000


def training_configs(
    count: int, height: int, width: int, *, first: int = 0
) -> Iterator[DriveConfig]:
    """
    Yield ``count`` drives to train on, each with a seed of its own, the layouts in turn.

    :param first: number of the first drive, to continue an earlier series or keep some apart
    """
    for number in range(first, first + count):
        layout = TRAINING_LAYOUTS[number % len(TRAINING_LAYOUTS)]
        yield DriveConfig(_FIRST_TRAINING_SEED + number, layout, 2.0, 2.0, height, width)


def demo_config(seconds: float, fps: float, height: int, width: int) -> DriveConfig:
    """Return the drive of the demo."""
    return DriveConfig(_DEMO_SEED, DEMO_LAYOUTS[0], seconds, fps, height, width)
