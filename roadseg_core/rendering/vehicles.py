"""Vehicles: a side outline drawn out to a body, with windows, wheels and lights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from .bodies import BODIES, Body
from .camera import turn_matrix
from .config import VEHICLES
from .painter import Painter
from .texture import palette

_PAINTS = palette(
    '168,166,164 96,94,92 40,38,38 52,48,46 200,200,198 110,68,42 92,58,38 42,38,118 '
    '48,44,92 60,78,52 132,130,126 70,68,66'
)
_GLASS, _MIRROR, _RUBBER, _DARK, _RIM, _HEAD_LAMP, _TAIL_LAMP, _PLATE = palette(
    '62,56,50 92,89,85 30,30,31 38,38,40 128,128,128 214,218,220 40,34,165 170,190,192'
)


class _Face(NamedTuple):
    """
    What is seen from one side of a plane, in vehicle coordinates; ``order`` of painting.

    :param patches: polygons, [N, 3] each, with their colours
    """

    order: int
    origin: np.ndarray
    normal: np.ndarray
    patches: list[tuple[np.ndarray, np.ndarray]]


class Vehicle:
    """A vehicle with its paint; where it stands is said by :class:`Placed`."""

    def __init__(self, body: Body, paint: np.ndarray) -> None:
        self.body = body
        outline = np.array([body.x, body.z]).T
        half = np.full(len(outline), body.width / 2)
        half[body.roof : body.roof + 2] -= 0.17 if body.height < 2 else 0.08
        half[[0, -1]] -= 0.06
        left = np.stack([outline[:, 0], half, outline[:, 1]], axis=1)
        right = left * (1, -1, 1)
        self.faces = [
            _strip(
                edge,
                body,
                paint,
                np.array([left[edge], left[edge + 1], right[edge + 1], right[edge]]),
            )
            for edge in range(len(left) - 1)
        ]
        for sign in (1, -1):
            self.faces += _side(sign, body, paint, left * (1, sign, 1))

    @classmethod
    def random(cls, rng: np.random.Generator) -> Vehicle:
        """Return a vehicle of a kind and colour drawn at random."""
        body = BODIES[rng.choice(len(BODIES), p=[body.share for body in BODIES])]
        return cls(body, _PAINTS[rng.integers(len(_PAINTS))] * rng.uniform(0.8, 1.15))

    def footprint(self, margin: float) -> np.ndarray:
        """Return [4, 2] vehicle coordinates of the outline on the ground."""
        size = self.body.length / 2 + margin, self.body.width / 2 + margin
        return np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * size


def _strip(edge: int, body: Body, paint: np.ndarray, quad: np.ndarray) -> _Face:
    """Return the face across the vehicle at an edge of the outline."""
    normal = np.cross(quad[2] - quad[1], quad[1] - quad[0])
    last = len(body.x) - 2
    patches = _window(quad) if edge in (body.roof - 1, body.roof + 1) else [(quad, paint)]
    if edge in (0, last):
        patches.append((_within(quad, (0.0, 0.55), (0.0, 1.0)), _DARK))
    if edge in (1, last - 1):
        lamp, along = (_TAIL_LAMP, (0.35, 0.95)) if edge == 1 else (_HEAD_LAMP, (0.2, 0.75))
        patches += [(_within(quad, along, across), lamp) for across in ((0.03, 0.2), (0.8, 0.97))]
        patches.append((_within(quad, (0.1, 0.45), (0.36, 0.64)), _PLATE))
    return _Face(1, quad[0], normal / np.linalg.norm(normal), patches)


def _side(sign: int, body: Body, paint: np.ndarray, outline: np.ndarray) -> list[_Face]:
    """Return the left (1) or right (-1) face, and the wheels that show below it from behind."""
    # The lower body stands upright, the cabin leans inwards: two polygons.
    lower = np.delete(outline, [body.roof, body.roof + 1], axis=0)
    upper = outline[body.roof - 1 : body.roof + 3]
    # The lower half of a door looks down at the road and is darker.
    low = np.column_stack([lower[:, :2], np.minimum(lower[:, 2], 0.52)])
    patches = [(upper, paint), (lower, paint), (low, 0.72 * paint)]
    belt, cabin = float(upper[[0, -1], 2].max()), upper[:, ::2].astype(np.float32)
    cabin[:, 0] += 0.08 * (cabin[:, 0].mean() - cabin[:, 0])
    sill, head = belt + 0.02, body.height * 0.94
    for start, end in body.panes:
        frame = np.array([(start, sill), (end, sill), (end, head), (start, head)], np.float32)
        pane = cv2.intersectConvexConvex(cabin, frame)[1][:, 0]
        share = (pane[:, 1] - belt) / (body.height - belt)
        y = np.interp(share, [0, 1], [body.width / 2, abs(upper[1, 1])]) + 0.005
        patches += _window(np.column_stack([pane[:, 0], sign * y, pane[:, 1]]))
    angle = np.linspace(0, 2 * np.pi, 15)[:-1]
    ring = np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=1) * body.radius
    behind = []
    for x in (-0.31 * body.length, 0.31 * body.length):
        hub = np.array([x, sign * (body.width / 2 + 0.01), body.radius])
        arch = (ring * 1.22 + hub)[ring[:, 2] > -0.3 * body.radius]
        patches += [(arch, 0.5 * _RUBBER), (ring + hub, _RUBBER), (ring * 0.62 + hub, _RIM)]
        behind.append(((ring + hub) * (1, 0.85, 1), 0.6 * _RUBBER))
    origin, normal = np.array([0, sign * body.width / 2, 0]), np.array([0.0, sign, 0.0])
    return [_Face(2, origin, normal, patches), _Face(0, origin, -normal, behind)]


def _window(pane: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a window whose upper part mirrors the sky."""
    upper = pane.mean(0) + (pane - pane.mean(0)) * 0.82
    upper[:, 2] = np.maximum(upper[:, 2], np.median(upper[:, 2]))
    return [(pane, _GLASS), (upper, _MIRROR)]


