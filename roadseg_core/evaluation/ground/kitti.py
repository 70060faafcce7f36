"""Measure KITTI Road by its protocol on ground grids and in the bird's-eye view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from roadseg_core.data.source import FrameSource
from roadseg_core.engines import Engine
from roadseg_core.evaluation.datasets.birds_eye import (
    AHEAD,
    RESOLUTION,
    SIDE,
    read_calibration,
    read_matrices,
)
from roadseg_core.evaluation.datasets.frames import segment
from roadseg_core.ground import CameraGrid, CameraModel, GridSpec, Pose
from roadseg_core.labels import IGNORE
from roadseg_core.metrics import RoadHistogram

PROTOCOL = GridSpec(
    AHEAD[1] - AHEAD[0],
    SIDE[1] - SIDE[0],
    RESOLUTION,
    x=(AHEAD[0] + AHEAD[1]) / 2,
    y=(SIDE[0] + SIDE[1]) / 2,
)
"""The protocol's grid: 6 to 46 m ahead, 10 m to both sides, in cells of 0.05 m."""

_ROAD_TO_BASE = np.array([[0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
"""From x right, y down, z ahead to x ahead, y left, z up."""


def read_camera(path: Path, size: tuple[int, int]) -> tuple[CameraModel, Pose]:
    """
    Read a calibration file as a camera model and its pose over the road plane.

    :param size: (height, width) of the image
    :raises CalibrationError: if the file is missing or cannot be used
    """
    projection, rectification, road = read_matrices(path)
    k = projection[:3, :3]
    shift = np.eye(4)
    shift[:3, 3] = np.linalg.solve(k, projection[:3, 3])
    optical = shift @ rectification @ np.linalg.inv(road)
    height, width = size
    camera = CameraModel(width, height, 'plumb_bob', tuple(k.ravel().tolist()))
    return camera, Pose.from_matrix(_ROAD_TO_BASE @ np.linalg.inv(optical))


def compare_kitti_road(
    engine: Engine, source: FrameSource, calibrations: Path, on_frame: Callable[[], object]
) -> dict[str, object]:
    """
    Measure MaxF on ground grids, without the ends of rays, and in the bird's-eye view.

    :param engine: with labels and road_probability
    :param calibrations: folder of the frames' calibrations
    """
    grids: dict[tuple[CameraModel, Pose], CameraGrid] = {}
    above, ground = RoadHistogram(), RoadHistogram()
    label_map = engine.info.label_map
    for index in range(len(source)):
        frame = segment(engine, source.load(index), place='camera')
        path = calibrations / f'{frame.name}.txt'
        truth, probability = label_map.road_truth(frame.truth), frame.road_probability
        view = read_calibration(path)
        above.update(view.warp(truth, outside=IGNORE), view.warp(probability, outside=0))
        place = read_camera(path, truth.shape)
        if place not in grids:
            grids[place] = CameraGrid(*place, PROTOCOL, label_map)
        grid = grids[place]
        ground.update(grid.from_above(truth, IGNORE), grid.from_above(probability, 0))
        on_frame()
    return {
        'frames': len(source),
        'birds_eye_view': above.scores().to_dict(),
        'ground_grid': ground.scores().to_dict(),
    }
