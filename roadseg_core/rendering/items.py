"""Things that stand beside the road, each able to paint itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .config import INFRASTRUCTURE, VOID
from .facades import Facade
from .painter import Painter
from .street import Street
from .texture import Texture
from .vehicles import Vehicle

UP = np.array([0.0, 0.0, 1.0])


class Item(Protocol):
    """Something to paint; ``anchor`` (world x, y, z) says how far away it is."""

    anchor: np.ndarray

    def paint(self, painter: Painter) -> None:
        """Paint the item into the painter's picture."""


class Wall:
    """
    A picture on an upright parallelogram, seen from one side only.

    :param left: world x, y, z of its lower left corner, as its viewer sees it
    :param right: world x, y, z of its lower right corner
    :param rise: vector from its lower to its upper edge
    """

    def __init__(
        self, left: np.ndarray, right: np.ndarray, rise: np.ndarray, texture: Texture
    ) -> None:
        self._corners = np.array([left + rise, right + rise, right, left])
        normal = np.cross(right - left, rise)
        self.normal = normal / max(1e-9, float(np.linalg.norm(normal)))
        self.anchor = (left + right) / 2
        self._texture = texture

    def paint(self, painter: Painter) -> None:
        """Paint the wall, if it faces the camera."""
        if self.normal @ (painter.view.centre - self.anchor) <= 0:
            return
        painter.wall(
            painter.view.to_camera(self._corners),
            self._texture,
            painter.light.shade(self.normal),
            INFRASTRUCTURE,
        )


class Building:
    """
    A building with front, side walls and, on houses, a pitched roof.

    :param side: 1 on the left of the street, -1 on the right
    :param start: s where it begins
    :param front: distance of its front from the centre line
    """

    def __init__(
        self,
        street: Street,
        facade: Facade,
        side: int,
        start: float,
        front: float,
        depth: float,
        pitched: bool,
    ) -> None:
        self.plan = np.array(
            [
                (start, side * front),
                (start + facade.width, side * front),
                (start + facade.width, side * (front + depth)),
                (start, side * (front + depth)),
            ]
        )
        self.height = facade.height
        near_first, near_last, far_last, far_first = street.points(self.plan)
        rise = UP * facade.height
        # Seen from the road, s grows to the right on the left side of the street.
        ends = (near_first, near_last) if side > 0 else (near_last, near_first)
        self.anchor = (near_first + near_last) / 2
        self._walls = []
        for corner, back, turned in (
            (near_first, far_first, side > 0),
            (near_last, far_last, side < 0),
        ):
            edges = (back, corner) if turned else (corner, back)
            wide = facade.side if depth < 15 else facade.front
            self._walls.append(Wall(*edges, rise, wide))
        self._gables: list[tuple[np.ndarray, np.ndarray]] = []
        self._gable_colour = facade.side.level(4, 4)[..., :3].mean(axis=(0, 1))
        if pitched:
            along = (near_last - near_first) / facade.width
            top = (far_first - near_first) / 2 + UP * (facade.height + depth * 0.32)
            for near, far, normal in (
                (near_first, far_first, -along),
                (near_last, far_last, along),
            ):
                self._gables.append((np.array([near + rise, near + top, far + rise]), normal))
            ridge = (far_first - near_first) / 2 + UP * depth * 0.32
            self._walls.append(Wall(ends[0] + rise, ends[1] + rise, ridge, facade.roof))
        self._walls.append(Wall(*ends, rise, facade.front))

    def paint(self, painter: Painter) -> None:
        """Paint the walls that face the camera."""
        for corners, normal in self._gables:
            if normal @ (painter.view.centre - corners[0]) > 0:
                painter.polygon(
                    painter.view.to_camera(corners),
                    self._gable_colour,
                    painter.light.shade(normal),
                    INFRASTRUCTURE,
                )
        for wall in self._walls:
            wall.paint(painter)


