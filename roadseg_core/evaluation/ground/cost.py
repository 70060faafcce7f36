"""Time the projection and fusion of grids, and for comparison OpenCV's warp of the frames."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from roadseg_core.engines import Engine
from roadseg_core.evaluation.ground.rendered import SIZE, Mounted, segment_cameras
from roadseg_core.ground import CameraGrid, GridSpec, StampedGrid, fuse
from roadseg_core.rendering import Drive, demo_config

_ROUNDS = 100


def measure_cost(engine: Engine, spec: GridSpec) -> dict[str, object]:
    """
    Time the frames of four cameras in one thread, the parts alternating.

    :param engine: with labels and road_probability
    :returns: milliseconds per frame of one camera: median and 95th percentile of each part
    """
    drive = Drive(demo_config(1.0, 1.0, *SIZE))
    mounted = Mounted(drive, spec, engine)
    frames = segment_cameras(drive, 0, engine)
    warps = {name: ground_to_image(grid) for name, grid in mounted.grids.items()}
    stamped: dict[str, StampedGrid] = {}

    def project() -> None:
        for name, images in frames.items():
            stamped[name] = StampedGrid(mounted.grids[name].project(*images).cells, 0)

    def warp() -> None:
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        for name, (labels, _) in frames.items():
            cv2.warpPerspective(labels, warps[name], spec.shape[::-1], flags=flags)

    parts: dict[str, Callable[[], object]] = {
        'project': project,
        'fuse': lambda: fuse(stamped, spec, now_ns=0, max_age_ns=0),
        'warp_perspective': warp,
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        times = np.array([[_seconds(part) for part in parts.values()] for _ in range(_ROUNDS)])
    finally:
        cv2.setNumThreads(threads)
    of_a_frame = times[_ROUNDS // 10 :] * 1e3 / len(frames)
    columns = {name: of_a_frame[:, number] for number, name in enumerate(parts)}
    columns['project_and_fuse'] = columns['project'] + columns['fuse']
    return {
        'label_image': list(engine.info.geometry.input_size),
        'cells': list(spec.shape),
        'cameras': len(frames),
        **{
            f'{name}_ms': {
                'median': round(float(np.median(values)), 3),
                'p95': round(float(np.percentile(values, 95)), 3),
            }
            for name, values in columns.items()
        },
    }


def ground_to_image(grid: CameraGrid) -> np.ndarray:
    """Return float64 [3, 3]: cells (column, row, 1) to pixels of a camera without distortion."""
    spec, pose = grid.spec, grid.pose.matrix
    left, low = (start + spec.resolution / 2 for start in spec.origin)
    cells = np.array([[spec.resolution, 0, left], [0, spec.resolution, low], [0, 0, 0], [0, 0, 1]])
    return np.array(grid.camera.k).reshape(3, 3) @ (np.linalg.inv(pose)[:3] @ cells)


def _seconds(part: Callable[[], object]) -> float:
    started = time.perf_counter()
    part()
    return time.perf_counter() - started
