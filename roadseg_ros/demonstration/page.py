"""report.html: one file that needs nothing beside it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from roadseg_core.labels import LabelMap
from roadseg_core.report.charts import series_colours
from roadseg_core.report.page import class_colours
from roadseg_core.report.page import write_page as write_template
from roadseg_ros.demonstration.charts import latency_chart
from roadseg_ros.demonstration.moments import Moment
from roadseg_ros.demonstration.template import TEMPLATE
from roadseg_ros.live.accounting import Accounting

COUNTS = {
    'sent': 'sent',
    'received': 'received',
    'processed': 'processed',
    'replaced': 'replaced',
    'stale': 'stale',
    'bad': 'bad',
    'failed': 'failed',
    'not_ready': 'not ready',
    'pending': 'pending',
    'lost_by_dds': 'lost by DDS',
    'recorded': 'labels back',
}
"""Columns of the table of frames, in order."""


def write_page(
    path: Path, summary: dict, moments: list[Moment], label_map: LabelMap, accounting: Accounting
) -> None:
    """Write the report of ``summary`` (the content of report.json) with its pictures."""
    cameras = summary['cameras']
    write_template(
        path,
        TEMPLATE,
        summary=summary,
        total=summary['frames']['total'],
        latency=summary['latency_ms'],
        columns=COUNTS,
        colours=class_colours(label_map),
        has_errors=summary['road_iou'] is not None,
        series=series_colours(cameras),
        by_camera=[
            (camera, list(group))
            for camera, group in groupby(moments, key=lambda moment: moment.camera)
        ],
        chart=latency_chart(accounting, cameras, 1000 / summary['conditions']['fps']),
    )
