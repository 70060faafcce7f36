"""The page of a load test: counts, latencies and the time series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from roadseg_core.benchmarking.load.result import LEAST_SHARE, MOST_P99_MS
from roadseg_core.report.charts import Line, chart
from roadseg_core.report.page import links_beside, write_page

_BESIDE = ('load.json', 'node.log', 'sender.log', 'listener.log')


def write_load_page(path: Path, result: dict) -> None:
    """Write the page of what :func:`roadseg_ros.load.run.run_load` returned."""
    series, cpu = result['series'], result['cpu_ms_per_frame']
    seconds = np.asarray(series['seconds'])
    cores = np.diff(series['cpu']) / np.maximum(1e-9, np.diff(seconds))
    # A second without messages is recorded as 0, which is not a latency.
    latency = {
        name: np.where(np.asarray(values) > 0.0, values, np.nan)
        for name, values in series['latency'].items()
    }

    def drawn(
        about: str,
        lines: dict[str, tuple[np.ndarray, np.ndarray]],
        limits: Mapping[str, float] | None = None,
    ) -> tuple[str, object]:
        series = [Line(x, y, name) for name, (x, y) in lines.items()]
        return about, chart(series, about=about, x='time, s', limits=limits)

    times = {
        'processor time of the node': cpu['node'],
        'of it without the engine': cpu['node_less_engine'],
        **{f'thread {name}': value for name, value in sorted(cpu['threads'].items())},
        **{f'{name} (clock)': value for name, value in result['stage_ms_per_frame'].items()},
    }
    write_page(
        path,
        __package__,
        'page.html.j2',
        **{name: result[name] for name in ('plan', 'cameras', 'sent', 'machine', 'problems')},
        times=times,
        least=LEAST_SHARE,
        files=links_beside(path, _BESIDE),
        charts=[
            drawn(
                'Latency, ms (p50, p99)',
                {name: (np.arange(len(values)), values) for name, values in latency.items()},
                {f'p99 in time: {MOST_P99_MS:g} ms': MOST_P99_MS},
            ),
            drawn('Cores in use', {'cores': (seconds[1:], cores)}),
            drawn(
                'Memory, MiB', {'memory': (seconds, np.asarray(series['memory'], float) / 2**20)}
            ),
            drawn('Threads', {'threads': (seconds, np.asarray(series['threads'], float))}),
        ],
    )
