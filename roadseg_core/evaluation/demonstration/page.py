"""Write the demo's report.html: one file that needs nothing beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from roadseg_core.evaluation.demonstration.frame_pictures import FramePictures
from roadseg_core.evaluation.live.accounting import Accounting
from roadseg_core.labels import LabelMap
from roadseg_core.report.charts import Line, chart
from roadseg_core.report.page import class_colours
from roadseg_core.report.page import write_page as write_template

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
