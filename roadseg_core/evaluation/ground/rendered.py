"""Compare the grids of rendered drives with the exact ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from roadseg_core.engines import Engine
from roadseg_core.ground import CameraGrid, CameraModel, GridSpec, Pose, StampedGrid, fuse
from roadseg_core.ground.projection import ROAD_THRESHOLD
from roadseg_core.labels import SEVEN
from roadseg_core.metrics import GroundCounts
from roadseg_core.rendering import Drive, DriveConfig
from roadseg_core.rendering.config import DEMO_LAYOUTS, ROAD, SIDEWALK

SIZE = (480, 640)
"""(height, width) of the rendered images."""

HOOD = 0.05
"""Share of the image height in which a camera sees its own vehicle."""

PITCH_ERROR = 1.0
"""Error of the assumed pitch in degrees: evaluated up, down and without."""

WITHIN = (10.0, 15.0, 20.0)
"""Distances in metres within which figures are given."""

SOURCES = ('exact', 'model', 'labels_decide')
"""Exact labels; the model's labels and probability; its labels with a road threshold of 0."""

SEEDS = (11, 23, 47)
"""Seeds of the drives, on the demo's street families in turn, which are never trained on."""

_SECONDS, _FPS = 20.0, 15.0
_EDGE_RANGE = (9.0, 11.0)
_FINE = 0.025


@dataclass
class SourceComparison:
    """
    Hold the counts of the grids made from one source of labels.

    :param by_error: counts by the error of the assumed pitch, in degrees
    :param edges: distances in metres from the kerb, of rays that end at a sidewalk 10 m away
    """

    by_error: dict[float, GroundCounts] = field(default_factory=dict)
    edges: list[np.ndarray] = field(default_factory=list)

    def to_dict(self, resolution: float) -> dict[str, object]:
        """Return the figures as plain JSON types."""
        off = np.concatenate(self.edges)
        return {
            **_figures(self.by_error[0.0]),
            'edges_at_10_m': _offsets(off, resolution) if len(off) else None,
            'pitch_error': {
                f'{error:+g}': _figures(counts) for error, counts in self.by_error.items() if error
            },
        }


@dataclass(frozen=True)
class GridMoment:
    """
    Hold the grids of a drive's cameras at one moment.

    :param truth: uint8 [rows, columns]: 1 road, 0 not
    :param exact: int8 [rows, columns], fused, from exact labels; ``model`` from the engine's
    """

    truth: np.ndarray
    exact: np.ndarray
    model: np.ndarray


class Mounted:
    """
    Make the grids of a drive's cameras.

    :param engine: whose labels are projected, at the network's size; None: exact labels
    :param error: degrees by which the pitch is assumed too far down
    """

    def __init__(
        self,
        drive: Drive,
        spec: GridSpec,
        engine: Engine | None = None,
        *,
        error: float = 0.0,
        road_threshold: float = ROAD_THRESHOLD,
    ) -> None:
        self.spec = spec
        self.grids = {}
        label_map = SEVEN if engine is None else engine.info.label_map
        for name in drive.cameras:
            camera = camera_model(drive, name).without_hood(HOOD)
            if engine is not None:
                camera = camera.viewed(engine.info.geometry.view(SIZE))
            pose = camera_pose(drive, name, error)
            self.grids[name] = CameraGrid(
                camera, pose, spec, label_map, road_threshold=road_threshold
            )

    def fused(self, labels: dict[str, tuple[np.ndarray, ...]]) -> tuple[np.ndarray, np.ndarray]:
        """Return the fused cells, and the ends of rays [N] of all cameras."""
        views = {name: self.grids[name].project(*images) for name, images in labels.items()}
        stamped = {name: StampedGrid(view.cells, 0) for name, view in views.items()}
        return fuse(stamped, self.spec, now_ns=0, max_age_ns=0).cells, np.concatenate(
            [view.edge for view in views.values()]
        )


