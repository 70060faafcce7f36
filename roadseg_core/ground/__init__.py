"""The road on the ground in metres: from label images, camera calibration and pose to grids."""

from __future__ import annotations

from .camera_model import CameraModel
from .fusion import FusedGrid, StampedGrid, fuse
from .grid import END, UNKNOWN, GridSpec
from .pose import Pose
from .projection import EDGE, CameraGrid, GroundView

__all__ = [
    'CameraGrid',
    'CameraModel',
    'EDGE',
    'END',
    'FusedGrid',
    'GridSpec',
    'GroundView',
    'Pose',
    'StampedGrid',
    'UNKNOWN',
    'fuse',
]