@dataclass(frozen=True)
class Plant:
    """A tree or a bush: a picture that always faces the camera."""

    anchor: np.ndarray
    width: float
    height: float
    texture: Texture

    def paint(self, painter: Painter) -> None:
        """Paint the plant."""
        foot = painter.view.to_camera(self.anchor[None])[0]
        gain = 0.45 + 0.5 * painter.light.shade(UP)
        painter.sprite(foot, self.width, self.height, self.texture, gain, INFRASTRUCTURE)


@dataclass(frozen=True)
class Bars:
    """
    Something made of straight bars: a lamp, a sign, a bin.

    :param bars: for each bar start and end ([3], relative to the anchor), the widths there
        in metres, and a BGR colour
    """

    anchor: np.ndarray
    bars: tuple[tuple[np.ndarray, np.ndarray, tuple[float, float], np.ndarray], ...]
    label: int = INFRASTRUCTURE

    def paint(self, painter: Painter) -> None:
        """Paint the bars in their order."""
        gain = painter.light.shade(np.array([0.0, 0.0, 0.0]))
        ends = np.array([bar[:2] for bar in self.bars]) + self.anchor
        in_camera = painter.view.to_camera(ends.reshape(-1, 3)).reshape(ends.shape)
        painter.limbs(
            in_camera,
            np.array([bar[2] for bar in self.bars]),
            np.array([bar[3] for bar in self.bars]),
            gain,
            self.label,
        )


@dataclass(frozen=True)
class Parked:
    """A vehicle that stands."""

    anchor: np.ndarray
    heading: float
    vehicle: Vehicle

    def paint(self, painter: Painter) -> None:
        """Paint the vehicle."""
        self.vehicle.paint(painter, self.anchor, self.heading)


def make_lamp(
    anchor: np.ndarray, inward: np.ndarray, height: float, rng: np.random.Generator
) -> Bars:
    """Return a street lamp whose arm points along ``inward``, a horizontal unit vector."""
    grey = np.array([88.0, 90, 90]) * rng.uniform(0.6, 1.2)
    top = UP * height
    arm = top + inward * 1.3 + UP * 0.15
    return Bars(
        anchor,
        (
            (UP * 0.0, UP * 1.2, (0.2, 0.18), grey),
            (UP * 1.2, top, (0.13, 0.09), grey),
            (top, arm, (0.08, 0.07), grey),
            (arm, arm + inward * 0.6, (0.16, 0.1), grey * 1.2),
        ),
    )


def make_sign(anchor: np.ndarray, rng: np.random.Generator) -> Bars:
    """Return a traffic sign on a post."""
    colours = np.array([(50, 46, 150), (140, 80, 40), (170, 172, 172), (60, 150, 170)], float)
    post = np.array([110.0, 110, 110])
    plate = UP * rng.uniform(2.2, 2.7)
    shift = UP * 0.12
    return Bars(
        anchor,
        (
            (UP * 0.0, plate, (0.07, 0.07), post),
            (plate, plate + shift, (0.58, 0.58), colours[rng.integers(len(colours))]),
            (plate, plate + shift, (0.4, 0.4), np.array([176.0, 178, 178])),
        ),
    )


def make_bollard(anchor: np.ndarray) -> Bars:
    """Return a dark post that keeps cars off the sidewalk."""
    dark = np.array([44.0, 44, 46])
    return Bars(
        anchor,
        ((UP * 0.08, UP * 0.9, (0.15, 0.13), dark), (UP * 0.72, UP * 0.8, (0.15, 0.15), dark * 3)),
    )


def make_bin(anchor: np.ndarray, rng: np.random.Generator) -> Bars:
    """Return a litter bin: street furniture that the label map counts as void."""
    colour = np.array([(48, 62, 44), (52, 50, 50), (70, 74, 78)], float)[rng.integers(3)]
    return Bars(
        anchor,
        (
            (UP * 0.25, UP * 0.85, (0.5, 0.56), colour),
            (UP * 0.95, UP * 1.0, (0.58, 0.5), colour * 0.6),
        ),
        VOID,
    )
