"""Pinhole cameras on the vehicle, and where their pixels look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CAMERAS = ('front', 'left', 'right', 'rear')

SHIFT = 4
"""Fractional bits of the pixels that OpenCV draws with."""

_NEAR = 0.15
_FAR_PIXEL = 30_000.0


class Intrinsics(NamedTuple):
    """Focal lengths and principal point in pixels; the middle of the first pixel is (0, 0)."""

    fx: float
    fy: float
    cx: float
    cy: float


class Mount(NamedTuple):
    """Where a camera sits on its vehicle, in metres, and how it looks, in degrees."""

    x: float
    """Forward; ``y`` to the left, ``z`` upwards."""
    y: float
    z: float
    yaw: float
    """To the left; ``pitch`` downwards."""
    pitch: float
    field: float
    """Horizontal field of view."""


MOUNTS = {
    'front': Mount(0.6, 0.0, 1.5, 0.0, 3.0, 66.0),
    'left': Mount(0.3, 0.85, 1.5, 90.0, 25.0, 84.0),
    'right': Mount(0.3, -0.85, 1.5, -90.0, 25.0, 84.0),
    'rear': Mount(-1.9, 0.0, 1.5, 180.0, 5.0, 70.0),
}


@dataclass(frozen=True)
class CameraPose:
    """
    One camera at one moment, in the world.

    :param vehicle: x and y of the vehicle in metres, its heading in radians
    :param rotation: float64 [3, 3], world to camera (x right, y down, z forward)
    :param centre: float64 [3], position of the camera
    """

    camera: MountedCamera
    vehicle: tuple[float, float, float]
    rotation: np.ndarray
    centre: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return [N, 3] world points in camera coordinates."""
        return (points - self.centre) @ self.rotation.T

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Return [..., 2] pixels of [..., 3] points in camera coordinates with positive depth."""
        fx, fy, cx, cy = self.camera.intrinsics
        return points[..., :2] / points[..., 2:] * (fx, fy) + (cx, cy)

    def outline(self, points: np.ndarray) -> np.ndarray:
        """
        Return a polygon ([N, 3] in camera coordinates) as OpenCV draws it.

        :returns: int32 [M, 2], pixels with ``SHIFT`` fractional bits; what is behind the camera
            is cut off, and nothing left is M = 0
        """
        if points[:, 2].min() < _NEAR:
            points = _clip(points)
        return fixed(self.to_pixels(points))


def fixed(pixels: np.ndarray) -> np.ndarray:
    """Return float pixels as int32 with ``SHIFT`` fractional bits, kept to what OpenCV draws."""
    return np.rint(pixels.clip(-_FAR_PIXEL, _FAR_PIXEL) * 2**SHIFT).astype(np.int32)


def _clip(points: np.ndarray) -> np.ndarray:
    """Return the part of a polygon in front of the camera."""
    inside = points[:, 2] >= _NEAR
    kept = []
    for index in range(len(points)):
        here, there = points[index - 1], points[index]
        if inside[index - 1] != inside[index]:
            share = (_NEAR - here[2]) / (there[2] - here[2])
            kept.append(here + share * (there - here))
        if inside[index]:
            kept.append(there)
    return np.array(kept).reshape(-1, 3)


class MountedCamera:
    """
    A camera on its vehicle, with the tables that stay the same all drive.

    ``ground_rows`` is the first row that sees the ground; ``ground_x``, ``ground_y`` are
    float32 [rows, W] of where its pixels meet the ground in vehicle coordinates, ``depth``
    float32 [rows] their depth. ``azimuth`` (from the camera's own heading) and ``elevation``
    are the directions of every other pixel of the rows above, float32 in radians.
    """

    def __init__(self, name: str, height: int, width: int) -> None:
        self.name, self.height, self.width = name, height, width
        self.mount = MOUNTS[name]
        *self._place, yaw, pitch, field = self.mount
        # The field holds for 4:3 and wider; a tall image gets the same angle downwards.
        focal = max(width, height * 4 / 3) / 2 / math.tan(math.radians(field) / 2)
        self.intrinsics = Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2)
        self.yaw = math.radians(yaw)
        self._axes = _camera_axes(self.yaw, math.radians(pitch))
        right, down, forward = self._axes
        column = ((np.arange(width) - self.intrinsics.cx) / focal)[None, :, None]
        row = ((np.arange(height) - self.intrinsics.cy) / focal)[:, None, None]
        rays = (right * column + down * row + forward).astype(np.float32)
        slope = -rays[:, 0, 2]
        self.ground_rows = int(np.searchsorted(slope, 1e-3))
        low = rays[self.ground_rows :]
        self.depth = (self.mount.z / slope[self.ground_rows :]).astype(np.float32)
        self.ground_x = self.mount.x + low[..., 0] * self.depth[:, None]
        self.ground_y = self.mount.y + low[..., 1] * self.depth[:, None]
        high = rays[: self.ground_rows : 2, ::2]
        along = high @ np.array([math.cos(self.yaw), math.sin(self.yaw), 0], np.float32)
        across = high @ np.array([-math.sin(self.yaw), math.cos(self.yaw), 0], np.float32)
        self.azimuth = np.arctan2(across, along)
        self.elevation = np.arctan2(high[..., 2], np.hypot(along, across))

    def view(self, x: float, y: float, heading: float) -> CameraPose:
        """Return the camera's view from a vehicle at x, y (metres) heading so (radians)."""
        turn = turn_matrix(heading)
        centre = np.array([x, y, 0.0]) + turn @ np.array(self._place)
        return CameraPose(self, (x, y, heading), self._axes @ turn.T, centre)


def turn_matrix(heading: float) -> np.ndarray:
    """Return float64 [3, 3], the turn about the upright axis from a vehicle to the world."""
    cosine, sine = math.cos(heading), math.sin(heading)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _camera_axes(yaw: float, pitch: float) -> np.ndarray:
    """Return float64 [3, 3]: right, down and forward of a camera in vehicle coordinates."""
    level = math.cos(pitch)
    forward = np.array([math.cos(yaw) * level, math.sin(yaw) * level, -math.sin(pitch)])
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    return np.stack([right, np.cross(forward, right), forward])
