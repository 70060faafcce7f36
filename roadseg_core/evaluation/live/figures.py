"""Sum up a live run: the outcome of every frame, and the cost of network and scheduling."""

from __future__ import annotations

from collections import Counter

import numpy as np

from roadseg_core.evaluation.live.accounting import Accounting
from roadseg_core.evaluation.live.results import LiveRun


def live_figures(run: LiveRun) -> dict[str, object]:
    """
    Sum up the outcome of all drives.

    Latency has three parts, differences of medians: the engine; scheduling, what the node takes
    beyond that from arrival to the last output's publication, which is converting, waiting for
    the worker and for other cameras, and sharing the cores; and the network, what lies between
    sending and recording outside the node, both ways. The recorder's clock stops at the label
    image, the node's after the frame's other outputs: a cost of the network below zero says that
    it is less than what those take.

    :returns: frames and rates by camera, times, problems, and the node's report on its engine
    """
    played = [drive for drive in run.drives if drive.accounting is not None]
    accounts = [drive.accounting for drive in played]
    problems = [f'{drive.path}: {text}' for drive in played for text in drive.accounting.problems]
    failed = [drive for drive in run.drives if drive.error]
    problems += [f'{drive.path} could not be played: {drive.error}' for drive in failed]
    if run.exit_code:
        problems.append(f'the node ended with exit code {run.exit_code}')
    latencies = np.concatenate([each.latencies_ms for each in accounts] or [np.empty(0)])
    cameras = [
        values
        for drive in played
        for name, values in drive.statuses.items()
        if name.startswith('camera ') and 'latency_ms_p99' in values
    ]
    engines = [drive.statuses['engine'] for drive in played if drive.statuses.get('engine')]
    end_to_end = {f'p{share}': _percentile(latencies, share) for share in (50, 99)}
    node_ms = {
        'p50': _percentile([float(values['latency_ms_p50']) for values in cameras], 50),
        'p99': max((float(values['latency_ms_p99']) for values in cameras), default=None),
    }
    engine_ms = {
        share: max((float(values[name]) for values in engines if name in values), default=None)
        for share, name in (('p50', 'inference_ms_p50'), ('p99', 'inference_ms_p99'))
    }
    return {
        'node': run.node,
        'engine': dict(engines[0]) if engines else None,
        'frames': _frames(accounts),
        'fps': _rates(accounts),
        'end_to_end_ms': {**end_to_end, 'max': _percentile(latencies, 100)},
        'node_ms': node_ms,
        'engine_ms': engine_ms,
        'network_ms': _less(end_to_end['p50'], node_ms['p50']),
        'scheduling_ms': _less(node_ms['p50'], engine_ms['p50']),
        'problems': problems,
    }


def describe_live(live: dict) -> list[str]:
    """Say in lines of text what became of the frames that were played, and how long it took."""
    total, end_to_end = live['frames']['total'], live['end_to_end_ms']
    lost = ', '.join(
        f'{count} {name.replace("_", " ")}'
        for name, count in total.items()
        if count and name not in ('sent', 'received', 'processed', 'recorded')
    )
    lines = [
        f'live: {total["sent"]} frames sent, {total["recorded"]} came back ({lost or "none lost"}),'
        f' {live["fps"]["total"]:g} a second'
    ]
    if end_to_end['p50'] is not None:
        lines.append(
            f'latency {end_to_end["p50"]:.1f} ms (p50), {end_to_end["p99"]:.1f} ms (p99); of '
            f'the median {live["network_ms"]} ms are transport, '
            f'{live["scheduling_ms"]} ms scheduling'
        )
    return [*lines, *(f'PROBLEM: {problem}' for problem in live['problems'])]


def _frames(accounts: list[Accounting]) -> dict[str, dict[str, int]]:
    total: dict[str, Counter[str]] = {}
    for account in accounts:
        for camera, row in account.frames.items():
            total.setdefault(camera, Counter()).update(row)
    frames = {camera: dict(row) for camera, row in total.items()}
    return frames or {'total': {'sent': 0, 'recorded': 0}}


def _rates(accounts: list[Accounting]) -> dict[str, float]:
    """Return label images per second by camera: the mean over drives, each as long as it played."""
    cameras = {camera: None for account in accounts for camera in account.fps}
    rates = {}
    for camera in cameras:
        weights = [account.frames[camera]['recorded'] for account in accounts]
        values = [account.fps[camera] for account in accounts]
        rates[camera] = (
            round(float(np.average(values, weights=weights)), 2) if any(weights) else 0.0
        )
    return rates or {'total': 0.0}


def _percentile(values: np.ndarray | list[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 3) if len(values) else None


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else round(whole - part, 3)
