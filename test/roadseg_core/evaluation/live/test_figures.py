"""These tests add up what came of several drives."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadseg_core.evaluation.live.accounting import CAUSES, account
from roadseg_core.evaluation.live.figures import describe_live, live_figures
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun

MS = 1_000_000


def drive(name: str, latencies_ms: list[int], *, node_ms: float, replaced: int = 0) -> LiveDrive:
    """Return a drive of one camera, a frame every 100 ms."""
    count = len(latencies_ms) + replaced
    sent = {('front', number): 100 * number * MS for number in range(count)}
    received = {
        ('front', number): (100 * number + latency) * MS
        for number, latency in enumerate(latencies_ms)
    }
    counts = dict.fromkeys(CAUSES, 0) | {'processed': len(latencies_ms), 'replaced': replaced}
    return LiveDrive(
        Path(name),
        Path('published'),
        account(sent, received, {'front': {'received': count, **counts}}),
        statuses={
            'engine': {'inference_ms_p50': '3.0', 'inference_ms_p99': '4.0', 'backend': 'openvino'},
            'camera front': {'latency_ms_p50': str(node_ms), 'latency_ms_p99': str(2 * node_ms)},
        },
    )


def test_drives_add_up() -> None:
    run = LiveRun(
        '/n', (drive('a', [10, 10, 10], node_ms=7), drive('b', [20, 20], node_ms=9, replaced=1))
    )
    live = live_figures(run)
    assert live['frames']['total'] == live['frames']['front']
    assert live['frames']['front'].items() >= {'sent': 6, 'recorded': 5, 'replaced': 1}.items()
    assert live['fps']['total'] == pytest.approx(10.0)
    assert live['end_to_end_ms'] == {'p50': 10.0, 'p99': 20.0, 'max': 20.0}
    assert live['node_ms'] == {'p50': 8.0, 'p99': 18.0}
    assert (live['network_ms'], live['scheduling_ms']) == (2.0, 5.0)
    assert live['problems'] == []
    assert describe_live(live)[1].endswith('of the median 2.0 ms are transport, 5.0 ms scheduling')
    assert describe_live(live)[0] == 'live: 6 frames sent, 5 came back (1 replaced), 10 a second'


def test_a_drive_that_was_not_played_and_a_node_that_failed_are_problems() -> None:
    run = LiveRun('/n', (LiveDrive(Path('a'), Path('published'), error='no image topic'),), 3)
    live = live_figures(run)
    assert live['end_to_end_ms'] == {'p50': None, 'p99': None, 'max': None}
    assert live['engine'] is live['network_ms'] is None
    lines = describe_live(live)
    assert lines[0] == 'live: 0 frames sent, 0 came back (none lost), 0 a second'
    assert lines[1:] == [
        'PROBLEM: a could not be played: no image topic',
        'PROBLEM: the node ended with exit code 3',
    ]
