"""Vehicles: a side outline drawn out to a body, with windows, wheels and lights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bodies import Body
from .config import VEHICLES
from .painter import Painter

_DETAIL_DEPTH = 38.0
_GLASS = np.array([62.0, 56.0, 50.0])
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
        outline = np.array(body.outline)
        half = np.full(len(outline), body.width / 2)
        half[body.first_upper : body.last_upper + 1] -= 0.17 if body.height < 2 else 0.08
        half[0] = half[-1] = body.width / 2 - 0.06
        left = np.stack([outline[:, 0], half, outline[:, 1]], axis=1)
        self._left = left
        self._right = left * (1, -1, 1)
        self._sides = [self._side(sign, outline, half) for sign in (1, -1)]

    def _side(self, sign: int, outline: np.ndarray, half: np.ndarray) -> _Side:
        body = self.body
        # The lower body stands upright, the cabin leans inwards: two polygons.
        belt = (body.first_upper - 1, body.last_upper + 1)
        lower = [
            index
            for index in range(len(outline))
            if not body.first_upper <= index <= body.last_upper
        ]
        upper = list(range(belt[0], belt[1] + 1))
        turn = np.array([1, sign, 1])

        def lift(points: np.ndarray) -> np.ndarray:
            share = (points[:, 1] - outline[belt[0], 1]) / (body.height - outline[belt[0], 1])
            width = np.interp(share, [0, 1], [body.width / 2, half[body.first_upper]]) + 0.005
            return np.stack([points[:, 0], sign * width, points[:, 1]], axis=1)

        angle = np.linspace(0, 2 * np.pi, 15)[:-1]
        ring = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=1)
        hubs = [np.array([x, sign * (body.width / 2 + 0.01), body.radius]) for x in body.wheels]
        return _Side(
            lower=self._left[lower] * turn,
            upper=self._left[upper] * turn,
            windows=[lift(np.array(window)) for window in body.windows],
            arches=[(ring * body.radius * 1.22 + hub)[ring[:, 2] > -0.3] for hub in hubs],
            tyres=[ring * body.radius + hub for hub in hubs],
            rims=[ring * body.radius * 0.62 + hub for hub in hubs],
            normal=np.array([0.0, sign, 0.0]),
        )

    def footprint(self, margin: float) -> np.ndarray:
        """Return [4, 2] vehicle coordinates of the outline on the ground."""
        x = self.body.length / 2 + margin
        y = self.body.width / 2 + margin
        return np.array([(x, y), (x, -y), (-x, -y), (-x, y)])

    def paint(self, painter: Painter, place: np.ndarray, heading: float) -> None:
        """
        Paint the vehicle.

        :param place: world x, y, z of the middle of its footprint
        :param heading: in radians
        """
        cosine, sine = np.cos(heading), np.sin(heading)
        turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
        rotation = painter.view.rotation @ turn
        shift = painter.view.to_camera(place[None])[0]
        eye = turn.T @ (painter.view.centre - place)
        _Drawing(painter, rotation, shift, turn, eye).vehicle(self)


@dataclass(frozen=True)
class _Side:
    lower: np.ndarray
    upper: np.ndarray
    windows: list[np.ndarray]
    arches: list[np.ndarray]
    tyres: list[np.ndarray]
    rims: list[np.ndarray]
    normal: np.ndarray


class _Drawing:
    """One vehicle in one picture; ``eye`` is the camera in the vehicle's coordinates."""

    def __init__(
        self,
        painter: Painter,
        rotation: np.ndarray,
        shift: np.ndarray,
        turn: np.ndarray,
        eye: np.ndarray,
    ) -> None:
        self._painter = painter
        self._rotation = rotation
        self._shift = shift
        self._turn = turn
        self._eye = eye
        self._detailed = float(np.linalg.norm(shift)) < _DETAIL_DEPTH

    def vehicle(self, vehicle: Vehicle) -> None:
        body, paint = vehicle.body, vehicle._paint
        for side in vehicle._sides:
            # The wheels of the far side show below the body.
            if side.normal @ self._eye <= body.width / 2 and self._detailed:
                for tyre in side.tyres:
                    self._fill(tyre * (1, 0.85, 1), _RUBBER, 0.6)
        strips = []
        for edge in range(len(body.outline) - 1):
            quad = np.array(
                [
                    vehicle._left[edge],
                    vehicle._left[edge + 1],
                    vehicle._right[edge + 1],
                    vehicle._right[edge],
                ]
            )
            along = quad[1] - quad[0]
            normal = np.array([-along[2], 0.0, along[0]]) / max(1e-6, float(np.hypot(*along[::2])))
            facing = float(normal @ (self._eye - quad[0]))
            if facing > 0:
                strips.append(
                    (-float(np.linalg.norm(quad.mean(0) - self._eye)), edge, quad, normal)
                )
        sides = [side for side in vehicle._sides if side.normal @ self._eye > body.width / 2]
        for _, edge, quad, normal in sorted(strips, key=lambda strip: strip[0]):
            glass = edge in body.glass
            gain = self._gain(normal)
            self._fill(quad, _GLASS if glass else paint, gain if not glass else 1.0, True)
            if glass and self._detailed:
                self._reflect(quad)
            if not glass and self._detailed:
                self._end_details(vehicle, edge, quad, gain)
        for side in sides:
            self._side(vehicle, side, paint)

    def _side(self, vehicle: Vehicle, side: _Side, paint: np.ndarray) -> None:
        gain = self._gain(side.normal)
        self._fill(side.upper, paint, gain * 1.05, True)
        self._fill(side.lower, paint, gain, True)
        if self._detailed:
            # The lower half of a door looks down at the road and is darker.
            low = side.lower.copy()
            low[:, 2] = np.minimum(low[:, 2], 0.52)
            self._fill(low, paint, gain * 0.72)
        for window in side.windows:
            self._fill(window, _GLASS, 0.9)
            if self._detailed:
                self._reflect(window)
        for arch, tyre, rim in zip(side.arches, side.tyres, side.rims, strict=True):
            self._fill(arch, _RUBBER, 0.5)
            self._fill(tyre, _RUBBER, 0.95, True)
            if self._detailed:
                self._fill(rim, _RIM, gain)

    def _reflect(self, quad: np.ndarray) -> None:
        """Let the upper part of a window mirror the sky."""
        middle = quad.mean(0)
        upper = middle + (quad - middle) * 0.82
        low = np.median(upper[:, 2])
        upper[:, 2] = np.maximum(upper[:, 2], low)
        self._fill(upper, _GLASS * 0.6 + 55.0, 1.0)

    def _end_details(self, vehicle: Vehicle, edge: int, quad: np.ndarray, gain: float) -> None:
        body = vehicle.body
        last = len(body.outline) - 2
        rear = edge == 1
        front = edge in (last - 1, last - 2) and edge == last - 1
        if edge in (0, last):
            self._fill(self._within(quad, 0.0, 0.55, 0.0, 1.0), _DARK, 0.9)
        if not rear and not front:
            return
        lamp = _TAIL_LAMP if rear else _HEAD_LAMP
        high, low = (0.35, 0.95) if rear else (0.25, 0.8)
        if front:
            high, low = 1 - low, 1 - high
        for left, right in ((0.03, 0.2), (0.8, 0.97)):
            self._fill(self._within(quad, high, low, left, right), lamp, 1.0)
        self._fill(self._within(quad, 0.1, 0.45, 0.36, 0.64), _PLATE, gain)

    @staticmethod
    def _within(quad: np.ndarray, low: float, high: float, left: float, right: float) -> np.ndarray:
        """Return a part of a quad: shares along its edge and from its left to its right."""
        start = quad[0] + (quad[3] - quad[0]) * np.array([[left], [right]])
        end = quad[1] + (quad[2] - quad[1]) * np.array([[left], [right]])
        return np.array(
            [
                start[0] + (end[0] - start[0]) * low,
                start[0] + (end[0] - start[0]) * high,
                start[1] + (end[1] - start[1]) * high,
                start[1] + (end[1] - start[1]) * low,
            ]
        )

    def _gain(self, normal: np.ndarray) -> float:
        return self._painter.light.shade(self._turn @ normal)

    def _fill(
        self, points: np.ndarray, colour: np.ndarray, gain: float, labelled: bool = False
    ) -> None:
        self._painter.polygon(
            points @ self._rotation.T + self._shift, colour, gain, VEHICLES if labelled else None
        )
