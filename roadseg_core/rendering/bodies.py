"""The kinds of vehicles: their outlines, windows and wheels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LOW = 0.24

PAINTS = np.array(
    [
        (168, 166, 164),
        (96, 94, 92),
        (40, 38, 38),
        (52, 48, 46),
        (200, 200, 198),
        (110, 68, 42),
        (92, 58, 38),
        (42, 38, 118),
        (48, 44, 92),
        (60, 78, 52),
        (132, 130, 126),
        (70, 68, 66),
    ],
    float,
)


@dataclass(frozen=True)
class Body:
    """
    Describe a kind of vehicle; metres, x forward from the middle, z up.

    :param outline: (x, z) from the rear bumper's foot over the roof to the front's
    :param first_upper: number of the outline's first point of the cabin, which leans inwards
    :param last_upper: number of its last
    :param windows: (x, z) outlines of the side windows
    :param wheels: x of the axles
    :param glass: numbers of the outline's edges that are windows
    """

    width: float
    outline: tuple[tuple[float, float], ...]
    first_upper: int
    last_upper: int
    windows: tuple[tuple[tuple[float, float], ...], ...]
    wheels: tuple[float, ...]
    radius: float
    glass: tuple[int, ...]

    @property
    def length(self) -> float:
        """Length in metres."""
        return self.outline[-1][0] - self.outline[0][0]

    @property
    def height(self) -> float:
        """Height in metres."""
        return max(z for _, z in self.outline)


HATCHBACK = Body(
    1.72,
    (
        (-1.95, _LOW),
        (-2.0, 0.6),
        (-1.9, 0.95),
        (-1.5, 1.42),
        (-0.1, 1.47),
        (0.85, 0.98),
        (1.75, 0.8),
        (1.98, 0.55),
        (1.95, _LOW),
    ),
    3,
    4,
    (
        ((-1.55, 0.97), (-1.3, 1.34), (-0.55, 1.39), (-0.55, 0.95)),
        ((-0.45, 0.95), (-0.45, 1.39), (-0.12, 1.39), (0.6, 0.97)),
    ),
    (-1.25, 1.25),
    0.31,
    (2, 4),
)
SALOON = Body(
    1.78,
    (
        (-2.25, _LOW),
        (-2.3, 0.65),
        (-2.2, 0.95),
        (-1.55, 1.0),
        (-0.95, 1.4),
        (0.1, 1.43),
        (1.0, 0.98),
        (2.05, 0.78),
        (2.28, 0.55),
        (2.25, _LOW),
    ),
    4,
    5,
    (
        ((-1.3, 0.98), (-0.9, 1.33), (-0.3, 1.36), (-0.3, 0.96)),
        ((-0.2, 0.96), (-0.2, 1.36), (0.08, 1.35), (0.75, 0.97)),
    ),
    (-1.4, 1.4),
    0.32,
    (3, 5),
)
ESTATE = Body(
    1.84,
    (
        (-2.25, _LOW),
        (-2.3, 0.7),
        (-2.22, 1.02),
        (-1.95, 1.62),
        (0.05, 1.66),
        (0.95, 1.1),
        (1.95, 0.95),
        (2.25, 0.65),
        (2.22, _LOW),
    ),
    3,
    4,
    (
        ((-1.95, 1.1), (-1.75, 1.53), (-1.05, 1.57), (-1.05, 1.08)),
        ((-0.95, 1.08), (-0.95, 1.57), (-0.25, 1.57), (-0.25, 1.07)),
        ((-0.15, 1.07), (-0.15, 1.57), (0.03, 1.56), (0.7, 1.08)),
    ),
    (-1.38, 1.4),
    0.36,
    (2, 4),
)
VAN = Body(
    1.98,
    (
        (-2.5, 0.3),
        (-2.55, 0.9),
        (-2.5, 1.3),
        (-2.42, 2.1),
        (1.1, 2.15),
        (1.85, 1.25),
        (2.45, 1.05),
        (2.52, 0.65),
        (2.5, 0.3),
    ),
    3,
    4,
    (((0.2, 1.25), (0.2, 1.85), (1.0, 1.88), (1.5, 1.25)),),
    (-1.6, 1.6),
    0.35,
    (4,),
)
BUS = Body(
    2.5,
    (
        (-5.6, 0.35),
        (-5.65, 1.1),
        (-5.6, 1.3),
        (-5.55, 2.9),
        (5.4, 2.95),
        (5.6, 1.1),
        (5.62, 0.9),
        (5.62, 0.6),
        (5.6, 0.35),
    ),
    3,
    4,
    tuple(
        ((x, 1.25), (x, 2.35), (x + 1.45, 2.35), (x + 1.45, 1.25))
        for x in (-5.2, -3.6, -2.0, -0.4, 1.2, 2.8)
    ),
    (-3.2, 3.6),
    0.48,
    (2, 4),
)

BODIES = (HATCHBACK, SALOON, ESTATE, VAN, BUS)
SHARES = (0.36, 0.24, 0.24, 0.12, 0.04)
