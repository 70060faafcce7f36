"""Vehicles: a side outline drawn out to a body, with windows, wheels and lights."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .bodies import BODIES, Body
from .camera import turn_matrix
from .config import VEHICLES
from .painter import Painter, Part
from .texture import palette

_DETAIL_DEPTH = 38.0
_PAINTS = palette(
    '168,166,164 96,94,92 40,38,38 52,48,46 200,200,198 110,68,42 92,58,38 42,38,118 '
    '48,44,92 60,78,52 132,130,126 70,68,66'
)
_GLASS = np.array([62.0, 56.0, 50.0])
_MIRROR = _GLASS * 0.6 + 55.0
_RUBBER = np.array([30.0, 30.0, 31.0])
_DARK = np.array([38.0, 38.0, 40.0])
_RIM = np.array([128.0, 128.0, 128.0])
_HEAD_LAMP = np.array([214.0, 218.0, 220.0])
_TAIL_LAMP = np.array([40.0, 34.0, 165.0])
_PLATE = np.array([170.0, 190.0, 192.0])


class Vehicle:
    """A vehicle with its paint; where it stands is said when it is painted."""

    def __init__(self, body: Body, paint: np.ndarray) -> None:
        self.body = body
        self._paint = paint
        outline = np.array([body.x, body.z]).T
        half = np.full(len(outline), body.width / 2)
        half[slice(body.roof[0], body.roof[1] + 1)] -= 0.17 if body.height < 2 else 0.08
        half[[0, -1]] -= 0.06
        left = np.stack([outline[:, 0], half, outline[:, 1]], axis=1)
        right = left * (1, -1, 1)
        # From the left of an edge to its right, and on to the next edge's.
        self._strips = np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1)
        along = np.diff(outline, axis=0)
        normals = np.stack([-along[:, 1], 0 * along[:, 0], along[:, 0]], axis=1)
        self._normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        self._sides = [self._side(sign, left * (1, sign, 1)) for sign in (1, -1)]

    @classmethod
    def random(cls, rng: np.random.Generator) -> Vehicle:
        """Return a vehicle of a kind and colour drawn at random."""
        body = BODIES[rng.choice(len(BODIES), p=[body.share for body in BODIES])]
        return cls(body, _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.8, 1.15))

    def _side(self, sign: int, outline: np.ndarray) -> _Side:
        body = self.body
        # The lower body stands upright, the cabin leans inwards: two polygons.
        first, last = body.roof
        lower = np.delete(outline, slice(first, last + 1), axis=0)
        upper = outline[first - 1 : last + 2]
        belt = upper[0, 2]
        low = lower.copy()
        low[:, 2] = np.minimum(low[:, 2], 0.52)
        windows = []
        cabin = upper[:, ::2].astype(np.float32)
        cabin[:, 0] += 0.08 * (cabin[:, 0].mean() - cabin[:, 0])
        for x in body.panes:
            frame = np.array(
                [(end, z) for end, z in zip(np.repeat(x, 2), body.sill + body.sill[::-1])]
            )
            pane = cv2.intersectConvexConvex(cabin, frame.astype(np.float32))[1][:, 0]
            share = (pane[:, 1] - belt) / (body.height - belt)
            y = np.interp(share, [0, 1], [body.width / 2, abs(upper[1, 1])]) + 0.005
            windows.append(np.stack([pane[:, 0], sign * y, pane[:, 1]], axis=1))
        angle = np.linspace(0, 2 * np.pi, 15)[:-1]
        ring = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=1) * body.radius
        wheels = []
        for x in body.wheels:
            hub = np.array([x, sign * (body.width / 2 + 0.01), body.radius])
            arch = (ring * 1.22 + hub)[ring[:, 2] > -0.3 * body.radius]
            wheels.append((arch, ring + hub, ring * 0.62 + hub))
        return _Side(lower, upper, low, windows, wheels, np.array([0.0, sign, 0.0]))

    def footprint(self, margin: float) -> np.ndarray:
        """Return [4, 2] vehicle coordinates of the outline on the ground."""
        size = self.body.length / 2 + margin, self.body.width / 2 + margin
        return np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * size


@dataclass(frozen=True)
class _Side:
    """One side; ``wheels`` are arch, tyre and rim of each."""

    lower: np.ndarray
    upper: np.ndarray
    low: np.ndarray
    windows: list[np.ndarray]
    wheels: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    normal: np.ndarray


@dataclass(frozen=True)
class Placed:
    """
    A vehicle that stands or moves somewhere at one moment.

    :param anchor: world x, y, z of the middle of its footprint
    :param heading: in radians
    """

    anchor: np.ndarray
    heading: float
    vehicle: Vehicle

    def plan(self) -> np.ndarray:
        """Return [4, 2] world x, y of the outline on the ground."""
        turn = turn_matrix(self.heading)[:2, :2]
        return self.vehicle.footprint(0.05) @ turn.T + self.anchor[:2]

    def paint(self, painter: Painter) -> None:
        """Paint the vehicle."""
        _Drawing(painter, self).paint(self.vehicle)


class _Drawing:
    """One vehicle in one picture."""

    def __init__(self, painter: Painter, placed: Placed) -> None:
        self._painter = painter
        self._parts: list[Part] = []
        self._turn = turn_matrix(placed.heading)
        self._rotation = (painter.view.rotation @ self._turn).T
        self._shift = painter.view.to_camera(placed.anchor)
        # The camera in the vehicle's coordinates.
        self._eye = self._turn.T @ (painter.view.centre - placed.anchor)
        self._detailed = float(np.linalg.norm(self._shift)) < _DETAIL_DEPTH

    def paint(self, vehicle: Vehicle) -> None:
        body, eye = vehicle.body, self._eye
        near = [side.normal @ eye > body.width / 2 for side in vehicle._sides]
        for side, shown in zip(vehicle._sides, near):
            # The wheels of the far side show below the body.
            if not shown and self._detailed:
                for _, tyre, _ in side.wheels:
                    self._fill(tyre * (1, 0.85, 1), _RUBBER, 0.6)
        strips, normals = vehicle._strips, vehicle._normals
        facing = np.einsum('ij,ij->i', normals, eye - strips[:, 0]) > 0
        distance = np.linalg.norm(strips.mean(1) - eye, axis=1)
        for edge in np.argsort(-distance, kind='stable'):
            if not facing[edge]:
                continue
            quad = strips[edge]
            if edge in body.glass:
                self._fill(quad, _GLASS, 1.0, True)
                self._reflect(quad)
                continue
            gain = self._gain(normals[edge])
            self._fill(quad, vehicle._paint, gain, True)
            if self._detailed:
                self._end_details(edge, len(strips) - 1, quad, gain)
        for side, shown in zip(vehicle._sides, near):
            if shown:
                self._side(vehicle._paint, side)
        self._painter.polygons(self._parts)

    def _side(self, paint: np.ndarray, side: _Side) -> None:
        gain = self._gain(side.normal)
        self._fill(side.upper, paint, gain * 1.05, True)
        self._fill(side.lower, paint, gain, True)
        if self._detailed:
            # The lower half of a door looks down at the road and is darker.
            self._fill(side.low, paint, gain * 0.72)
        for window in side.windows:
            self._fill(window, _GLASS, 0.9)
            self._reflect(window)
        for arch, tyre, rim in side.wheels:
            self._fill(arch, _RUBBER, 0.5)
            self._fill(tyre, _RUBBER, 0.95, True)
            if self._detailed:
                self._fill(rim, _RIM, gain)

    def _reflect(self, window: np.ndarray) -> None:
        """Let the upper part of a window mirror the sky."""
        if self._detailed:
            middle = window.mean(0)
            upper = middle + (window - middle) * 0.82
            upper[:, 2] = np.maximum(upper[:, 2], np.median(upper[:, 2]))
            self._fill(upper, _MIRROR, 1.0)

    def _end_details(self, edge: int, last: int, quad: np.ndarray, gain: float) -> None:
        """Add the bumpers, and above them lamps and plates."""
        if edge in (0, last):
            self._fill(_within(quad, (0.0, 0.55), (0.0, 1.0)), _DARK, 0.9)
        if edge not in (1, last - 1):
            return
        rear = edge == 1
        for across in ((0.03, 0.2), (0.8, 0.97)):
            if rear:
                self._fill(_within(quad, (0.35, 0.95), across), _TAIL_LAMP, 1.0)
            else:
                self._fill(_within(quad, (0.2, 0.75), across), _HEAD_LAMP, 1.0)
        self._fill(_within(quad, (0.1, 0.45), (0.36, 0.64)), _PLATE, gain)

    def _gain(self, normal: np.ndarray) -> float:
        return self._painter.light.shade(self._turn @ normal)

    def _fill(
        self, points: np.ndarray, colour: np.ndarray, gain: float, labelled: bool = False
    ) -> None:
        label = VEHICLES if labelled else None
        points = points @ self._rotation + self._shift
        self._parts.append(Part(points, colour, gain, label))


def _within(
    quad: np.ndarray, along: tuple[float, float], across: tuple[float, float]
) -> np.ndarray:
    """Return a part of a quad: shares along its edge and from its left to its right."""
    u = np.array([along[0], along[1], along[1], along[0]])[:, None]
    v = np.array([across[0], across[0], across[1], across[1]])[:, None]
    left, right = quad[0] + u * (quad[1] - quad[0]), quad[3] + u * (quad[2] - quad[3])
    return left + v * (right - left)
