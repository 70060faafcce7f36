"""Evaluate ground grids on rendered drives and KITTI Road, and measure their cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2

from roadseg_core.data.dataset import open_source
from roadseg_core.data.source import DataError, data_root
from roadseg_core.engines import Engine
from roadseg_core.evaluation.datasets.run import find_calibrations
from roadseg_core.evaluation.ground.cost import measure_cost
from roadseg_core.evaluation.ground.kitti import compare_kitti_road
from roadseg_core.evaluation.ground.picture import draw_grids
from roadseg_core.evaluation.ground.rendered import (
    HOOD,
    PITCH_ERROR,
    SEEDS,
    GridMoment,
    compare_drives,
)
from roadseg_core.files import write_atomically
from roadseg_core.ground import GridSpec
from roadseg_core.ground.projection import CLEARANCE, ROAD_THRESHOLD
from roadseg_core.machine import describe_machine, versions


def evaluate_ground(
    engine: Engine, *, root: str | None, moments: int, on_step: Callable[[], object]
) -> tuple[dict[str, object], GridMoment]:
    """
    Evaluate grids of the default size.

    :param engine: with labels and road_probability
    :param root: folder of the data sets; None: ``$ROADSEG_DATA``
    :param moments: number of moments of each rendered drive
    :param on_step: called after each moment and frame
    :returns: the report as plain JSON types, and a moment to draw
    """
    spec = GridSpec()
    shown: list[GridMoment] = []

    def on_moment(moment: GridMoment) -> None:
        shown.append(moment)
        on_step()

    compared = compare_drives(engine, spec, moments=moments, on_moment=on_moment)
    report = {
        'model': engine.info.path.name,
        'sha256': engine.info.sha256,
        'engine': asdict(engine.description),
        'machine': describe_machine(),
        'versions': versions(('numpy', 'opencv-python-headless', 'openvino')),
        'grid': asdict(spec),
        'clearance': CLEARANCE,
        'road_threshold': ROAD_THRESHOLD,
        'rendered_drive': {
            'drives': len(SEEDS),
            'moments': len(shown),
            'hood': HOOD,
            'pitch_error_degrees': PITCH_ERROR,
            **{name: found.to_dict(spec.resolution) for name, found in compared.items()},
        },
        'kitti_road': _kitti_road(engine, root, on_step),
        'cost': measure_cost(engine, spec),
    }
    return report, shown[len(shown) // 2]


def write_grids(path: Path, moment: GridMoment, model: str) -> None:
    """
    Draw a moment's fused grids over the truth, into a PNG file.

    :raises OSError: if it cannot be written
    """
    grids = (('exact labels', moment.exact), (model, moment.model))
    octets = cv2.imencode('.png', draw_grids(grids, moment.truth))[1].tobytes()
    with write_atomically(path) as temporary:
        temporary.write_bytes(octets)


def _kitti_road(
    engine: Engine, root: str | None, on_step: Callable[[], object]
) -> dict[str, object] | None:
    """Return the figures on KITTI Road; None where it, or its calibrations, are not there."""
    try:
        folder = data_root(root)
        calibrations = find_calibrations('kitti_road', folder, {})
        source = open_source(
            'kitti_road', root=folder, split='val', label_map=engine.info.label_map, options={}
        )
    except DataError:
        return None
    return calibrations and compare_kitti_road(engine, source, calibrations, on_step)
