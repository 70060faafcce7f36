"""The chart of the demo's latencies."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from roadseg_core.report.charts import Line, chart, series_colours
from roadseg_ros.live.accounting import Accounting


def latency_chart(accounting: Accounting, cameras: list[str], period_ms: float) -> Markup:
    """
    Draw the latency of each frame in the order of sending, a dot each, as SVG.

    :param period_ms: time between two frames of a camera; drawn as a line
    """
    colours = series_colours(cameras)
    cameras_of = np.asarray(accounting.cameras_of, str)
    lines = []
    for camera in cameras:
        order = np.flatnonzero(cameras_of == camera)
        lines.append(
            Line(order.astype(float), accounting.latencies_ms[order], colours[camera], camera)
        )
    return chart(
        lines,
        about='end-to-end latency of each frame',
        start='first frame',
        end='last frame',
        kind='dots',
        limits={f'one period, {period_ms:.1f} ms': period_ms},
    )
