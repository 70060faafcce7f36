"""Compare the grids of rendered drives with the exact ground."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from roadseg_core.engines import Engine
from roadseg_core.ground import CameraGrid, CameraModel, GridSpec, Pose, StampedGrid, fuse
from roadseg_core.labels import SEVEN, LabelMap
from roadseg_core.metrics import GroundCounts
from roadseg_core.rendering import Drive, DriveConfig
from roadseg_core.rendering.config import DEMO_LAYOUTS, ROAD, SIDEWALK

SIZE = (480, 640)
"""(height, width) of the rendered images."""

HOOD = 0.05
"""Share of the images' height in which the cameras see their own vehicle."""

PITCH_ERROR = 1.0
"""Degrees by which the cameras' assumed pitch is wrong, both ways, beside none."""

WITHIN = (10.0, 15.0, 20.0)
"""Distances in metres that figures are given within."""

SEEDS = (11, 23, 47)
"""Of the drives, which have the demo's street families in turn: training sees none of them."""

_SECONDS, _FPS = 20.0, 15.0
_EDGE_RANGE = (9.0, 11.0)
_FINE = 0.025


@dataclass
class Comparison:
    """
    Hold what is counted of the grids that one source of labels gives.

    :param by_error: counts by the error of the assumed pitch, in degrees
    :param edges: metres between ends of rays at the sidewalk, about 10 m away, and the kerb
    """

    by_error: dict[float, GroundCounts] = field(default_factory=dict)
    edges: list[np.ndarray] = field(default_factory=list)

    def to_dict(self, resolution: float) -> dict[str, object]:
        """Return the figures as plain JSON types."""
        off = np.concatenate(self.edges)
        return {
            **_figures(self.by_error[0.0]),
            'edges_at_10_m': {
                'edges': len(off),
                'median_m': round(float(np.median(off)), 3),
                'p95_m': round(float(np.percentile(off, 95)), 3),
                'within_a_cell': round(float((off <= resolution).mean()), 4),
            },
            'pitch_error': {
                f'{error:+g}': _figures(counts) for error, counts in self.by_error.items() if error
            },
        }


@dataclass(frozen=True)
class Moment:
    """
    Hold what the cameras of a drive say at one moment.

    :param truth: uint8 [rows, columns]: 1 road, 0 not
    :param exact: int8 [rows, columns], fused, from exact labels; ``model`` from the engine's
    """

    truth: np.ndarray
    exact: np.ndarray
    model: np.ndarray


