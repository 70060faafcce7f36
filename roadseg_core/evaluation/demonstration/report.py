"""Make the demo's report.json, and its report.html: one file that needs nothing beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from roadseg_core.evaluation.demonstration.frame_pictures import FramePictures
from roadseg_core.evaluation.demonstration.ground import GRID, GRID_COLOURS, GroundMoment
from roadseg_core.evaluation.demonstration.options import DemoOptions
from roadseg_core.evaluation.demonstration.real_frames import RealFrame, notice
from roadseg_core.evaluation.live.accounting import Accounting
from roadseg_core.labels import LabelMap
from roadseg_core.machine import processor, versions
from roadseg_core.report.charts import Line, chart
from roadseg_core.report.page import class_colours, links_beside
from roadseg_core.report.page import write_page as write_template

_BESIDE = ('report.json', 'drive', 'published', 'sent_drive.jsonl', 'node.log', 'player_drive.log')

_SHOWN_FIRST = {
    'frame': 'In: the image of a camera',
    'labels over frame': 'Out: a class for each pixel, here over the image',
    'road mask': 'Out: the road',
}


def write_page(
    path: Path,
    summary: dict,
    frames: list[FramePictures],
    label_map: LabelMap,
    accounting: Accounting,
    moments: Sequence[GroundMoment] = (),
    real_frames: Sequence[RealFrame] = (),
) -> None:
    """Write the report of ``summary`` (the content of report.json) with its pictures."""
    write_template(
        path,
        __package__,
        'page.html.j2',
        summary=summary,
        total=summary['frames']['total'],
        latency=summary['latency_ms'],
        colours=class_colours(label_map),
        first=[
            replace(picture, caption=_SHOWN_FIRST[picture.caption])
            for frame in frames[:1]
            for picture in frame.pictures
            if picture.caption in _SHOWN_FIRST
        ],
        frames=frames,
        moments=moments,
        real_frames=real_frames,
        notice=notice(),
        files=links_beside(path, _BESIDE),
        grid=GRID,
        grid_colours=GRID_COLOURS,
        chart=_latency_chart(accounting, summary['cameras'], 1000 / summary['conditions']['fps']),
    )


def _latency_chart(accounting: Accounting, cameras: list[str], period_ms: float) -> Markup:
    """Draw the latency of each frame in the order of sending, a dot each."""
    of, lines = np.asarray(accounting.cameras_of, str), []
    for camera in cameras:
        order = np.flatnonzero(of == camera)
        lines.append(Line(order.astype(float), accounting.latencies_ms[order], camera))
    return chart(
        lines,
        about='end-to-end latency of each frame',
        x='frame, in the order of sending',
        dots=True,
        limits={f'one period, {period_ms:.1f} ms': period_ms},
    )


_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'rclpy', 'rosbags')
_ENGINE = (
    *('backend', 'precision', 'model', 'device', 'threads'),
    *('inference_ms_p50', 'inference_ms_p99', 'mean_batch', 'licence'),
)


def summarize(
    options: DemoOptions, live: dict, scores: dict | None, *, played: str, exit_code: int
) -> dict[str, object]:
    """
    Return report.json as plain types.

    :param live: what :func:`live_figures` returned
    :param scores: what :func:`live_scores` returned; None where there is no truth
    :param played: what was played, for people
    :param exit_code: the node's
    """
    total, engine = live['frames']['total'], live['engine'] or {}
    by_class = scores is not None and scores['by_class']
    return {
        'cameras': list(options.cameras),
        'played': played,
        'conditions': {
            'machine': processor(),
            'cores': os.cpu_count(),
            'system': platform.platform(),
            'source': str(options.source or 'rendered drive'),
            'size': None if options.source else f'{options.size[1]}x{options.size[0]}',
            'fps': options.fps,
            'phase': options.phase,
            'seconds': options.seconds,
        },
        'frames': live['frames'],
        'processed_share': round(total['processed'] / total['sent'], 5) if total['sent'] else None,
        'fps': live['fps'],
        'latency_ms': live['end_to_end_ms'],
        'iou': scores['iou'] if by_class else None,
        'miou': scores['miou'] if by_class else None,
        'road_iou': scores['road_iou'] if scores else None,
        'engine': {name: engine.get(name, '') for name in _ENGINE},
        'versions': versions(_PACKAGES),
        'problems': live['problems'],
        **({'scores': scores} if scores else {}),
        'node_exit_code': exit_code,
    }
