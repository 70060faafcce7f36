"""The page of a load test."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import browse, needs_chromium

from roadseg_core.benchmarking.load.page import write_load_page


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Return the page of a test in which one output of two came back."""
    times = {'p50_ms': 9.0, 'p99_ms': 12.0, 'max_ms': 13.0, 'jitter_ms': 2.0}
    counts = {'sent': 20, 'received': 20, 'processed': 15, 'processed_share': 0.75}
    camera = {**counts, 'replaced': 5, 'stale': 0, 'bad': 0, 'failed': 0}
    result = {
        'plan': {'size': [320, 240], 'fps': 10.0, 'transport': 'raw'},
        'sent': {'frames': 20, 'seconds': 2.0},
        'machine': {'processor': 'P', 'cores': 2, 'system': 'S', 'load_before': 0.1},
        'problems': ['the node does not keep up'],
        'cameras': {
            'front': {
                **camera,
                'outputs': {'label': {'received': 15, **times}, 'road_mask': {'received': 0}},
            }
        },
        'cpu_ms_per_frame': {
            'node': 8.0,
            'node_less_engine': 3.0,
            'threads': {'inference': 5.0, 'idle': 0.0},
        },
        'stage_ms_per_frame': {'resizing': 0.5},
        'series': {
            'seconds': [0.0, 1.0, 2.0],
            'cpu': [0.0, 0.5, 1.5],
            'memory': [2**28] * 3,
            'threads': [9, 9, 9],
            'latency': {'p50': [0.0, 8.0, 9.0], 'p99': [0.0, 11.0, 12.0]},
        },
    }
    (tmp_path / 'load.json').touch()
    write_load_page(tmp_path / 'load.html', result)
    return tmp_path / 'load.html'


def test_the_page_says_what_became_of_frames(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    for words in ('75.00 %', 'the node does not keep up', 'front/road_mask', 'thread inference'):
        assert words in text
    assert 'thread idle' not in text
    assert '<a href="load.json">' in text and 'node.log' not in text


@needs_chromium
@pytest.mark.parametrize('size', ['1200,900', '400,800'])
def test_charts_fit_their_panels(page: Path, tmp_path: Path, size: str) -> None:
    found = browse(
        page,
        """
        const root = document.documentElement;
        return [root.scrollWidth - root.clientWidth,
                [...document.querySelectorAll('.chart')].map(one => one.plot.data.length),
                document.querySelector('.chart').plot.data[1][0]];
        """,
        tmp_path,
        size=size,
    )
    assert found == [0, [3, 2, 2, 2], None]