def camera_model(drive: Drive, name: str) -> CameraModel:
    """Return the model of a rendered camera."""
    fx, fy, cx, cy = drive.camera(name).intrinsics
    height, width = drive.config.height, drive.config.width
    return CameraModel(width, height, 'plumb_bob', (fx, 0, cx, 0, fy, cy, 0, 0, 1))


def camera_pose(drive: Drive, name: str, error: float = 0.0) -> Pose:
    """Return the pose of a rendered camera, pitched ``error`` degrees too far down."""
    mount = drive.camera(name).mount
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
    on_moment: Callable[[GridMoment], None] = lambda moment: None,
) -> dict[str, SourceComparison]:
    """
    Compare the grids of drives with the true ground, for exact labels and for a model's.

    :param engine: with labels and road_probability
    :param moments: number of moments of each drive, evenly spread
    :param on_moment: called after each moment
    :returns: a comparison for each of :data:`SOURCES`
    """
    found = {name: SourceComparison() for name in SOURCES}
    errors = (0.0, -PITCH_ERROR, PITCH_ERROR)
    centres = spec.centres()
    distance = np.hypot(*centres.transpose(2, 0, 1))
    for number, seed in enumerate(SEEDS):
        layout = DEMO_LAYOUTS[number % len(DEMO_LAYOUTS)]
        drive = Drive(DriveConfig(seed, layout, _SECONDS, _FPS, *SIZE))
        sources = {
            'exact': {error: Mounted(drive, spec, error=error) for error in errors},
            'model': {error: Mounted(drive, spec, engine, error=error) for error in errors},
            'labels_decide': {0.0: Mounted(drive, spec, engine, road_threshold=0.0)},
        }
        for index in np.linspace(0, drive.frame_count - 1, moments).astype(int).tolist():
            truth = (drive.ground_truth(index, centres) == ROAD).astype(np.uint8)
            kerb = _distance_from_kerb(drive, index)
            exact = {name: (drive.render(name, index).labels,) for name in drive.cameras}
            said = segment_cameras(drive, index, engine)
            fused = {}
            for source, by_error in sources.items():
                for error, mounted in by_error.items():
                    cells, edge = mounted.fused(exact if source == 'exact' else said)
                    counts = found[source].by_error.setdefault(error, GroundCounts())
                    counts.update(truth, cells, distance)
                    if not error:
                        fused[source] = cells
                        found[source].edges.append(kerb(edge))
            on_moment(GridMoment(truth, fused['exact'], fused['model']))
    return found


def segment_cameras(
    drive: Drive, index: int, engine: Engine
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the engine's labels and road probability, uint8 [H, W] each, by camera."""
    view = engine.info.geometry.view(SIZE)
    said = {}
    for name in drive.cameras:
        result = engine.infer(view.forward(drive.render(name, index).image)[None])
        said[name] = result.labels[0].copy(), result.road_probability[0].copy()
    return said


def _distance_from_kerb(drive: Drive, index: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of edge points that gives their distances from the kerb in metres."""
    reach = 2 * (_EDGE_RANGE[1] + 1)
    fine = GridSpec(reach, reach, _FINE)
    road = (drive.ground_truth(index, fine.centres()) == ROAD).astype(np.uint8)
    # Distances to the middle of the nearest cell of the other kind: the kerb is half a cell nearer.
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


def _offsets(off: np.ndarray, resolution: float) -> dict[str, object]:
    return {
        'edges': len(off),
        'median_m': round(float(np.median(off)), 3),
        'p95_m': round(float(np.percentile(off, 95)), 3),
        'within_a_cell': round(float((off <= resolution).mean()), 4),
    }


def _figures(counts: GroundCounts) -> dict[str, object]:
    return {
        **{f'within_{limit:g}_m': counts.figures(limit) for limit in WITHIN},
        'by_distance': counts.by_distance(),
    }