def _within(
    quad: np.ndarray, along: tuple[float, float], across: tuple[float, float]
) -> np.ndarray:
    """Return a part of a quad: shares along its edge and from its left to its right."""
    u = np.array([along[0], along[1], along[1], along[0]])[:, None]
    v = np.array([across[0], across[0], across[1], across[1]])[:, None]
    left, right = quad[0] + u * (quad[1] - quad[0]), quad[3] + u * (quad[2] - quad[3])
    return left + v * (right - left)


@dataclass(frozen=True)
class Placed:
    """A vehicle at one moment: the middle of its footprint in the world, and its heading."""

    anchor: np.ndarray
    heading: float
    vehicle: Vehicle

    def plan(self) -> np.ndarray:
        """Return [4, 2] world x, y of the outline on the ground."""
        turn = turn_matrix(self.heading)[:2, :2]
        return self.vehicle.footprint(0.05) @ turn.T + self.anchor[:2]

    def covers(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return whether world points, arrays of any one shape, lie below the vehicle."""
        cosine, sine = math.cos(self.heading), math.sin(self.heading)
        x, y = x - self.anchor[0], y - self.anchor[1]
        along, across = np.abs(x * cosine + y * sine), np.abs(y * cosine - x * sine)
        body = self.vehicle.body
        return (along <= body.length / 2) & (across <= body.width / 2)

    def paint(self, painter: Painter) -> None:
        """Paint the vehicle: the farther faces first, the sides last."""
        turn = turn_matrix(self.heading)
        rotation = (painter.view.rotation @ turn).T
        shift = painter.view.to_camera(self.anchor)
        eye = turn.T @ (painter.view.centre - self.anchor)
        faces = [face for face in self.vehicle.faces if face.normal @ (eye - face.origin) > 0]

        def order(face: _Face) -> tuple[int, float]:
            return face.order, -float(np.linalg.norm(face.patches[0][0].mean(0) - eye))

        polygons, colours = [], []
        for face in sorted(faces, key=order):
            light = painter.light.shade(turn @ face.normal)
            polygons += [points @ rotation + shift for points, _ in face.patches]
            colours += [colour * light for _, colour in face.patches]
        painter.polygons(polygons, np.array(colours), VEHICLES)
