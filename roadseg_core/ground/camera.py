"""Keep the ground maps of a camera; make new ones when its calibration or pose changes."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from roadseg_core.geometry import View
from roadseg_core.ground.camera_model import CameraModel
from roadseg_core.ground.grid import GridSpec
from roadseg_core.ground.pose import Pose
from roadseg_core.ground.projection import CLEARANCE, ROAD_THRESHOLD, CameraGrid
from roadseg_core.labels import LabelMap

_STILL_METRES = 0.005
_STILL_RADIANS = 0.001
"""A pose that moved less keeps its maps: 10 m away, points move by less than a cell of 0.1 m."""


class NotReadyError(ValueError):
    """Maps that are still being made."""


def map_maker() -> ThreadPoolExecutor:
    """Return the thread that makes maps, at a low priority: labels must not wait for them."""
    return ThreadPoolExecutor(1, thread_name_prefix='ground maps', initializer=_yield_to_others)


def _yield_to_others() -> None:
    # Linux gives every thread a priority of its own.
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


class GroundCamera:
    """
    Keep a camera's maps.

    :param making: makes maps, which takes a tenth of a second
    :param hood: share of the image's height, at its lower end, that shows the own vehicle
    :param rectified: whether the images are rectified
    :param clearance: as :class:`CameraGrid` takes it, as ``road_threshold``
    """

    def __init__(
        self,
        spec: GridSpec,
        making: ThreadPoolExecutor,
        *,
        hood: float = 0.0,
        rectified: bool = False,
        clearance: float = CLEARANCE,
        road_threshold: float = ROAD_THRESHOLD,
    ) -> None:
        self._spec = spec
        self._making = making
        self._hood = hood
        self._rectified = rectified
        self._rules = {'clearance': clearance, 'road_threshold': road_threshold}
        self._made_of: tuple[str, View, LabelMap] | None = None
        self._pose = np.eye(4)
        self._made: Future[CameraGrid] | None = None

    def maps(
        self, info: Mapping[str, Any], pose: np.ndarray, view: View, label_map: LabelMap
    ) -> CameraGrid:
        """
        Return the maps of a frame's labels, at the network's size.

        :param info: the values of its CameraInfo, as :meth:`CameraModel.from_camera_info` takes
            them
        :param pose: float64 [4, 4], from the optical frame to the base frame
        :param view: how the frame became the network's input
        :raises NotReadyError: while they are being made
        :raises ValueError: if nothing can be made of calibration and pose
        """
        # Compared as text: a NaN of a damaged calibration is not equal to itself.
        made_of = repr(info), view, label_map
        if self._made is None or (
            self._made.done() and (made_of != self._made_of or _moved(self._pose, pose))
        ):
            self._made_of, self._pose = made_of, pose
            self._made = self._making.submit(self._make, info, pose, view, label_map)
        if not self._made.done() or made_of != self._made_of:
            raise NotReadyError('its maps are being made')
        if (error := self._made.exception()) is not None:
            # Its traceback would grow with every frame, and keep all their arrays alive.
            raise error.with_traceback(None)
        return self._made.result()

    def _make(
        self, info: Mapping[str, Any], pose: np.ndarray, view: View, label_map: LabelMap
    ) -> CameraGrid:
        camera = CameraModel.from_camera_info(**info, rectified=self._rectified)
        camera = camera.without_hood(self._hood).viewed(view)
        return CameraGrid(camera, Pose.from_matrix(pose), self._spec, label_map, **self._rules)


def _moved(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether a pose differs from that of the maps by more than maps can show."""
    shift = np.linalg.norm(after[:3, 3] - before[:3, 3])
    # Of rotation matrices the norm of the difference is sqrt(2) times the angle, where that is low.
    turn = np.linalg.norm(after[:3, :3] - before[:3, :3]) / np.sqrt(2.0)
    return not (shift <= _STILL_METRES and turn <= _STILL_RADIANS)
