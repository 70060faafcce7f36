"""Configure a rendered drive, and hold its frames."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from .layouts import find_layout

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
        find_layout(self.layout)
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
