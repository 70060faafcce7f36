"""The page of a load test: counts, latencies and the time series."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from roadseg_core.report.charts import SERIES, Line, chart
from roadseg_core.report.page import write_page

_TEMPLATE = """{% extends 'base' %}
{% block title %}Load test{% endblock %}
{% block body %}
<h1>Load test</h1>
<p>{{ cameras|length }} x {{ plan.size[0] }}x{{ plan.size[1] }} at {{ plan.fps }} frames/s,
{{ plan.transport }}, {{ sent.seconds }} s; {{ machine }}</p>
<table><tr><th>camera</th><th>sent</th><th>received</th><th>processed</th><th>share</th>
<th>replaced</th><th>stale</th><th>bad</th><th>failed</th></tr>
{% for name, c in cameras.items() %}
<tr><td>{{ name }}</td><td>{{ c.sent }}</td><td>{{ c.received }}</td><td>{{ c.processed }}</td>
<td>{{ c.processed_share|share }}</td><td>{{ c.replaced }}</td><td>{{ c.stale }}</td>
<td>{{ c.bad }}</td><td>{{ c.failed }}</td></tr>
{% endfor %}</table>
<h2>From camera to planner</h2>
<table><tr><th>output</th><th>received</th><th>p50 ms</th><th>p99 ms</th><th>max ms</th>
<th>jitter ms</th></tr>
{% for name, c in cameras.items() %}{% for output, t in c.outputs.items() %}
<tr><td>{{ name }}/{{ output }}</td><td>{{ t.received }}</td><td>{{ t.p50_ms|three }}</td>
<td>{{ t.p99_ms|three }}</td><td>{{ t.max_ms|three }}</td><td>{{ t.jitter_ms|three }}</td></tr>
{% endfor %}{% endfor %}</table>
<h2>Milliseconds of a processed frame</h2>
<table>{% for name, value in times %}<tr><td>{{ name }}</td><td>{{ value|three }}</td></tr>
{% endfor %}</table>
{% for title, picture in charts %}<h2>{{ title }}</h2>{{ picture }}{% endfor %}
{% endblock %}
"""


def write_load_page(path: Path, result: dict) -> None:
    """Write the page of what :func:`roadseg_ros.load.run.run_load` returned."""
    series, cpu = result['series'], result['cpu_ms_per_frame']
    seconds = np.asarray(series['seconds'])
    cores = np.diff(series['cpu']) / np.maximum(1e-9, np.diff(seconds))
    latency = {name: np.asarray(values) for name, values in series['latency'].items()}
    end = f'{seconds[-1]:.0f} s'

    def drawn(about: str, lines: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[str, object]:
        drawn = [Line(x, y, SERIES[i], name) for i, (name, (x, y)) in enumerate(lines.items())]
        return about, chart(drawn, about=about, start='0 s', end=end)

    times = [('processor time of the node', cpu['node'])]
    times += [('of it without the engine', cpu['node_less_engine'])]
    times += [(f'thread {name}', value) for name, value in sorted(cpu['threads'].items())]
    times += [(f'{name} (clock)', value) for name, value in result['stage_ms_per_frame'].items()]
    write_page(
        path,
        _TEMPLATE,
        **{name: result[name] for name in ('plan', 'cameras', 'sent')},
        machine=result['machine'],
        times=times,
        charts=[
            drawn(
                'Latency, ms (p50, p99)',
                {name: (np.arange(len(values)), values) for name, values in latency.items()},
            ),
            drawn('Cores in use', {'cores': (seconds[1:], cores)}),
            drawn(
                'Memory, MiB', {'memory': (seconds, np.asarray(series['memory'], float) / 2**20)}
            ),
            drawn('Threads', {'threads': (seconds, np.asarray(series['threads'], float))}),
        ],
    )
