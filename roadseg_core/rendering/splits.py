"""Keep the drives of the demo and those of training apart."""

from __future__ import annotations

from collections.abc import Iterator

from .config import DriveConfig
from .layouts import LAYOUTS

DEMO_SEEDS = (11, 23, 47)
"""Seeds of the demo's drives."""

DEMO_LAYOUTS = ('urban', 'avenue')
"""Street families of the demo's drives."""

TRAINING_LAYOUTS = tuple(layout.name for layout in LAYOUTS if layout.name not in DEMO_LAYOUTS)
"""Street families that training may see."""

_FIRST_TRAINING_SEED = 10_000


def training_configs(
    count: int, height: int, width: int, *, first: int = 0, seconds: float = 2.0, fps: float = 2.0
) -> Iterator[DriveConfig]:
    """
    Yield ``count`` drives to train on, each with a seed of its own, the layouts in turn.

    :param first: number of the first drive, to continue an earlier series or keep some apart
    :raises ValueError: if ``count`` or ``first`` is negative
    """
    if count < 0 or first < 0:
        raise ValueError(f'count is {count} and first is {first}; expected 0 or more')
    for number in range(first, first + count):
        layout = TRAINING_LAYOUTS[number % len(TRAINING_LAYOUTS)]
        yield DriveConfig(_FIRST_TRAINING_SEED + number, layout, seconds, fps, height, width)


def demo_config(
    seconds: float, fps: float, height: int, width: int, *, number: int = 0
) -> DriveConfig:
    """Return a drive of the demo, by its number from 0."""
    if not 0 <= number < len(DEMO_SEEDS):
        raise ValueError(f'number is {number}; expected 0 to {len(DEMO_SEEDS) - 1}')
    layout = DEMO_LAYOUTS[number % len(DEMO_LAYOUTS)]
    return DriveConfig(DEMO_SEEDS[number], layout, seconds, fps, height, width)
