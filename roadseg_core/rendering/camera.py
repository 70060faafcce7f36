"""Pinhole cameras on the vehicle, and where their pixels look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CAMERAS = ('front', 'left', 'right', 'rear')

NEAR = 0.15
"""Metres in front of a camera where polygons are cut off."""


class Intrinsics(NamedTuple):
    """Focal lengths and principal point in pixels; the middle of the first pixel is (0, 0)."""

    fx: float
    fy: float
    cx: float
    cy: float


@dataclass(frozen=True)
class Mount:
    """
    Say where a camera sits on the vehicle (x forward, y left, z up; metres and degrees).

    :param yaw: to the left of straight ahead
    :param pitch: downwards
    :param field: horizontal field of view
    """

    x: float
    y: float
    z: float
    yaw: float
    pitch: float
    field: float


MOUNTS = {
    'front': Mount(0.6, 0.0, 1.5, 0.0, 3.0, 66.0),
    'left': Mount(0.3, 0.85, 1.5, 90.0, 25.0, 84.0),
    'right': Mount(0.3, -0.85, 1.5, -90.0, 25.0, 84.0),
    'rear': Mount(-1.9, 0.0, 1.5, 180.0, 5.0, 70.0),
}


@dataclass(frozen=True)
class View:
    """
    One camera at one moment, in the world.

    :param rotation: float64 [3, 3], world to camera (x right, y down, z forward)
    :param centre: float64 [3], position of the camera
    """

    rotation: np.ndarray
    centre: np.ndarray
    intrinsics: Intrinsics
    height: int
    width: int

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Return [N, 3] world points in camera coordinates."""
        return (points - self.centre) @ self.rotation.T

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Return [N, 2] pixels of [N, 3] points in camera coordinates with positive depth."""
        focal = np.array([self.intrinsics.fx, self.intrinsics.fy])
        middle = np.array([self.intrinsics.cx, self.intrinsics.cy])
        return points[:, :2] / points[:, 2:] * focal + middle


class Camera:
    """
    A camera with the tables that stay the same all drive.

    ``ground_rows`` is the first row that sees the ground; ``ground_x``, ``ground_y`` are
    float32 [rows, W] of where its pixels meet the ground in vehicle coordinates, ``depth``
    float32 [rows] their depth. ``azimuth`` and ``elevation`` (float32 [H', W], radians) are
    the directions of the rows above, ``azimuth`` from the camera's own heading.
    """

    def __init__(self, name: str, height: int, width: int) -> None:
        if name not in MOUNTS:
            raise ValueError(f'unknown camera {name!r}; expected one of {", ".join(CAMERAS)}')
        self.name = name
        self.height = height
        self.width = width
        self.mount = MOUNTS[name]
        # The field holds for 4:3 and wider; a tall image gets the same angle downwards.
        focal = max(width, height * 4 / 3) / 2 / math.tan(math.radians(self.mount.field) / 2)
        self.intrinsics = Intrinsics(focal, focal, (width - 1) / 2, (height - 1) / 2)
        self.yaw = math.radians(self.mount.yaw)
        self._axes = _camera_axes(self.yaw, math.radians(self.mount.pitch))
        self._build_tables()

    def _build_tables(self) -> None:
        fx, fy, cx, cy = self.intrinsics
        right, down, forward = self._axes
        column = ((np.arange(self.width) - cx) / fx)[None, :, None]
        row = ((np.arange(self.height) - cy) / fy)[:, None, None]
        rays = (right * column + down * row + forward).astype(np.float32)
        slope = -rays[:, 0, 2]
        self.ground_rows = int(np.searchsorted(slope, 1e-3))
        low = rays[self.ground_rows :]
        self.depth = (self.mount.z / slope[self.ground_rows :]).astype(np.float32)
        self.ground_x = self.mount.x + low[..., 0] * self.depth[:, None]
        self.ground_y = self.mount.y + low[..., 1] * self.depth[:, None]
        high = rays[: self.ground_rows]
        along = high @ np.array([math.cos(self.yaw), math.sin(self.yaw), 0], np.float32)
        across = high @ np.array([-math.sin(self.yaw), math.cos(self.yaw), 0], np.float32)
        self.azimuth = np.arctan2(across, along)
        self.elevation = np.arctan2(high[..., 2], np.hypot(along, across))

    def view(self, x: float, y: float, heading: float) -> View:
        """Return the camera's view from a vehicle at x, y (metres) heading so (radians)."""
        cosine, sine = math.cos(heading), math.sin(heading)
        turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
        mount = np.array([self.mount.x, self.mount.y, self.mount.z])
        return View(
            rotation=self._axes @ turn.T,
            centre=np.array([x, y, 0.0]) + turn @ mount,
            intrinsics=self.intrinsics,
            height=self.height,
            width=self.width,
        )


def _camera_axes(yaw: float, pitch: float) -> np.ndarray:
    """Return float64 [3, 3]: right, down and forward of a camera in vehicle coordinates."""
    forward = np.array(
        [math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), -math.sin(pitch)]
    )
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    return np.stack([right, np.cross(forward, right), forward])
