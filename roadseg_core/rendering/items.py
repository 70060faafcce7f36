"""Things that stand beside the road, each able to paint itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .config import INFRASTRUCTURE
from .painter import Painter
from .pictures import Facade
from .street import Street
from .texture import Texture, palette

UP = np.array([0.0, 0.0, 1.0])

_PLATES = palette('50,46,150 140,80,40 170,172,172 60,150,170')


class Item(Protocol):
    """Something to paint; ``anchor`` (world x, y, z) says how far away it is."""

    anchor: np.ndarray

    def paint(self, painter: Painter) -> None:
        """Paint the item into the painter's picture."""


class Wall:
    """
    A picture or a colour on an upright polygon, seen from one side only.

    :param corners: [N, 3], world x, y, z, clockwise for its viewer; a picture's are upper left,
        upper right, lower right, lower left
    :param face: the picture, or float [3] BGR
    :param anchor: of what the wall is part of
    """

    def __init__(self, corners: np.ndarray, face: Texture | np.ndarray, anchor: np.ndarray) -> None:
        self._corners = corners
        normal = np.cross(corners[1] - corners[0], corners[0] - corners[-1])
        self._normal = normal / max(1e-9, float(np.linalg.norm(normal)))
        self.anchor = anchor
        self._face = face

    def paint(self, painter: Painter) -> None:
        """Paint the wall if the camera is in front of it."""
        if self._normal @ (painter.view.centre - self._corners[0]) <= 0:
            return
        corners = painter.view.to_camera(self._corners)
        gain = painter.light.shade(self._normal)
        if isinstance(self._face, Texture):
            painter.picture(corners, self._face, gain, INFRASTRUCTURE)
        else:
            painter.polygons([corners], gain * self._face[None], INFRASTRUCTURE)


def standing(left: np.ndarray, right: np.ndarray, rise: np.ndarray) -> np.ndarray:
    """Return [4, 3], the corners of a wall on a lower edge as its viewer sees it."""
    return np.array([left + rise, right + rise, right, left])


def make_building(street: Street, facade: Facade, plan: np.ndarray) -> list[Wall]:
    """
    Return front and side walls, and a pitched roof with its gables where the facade has one.

    :param plan: [4, 2], (s, d) of the front's left and right end as seen from the road, then of
        the back's right and left end
    """
    left, right, far_right, far_left = street.points(plan)
    anchor, rise = (left + right) / 2, UP * facade.height
    sides = (far_left, left), (right, far_right)
    depth = np.ptp(plan[:, 1])
    # A deep building stands at a corner: its sides are fronts as well.
    blank = facade.side if depth < 15 else facade.front
    walls = [Wall(standing(left, right, rise), facade.front, anchor)]
    walls += [Wall(standing(*side, rise), blank, anchor) for side in sides]
    if facade.pitched:
        ridge = (far_left - left) / 2 + UP * 0.32 * depth
        pitch = standing(left + rise, right + rise, ridge)
        walls.append(Wall(pitch, facade.roof, anchor))
        colour = facade.side.level(4, 4).mean(axis=(0, 1))
        for start, end in sides:
            top = (start + end) / 2 + UP * 0.32 * depth
            walls.append(Wall(np.array([top, end, start]) + rise, colour, anchor))
    return walls


@dataclass(frozen=True)
class Plant:
    """A tree or a bush: a picture that always faces the camera; width and height in metres."""

    anchor: np.ndarray
    size: tuple[float, float]
    texture: Texture

    def paint(self, painter: Painter) -> None:
        """Paint the plant."""
        foot = painter.view.to_camera(self.anchor)
        if foot[2] > 1:
            gain = 0.45 + 0.5 * painter.light.shade(UP)
            across, up = np.diag([self.size[0] / 2, -self.size[1], 0])[:2]
            corners = standing(foot - across, foot + across, up)
            painter.picture(corners, self.texture, gain, INFRASTRUCTURE)


class Bars:
    """
    Something made of straight bars: a lamp, a sign.

    :param bars: for each bar start and end ([3], relative to the anchor), the widths there
        in metres, and a BGR colour
    """

    def __init__(
        self,
        anchor: np.ndarray,
        *bars: tuple[np.ndarray, np.ndarray, tuple[float, float], np.ndarray],
    ) -> None:
        self.anchor = anchor
        self._ends = np.array([bar[:2] for bar in bars]) + anchor
        self._widths = np.array([bar[2] for bar in bars])
        self._colours = np.array([bar[3] for bar in bars])

    def paint(self, painter: Painter) -> None:
        """Paint the bars in their order."""
        colours = self._colours * painter.light.shade(0 * UP)
        painter.limbs(painter.view.to_camera(self._ends), self._widths, colours, INFRASTRUCTURE)


def make_lamp(
    anchor: np.ndarray, inward: np.ndarray, height: float, rng: np.random.Generator
) -> Bars:
    """Return a street lamp whose arm points along ``inward``, a horizontal unit vector."""
    grey = np.array([88.0, 90, 90]) * rng.uniform(0.6, 1.2)
    top = UP * height
    arm = top + inward * 1.3 + UP * 0.15
    return Bars(
        anchor,
        (UP * 0.0, UP * 1.2, (0.2, 0.18), grey),
        (UP * 1.2, top, (0.13, 0.09), grey),
        (top, arm, (0.08, 0.07), grey),
        (arm, arm + inward * 0.6, (0.16, 0.1), grey * 1.2),
    )


def make_sign(anchor: np.ndarray, rng: np.random.Generator) -> Bars:
    """Return a traffic sign on a post."""
    plate = UP * rng.uniform(2.2, 2.7)
    upper = plate + UP * 0.12
    return Bars(
        anchor,
        (UP * 0.0, plate, (0.07, 0.07), np.full(3, 110.0)),
        (plate, upper, (0.58, 0.58), _PLATES[rng.integers(len(_PLATES))]),
        (plate, upper, (0.4, 0.4), np.array([176.0, 178, 178])),
    )