class Mounted:
    """The grids of a drive's cameras, for labels of one place."""

    def __init__(
        self, drive: Drive, spec: GridSpec, label_map: LabelMap, engine: Engine | None, error: float
    ) -> None:
        self.spec = spec
        self.grids = {}
        for name in drive.cameras:
            camera = camera_model(drive, name).without_hood(HOOD)
            if engine is not None:
                camera = camera.viewed(engine.info.geometry.view(SIZE))
            self.grids[name] = CameraGrid(camera, camera_pose(drive, name, error), spec, label_map)

    def fused(self, labels: dict[str, tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """Return the fused cells, and the edges [N] of all cameras."""
        views = {name: self.grids[name].project(*images) for name, images in labels.items()}
        stamped = {name: StampedGrid(view.cells, 0) for name, view in views.items()}
        return fuse(stamped, self.spec, now_ns=0, max_age_ns=0).cells, np.concatenate(
            [view.edge for view in views.values()]
        )


def camera_model(drive: Drive, name: str) -> CameraModel:
    """Return the model of a rendered camera."""
    fx, fy, cx, cy = drive.intrinsics(name)
    height, width = drive.config.height, drive.config.width
    return CameraModel(width, height, 'plumb_bob', (fx, 0, cx, 0, fy, cy, 0, 0, 1))


def camera_pose(drive: Drive, name: str, error: float = 0.0) -> Pose:
    """Return the pose of a rendered camera; ``error`` degrees too far down."""
    mount = drive.mount(name)
    return Pose.mounted(
        mount.x,
        mount.y,
        mount.z,
        yaw=math.radians(mount.yaw),
        down=math.radians(mount.pitch + error),
    )


def compare_drives(
    engine: Engine,
    spec: GridSpec,
    *,
    moments: int,
    on_moment: Callable[[Moment], None] = lambda moment: None,
) -> dict[str, Comparison]:
    """
    Compare drives with their ground, by exact labels and by a model's.

    :param engine: with labels and road_probability
    :param moments: of each drive, evenly spread over its time
    :param on_moment: called with each
    :returns: by ``exact`` and ``model``
    """
    found = {'exact': Comparison(), 'model': Comparison()}
    errors = (0.0, -PITCH_ERROR, PITCH_ERROR)
    centres = spec.centres()
    distance = np.hypot(*centres.transpose(2, 0, 1))
    for number, seed in enumerate(SEEDS):
        layout = DEMO_LAYOUTS[number % len(DEMO_LAYOUTS)]
        drive = Drive(DriveConfig(seed, layout, _SECONDS, _FPS, *SIZE))
        sources = {
            'exact': [Mounted(drive, spec, SEVEN, None, error) for error in errors],
            'model': [
                Mounted(drive, spec, engine.info.label_map, engine, error) for error in errors
            ],
        }
        for index in np.linspace(0, drive.frame_count - 1, moments).astype(int).tolist():
            truth = (drive.ground_truth(index, centres) == ROAD).astype(np.uint8)
            kerb = _distance_from_kerb(drive, index, spec)
            fused = {}
            for source, labels in _labels(drive, index, engine):
                for mounted, error in zip(sources[source], errors):
                    cells, edge = mounted.fused(labels)
                    counts = found[source].by_error.setdefault(error, GroundCounts())
                    counts.update(truth, cells, distance)
                    if not error:
                        fused[source] = cells
                        found[source].edges.append(kerb(edge))
            on_moment(Moment(truth, **fused))
    return found


def segment_cameras(
    drive: Drive, index: int, engine: Engine
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the engine's labels and road probability, uint8 [H, W] each, by camera."""
    return dict(_labels(drive, index, engine))['model']


def _labels(
    drive: Drive, index: int, engine: Engine
) -> Iterator[tuple[str, dict[str, tuple[np.ndarray, ...]]]]:
    """Yield the exact labels of all cameras, and what the engine says."""
    frames = {name: drive.render(name, index) for name in drive.cameras}
    yield 'exact', {name: (frame.labels,) for name, frame in frames.items()}
    view = engine.info.geometry.view(SIZE)
    said = {}
    for name, frame in frames.items():
        result = engine.infer(view.forward(frame.image)[None])
        said[name] = result.labels[0].copy(), result.road_probability[0].copy()
    yield 'model', said


def _distance_from_kerb(
    drive: Drive, index: int, spec: GridSpec
) -> Callable[[np.ndarray], np.ndarray]:
    """Return what gives the metres from points of the edge, at the sidewalk, to the road's end."""
    reach = 2 * (_EDGE_RANGE[1] + 1)
    fine = GridSpec(reach, reach, _FINE)
    road = (drive.ground_truth(index, fine.centres()) == ROAD).astype(np.uint8)
    # To the middle of the nearest cell of the other kind: the border is half a cell nearer.
    apart = sum(
        cv2.distanceTransform(kind, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for kind in (road, 1 - road)
    )

    def distances(edge: np.ndarray) -> np.ndarray:
        points = np.stack([edge['x'], edge['y']], axis=1).astype(np.float64)
        reach = np.hypot(*points.T)
        near, far = _EDGE_RANGE
        points = points[(edge['label'] == SIDEWALK) & (near <= reach) & (reach <= far)]
        return (apart.ravel()[fine.cells_of(points)[0]] - 0.5) * _FINE

    return distances


def _figures(counts: GroundCounts) -> dict[str, object]:
    return {
        **{f'within_{limit:g}_m': counts.figures(limit) for limit in WITHIN},
        'by_distance': counts.by_distance(),
    }
