"""report.html: one file that needs nothing beside it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from roadseg_core.labels import LabelMap
from roadseg_ros.demonstration.accounting import Accounting
from roadseg_ros.demonstration.charts import latency_chart, SERIES
from roadseg_ros.demonstration.moments import Moment
from roadseg_ros.demonstration.template import TEMPLATE

COUNTS = {
    'sent': 'sent', 'received': 'received', 'processed': 'processed', 'replaced': 'replaced',
    'stale': 'stale', 'bad': 'bad', 'failed': 'failed', 'not_ready': 'not ready',
    'pending': 'pending', 'lost_by_dds': 'lost by DDS', 'recorded': 'labels back'}
"""Columns of the table of frames, in order."""


def write_page(path: Path, summary: dict, moments: list[Moment], label_map: LabelMap,
               accounting: Accounting) -> None:
    """Write the report of ``summary`` (the content of report.json) with its pictures."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True)
    environment.filters['share'] = lambda value: f'{100 * value:.2f} %'
    environment.filters['three'] = lambda value: 'none' if value is None else f'{value:.3f}'
    cameras = summary['cameras']
    colours = {name: f'rgb({red}, {green}, {blue})' for name, (red, green, blue)
               in zip(label_map.names, label_map.palette)}
    text = environment.from_string(TEMPLATE).render(
        summary=summary, total=summary['frames']['total'], latency=summary['latency_ms'],
        columns=COUNTS, colours=colours, has_errors=summary['road_iou'] is not None,
        series=dict(zip(cameras, SERIES)),
        by_camera=[(camera, list(group)) for camera, group in groupby(
            moments, key=lambda moment: moment.camera)],
        chart=Markup(latency_chart(accounting, cameras, 1000 / summary['conditions']['fps'])))
    path.write_text(text, encoding='utf-8')
