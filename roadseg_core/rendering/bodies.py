"""The kinds of vehicles: their outlines, windows and wheels."""

from __future__ import annotations

from typing import NamedTuple


class Body(NamedTuple):
    """
    Describe a kind of vehicle; metres, x forward from the middle, z up.

    :param share: of the vehicles on a street
    :param radius: of the wheels
    :param x: of the outline, from the rear bumper's foot over the roof to the front's; its two
        highest points are the ends of the roof
    :param z: of the outline
    :param panes: from and to which x each side window reaches
    """

    share: float
    width: float
    radius: float
    x: tuple[float, ...]
    z: tuple[float, ...]
    panes: tuple[tuple[float, float], ...]

    @property
    def length(self) -> float:
        """Length in metres."""
        return self.x[-1] - self.x[0]

    @property
    def height(self) -> float:
        """Height in metres."""
        return max(self.z)

    @property
    def roof(self) -> int:
        """Number of the outline's first point of the roof; the edges at its ends are windows."""
        return self.z.index(self.height) - 1


HATCHBACK = Body(
    share=0.45,
    width=1.72,
    radius=0.31,
    x=(-1.95, -2.0, -1.9, -1.5, -0.1, 0.85, 1.75, 1.98, 1.95),
    z=(0.24, 0.6, 0.95, 1.42, 1.47, 0.98, 0.8, 0.55, 0.24),
    panes=((-1.6, -0.55), (-0.45, 0.65)),
)
SALOON = Body(
    share=0.35,
    width=1.78,
    radius=0.32,
    x=(-2.25, -2.3, -2.2, -1.55, -0.95, 0.1, 1.0, 2.05, 2.28, 2.25),
    z=(0.24, 0.65, 0.95, 1.0, 1.4, 1.43, 0.98, 0.78, 0.55, 0.24),
    panes=((-1.35, -0.3), (-0.2, 0.8)),
)
VAN = Body(
    share=0.16,
    width=1.98,
    radius=0.35,
    x=(-2.5, -2.55, -2.5, -2.42, 1.1, 1.85, 2.45, 2.52, 2.5),
    z=(0.3, 0.9, 1.3, 2.1, 2.15, 1.25, 1.05, 0.65, 0.3),
    panes=((0.2, 1.5),),
)
BUS = Body(
    share=0.04,
    width=2.5,
    radius=0.48,
    x=(-5.6, -5.65, -5.6, -5.55, 5.4, 5.6, 5.62, 5.62, 5.6),
    z=(0.35, 1.1, 1.3, 2.9, 2.95, 1.1, 0.9, 0.6, 0.35),
    panes=tuple((x, x + 1.45) for x in (-5.2, -3.6, -2.0, -0.4, 1.2, 2.8)),
)

BODIES = (HATCHBACK, SALOON, VAN, BUS)
