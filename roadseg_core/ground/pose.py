"""A pose places a camera's optical frame over the ground plane of its vehicle."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Pose:
    """
    Place an optical frame (x right, y down, z forward) in ``base_link``.

    ``base_link`` has x forward, y left and z up; the ground is its plane z = 0. The angles are
    those of URDF and tf: turns about the fixed x, y and z axes, one after another. A camera that
    looks straight ahead has roll -pi/2, pitch 0, yaw -pi/2.

    :param x: metres, as ``y`` and ``z``
    :param roll: radians, as ``pitch`` and ``yaw``
    :raises ValueError: if a number is not finite, or the camera is not over the ground
    """

    x: float
    y: float
    z: float
    roll: float
    pitch: float
    yaw: float

    def __post_init__(self) -> None:
        values = astuple(self)
        if not np.isfinite(values).all():
            raise ValueError(f'camera pose {list(values)}; expected six finite numbers')
        if self.z <= 0:
            raise ValueError(
                f'camera pose with z = {self.z:g} m: it is not over the ground, which is z = 0 of '
                'base_link; expected the height of the camera in metres'
            )

    @classmethod
    def mounted(
        cls, x: float, y: float, z: float, *, yaw: float = 0.0, down: float = 0.0, lean: float = 0.0
    ) -> Pose:
        """
        Place a camera by how it is mounted.

        :param yaw: radians to the left of straight ahead
        :param down: radians that it looks below the horizon
        :param lean: radians that it is turned clockwise about its own axis, seen from behind it
        """
        forward = np.array(
            [math.cos(yaw) * math.cos(down), math.sin(yaw) * math.cos(down), -math.sin(down)]
        )
        level = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
        low = np.cross(forward, level)
        right = math.cos(lean) * level + math.sin(lean) * low
        matrix = np.eye(4)
        matrix[:3] = np.stack([right, np.cross(forward, right), forward, (x, y, z)], axis=1)
        return cls.from_matrix(matrix)

    @classmethod
    def from_matrix(cls, matrix: np.ndarray) -> Pose:
        """
        Read the pose from the transform that brings points of the optical frame to ``base_link``.

        :param matrix: [4, 4]
        :raises ValueError: if it is no rotation and translation, or the camera is not over ground
        """
        matrix = np.asarray(matrix, np.float64)
        turn = matrix[:3, :3]
        if (
            matrix.shape != (4, 4)
            or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-4)
            or np.linalg.det(turn) < 0
            or not np.allclose(matrix[3], (0, 0, 0, 1))
        ):
            raise ValueError(
                f'camera transform {matrix.tolist()}; expected a rotation and a translation, '
                '4 x 4, with the last row 0 0 0 1'
            )
        pitch = math.asin(max(-1.0, min(1.0, -turn[2, 0])))
        if abs(turn[2, 0]) < 1 - 1e-12:
            roll = math.atan2(turn[2, 1], turn[2, 2])
            yaw = math.atan2(turn[1, 0], turn[0, 0])
        else:  # roll and yaw turn about one axis: all is said by yaw
            roll, yaw = 0.0, math.atan2(-turn[0, 1], turn[1, 1])
        return cls(*matrix[:3, 3].tolist(), roll, pitch, yaw)

    @cached_property
    def matrix(self) -> np.ndarray:
        """Return float64 [4, 4]: brings points of the optical frame to ``base_link``."""
        (cr, sr), (cp, sp), (cy, sy) = (
            (math.cos(angle), math.sin(angle)) for angle in (self.roll, self.pitch, self.yaw)
        )
        return np.array(
            [
                [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, self.x],
                [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, self.y],
                [-sp, cp * sr, cp * cr, self.z],
                [0, 0, 0, 1],
            ]
        )

    def to_optical(self, points: np.ndarray) -> np.ndarray:
        """Return [N, 3] points of ``base_link`` in the optical frame."""
        return (points - self.matrix[:3, 3]) @ self.matrix[:3, :3]
