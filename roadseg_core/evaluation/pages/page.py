"""report.html of an evaluation: one file that needs nothing beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roadseg_core.evaluation.drives.recording import ANNOTATED, ROW_FILES
from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.pages.columns import CameraColumns, read_columns
from roadseg_core.evaluation.pages.curves import STATES, camera_timeline, curves, extent
from roadseg_core.evaluation.pages.moments import FIGURE_NAMES, Moments, read_film, read_moments
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix
from roadseg_core.report.page import class_colours, links, links_beside, write_page

Columns = Mapping[str, Mapping[str, CameraColumns]]

DRIVES = 12
"""Bags whose curves are drawn, at most: a page of a whole fleet must still open."""

_BOUNDED = {
    'road_iou': 'road_iou',
    'consistency': 'consistency',
    'flicker': 'flicker',
    'latency_p50_ms': 'latency_ms',
    'latency_p99_ms': 'latency_ms',
}
"""Figures of conditions whose bounds are drawn, and the curves that they are drawn into."""


def write_report_page(path: Path, report: dict, config: EvaluationConfig) -> None:
    """
    Write the page of ``report`` (the content of report.json), from the bags' parts beside it.

    :raises OSError: if a part cannot be read, or the page not be written
    """
    label_map = LabelMap.from_dict(report['model']['label_map'])
    parts = {
        bag['path']: part_folder(Path(bag['path']), config.output)
        for bag in report['bags']
        if bag['status'] != 'failed'
    }
    columns = {bag: read_columns(part) for bag, part in parts.items()}
    moments = read_moments(
        parts.values(),
        count=config.outputs.pictures,
        first_ns={bag: extent(cameras)[0] for bag, cameras in columns.items()},
    )
    scores = report['scores']
    compared = TWO if scores and not scores['by_class'] else label_map
    shown, hidden_by = _shown(columns)
    drives = [_drive(bag, columns[bag], moments, report, path.parent) for bag in shown]
    used = {span.colour for drive in drives for spans in drive['rows'].values() for span in spans}
    write_page(
        path,
        __package__,
        'report.html.j2',
        report=report,
        compared_frames=report['settings']['outputs']['consistency'],
        classes=[compared.names[number] for number in compared.valid_ids],
        shares=_mean_shares(columns),
        colours=class_colours(compared) | class_colours(label_map),
        cameras={
            bag: {name: _means(camera, compared) for name, camera in cameras.items()}
            for bag, cameras in columns.items()
        },
        states={state: colour for state, colour in STATES.items() if colour in used},
        drives=drives,
        hidden_bags=len(columns) - len(shown),
        hidden_by=hidden_by,
        moments=moments.by_kind,
        moments_by=FIGURE_NAMES.get(moments.figure, ''),
        # Written after the page.
        files=links(path, [path.with_name('report.json')])
        | links_beside(path, _beside(path.parent)),
    )


def _beside(folder: Path) -> list[str]:
    """Name the other results that the folder may hold, to be linked."""
    videos = sorted(video.name for video in folder.glob('*.mp4'))
    return [*ROW_FILES, ANNOTATED, 'published', 'node.log', *videos]


def _mean_shares(columns: Columns) -> dict[str, float]:
    """Return the mean share of the picture over all evaluated frames, by class."""
    sums: dict[str, float] = {}
    frames = 0
    for cameras in columns.values():
        for camera in cameras.values():
            frames += len(camera.stamp_ns)
            for name, share in camera.class_share.items():
                sums[name] = sums.get(name, 0.0) + share
    return {name: total / frames for name, total in sums.items()} if frames else {}


def _means(camera: CameraColumns, label_map: LabelMap) -> dict[str, float | None]:
    """Return a camera's figures over all its frames; None for one that was not measured."""
    road_iou = math.nan
    if camera.confusion is not None:
        matrix = ConfusionMatrix(label_map)
        matrix.counts += camera.confusion
        road_iou = matrix.scores().road_iou
    return {
        'road_iou': None if math.isnan(road_iou) else road_iou,
        'consistency': camera.mean('consistency'),
        'flicker': camera.mean('flicker'),
    }


def _drive(
    bag: str, cameras: dict[str, CameraColumns], moments: Moments, report: dict, folder: Path
) -> dict[str, Any]:
    bounds: dict[str, dict[str, float]] = {}
    for entry in report['conditions']:
        if entry['name'] in _BOUNDED:
            bounds.setdefault(_BOUNDED[entry['name']], {})[entry['condition']] = entry['bound']
    part = part_folder(Path(bag), folder)
    before = '' if len(report['bags']) == 1 else f'{part.name}_'
    videos = {name: f'{before}{name}.mp4' for name in cameras}
    rows, seconds = camera_timeline(
        cameras, with_truth=report['scores'] is not None, worst=moments.worst(bag)
    )
    first, _ = extent(cameras)
    film = read_film(part)
    return {
        'title': bag,
        'rows': rows,
        'seconds': seconds,
        'film': {
            name: [((stamp - first) / 1e9, index, picture) for index, stamp, picture in film[name]]
            for name in cameras
            if name in film
        },
        'curves': curves(
            bag,
            cameras,
            bounds,
            # Flicker belongs to what compares neighbours, and was not asked for.
            without=() if report['settings']['outputs']['consistency'] else ('flicker',),
        ),
        'videos': {name: shown for name, shown in videos.items() if (folder / shown).is_file()},
    }


def _shown(columns: Columns) -> tuple[list[str], str]:
    """Return the bags whose curves are drawn, and by which figure they were chosen."""
    bags = [bag for bag, cameras in columns.items() if cameras]
    if len(bags) <= DRIVES:
        return bags, ''
    for figure in ('road_iou', 'consistency', 'confidence'):
        means = {bag: [camera.mean(figure) for camera in columns[bag].values()] for bag in bags}
        known = {
            bag: min(mean for mean in values if mean is not None)
            for bag, values in means.items()
            if any(mean is not None for mean in values)
        }
        if known:
            return sorted(known, key=known.get)[:DRIVES], FIGURE_NAMES[figure]
    return bags[:DRIVES], 'names'
