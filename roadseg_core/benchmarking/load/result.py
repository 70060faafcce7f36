"""Hold the result of a load test: the outcome and time of every frame, and memory growth."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from roadseg_core.benchmarking.load.usage import Usage
from roadseg_core.evaluation.live.results import LiveError

COUNTS = ('received', 'processed', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')

LEAST_SHARE, MOST_P99_MS = 0.97, 66.0
"""What counts as keeping up: of each camera's frames, and from camera to planner."""


@dataclass(frozen=True)
class LoadPlan:
    """Say what is sent and what is listened to; ``size`` is (width, height)."""

    cameras: tuple[str, ...]
    size: tuple[int, int]
    fps: float
    outputs: tuple[str, ...]
    duration: float
    transport: str = 'raw'
    churn: bool = False
    parameters: tuple[str, ...] = ()


def summarize(plan: LoadPlan, sent: dict, heard: dict, usages: list[Usage]) -> dict:
    """
    Bring together what the processes of a load test noted.

    :param sent: frames of each camera, and seconds
    :param heard: ``images``: (stamp, time) in nanoseconds of each by ``camera/output``;
        ``reports``: the node's diagnostics
    :param usages: of the node, once a second
    :raises LiveError: if the node said nothing, its counts do not add up, or more came than was
        sent
    """
    reports = [report for report in heard['reports'] if report['engine']['state'] == 'READY']
    if not reports:
        raise LiveError('the node published no diagnostics')
    last = reports[-1]
    cameras = {}
    for camera in plan.cameras:
        counts = {name: int(last[f'camera {camera}'][name]) for name in COUNTS}
        if counts['received'] != sum(counts[name] for name in COUNTS[1:]):
            raise LiveError(f'the counts of {camera} do not add up: {counts}')
        came = {name: len(heard['images'][f'{camera}/{name}']) for name in plan.outputs}
        for name, count in {'frames at the node': counts['received'], **came}.items():
            if count > sent['frames']:
                raise LiveError(
                    f'{camera}: {sent["frames"]} frames were sent, but {count} came ({name}): '
                    'another process publishes on these topics; end it, or set another '
                    'ROS_DOMAIN_ID'
                )
        cameras[camera] = {
            'sent': sent['frames'],
            **counts,
            'processed_share': counts['processed'] / max(1, sent['frames']),
            'outputs': {o: _timing(heard['images'][f'{camera}/{o}']) for o in plan.outputs},
        }
    processed = sum(values['processed'] for values in cameras.values())
    cpu = {name: seconds - usages[0].cpu.get(name, 0.0) for name, seconds in usages[-1].cpu.items()}
    engine = cpu.get('inference', 0.0)
    return {
        'plan': asdict(plan),
        'sent': sent,
        'cameras': cameras,
        'mean_batch': float(last['engine']['mean_batch']),
        'cpu_ms_per_frame': {
            'node': 1e3 * sum(cpu.values()) / max(1, processed),
            'node_less_engine': 1e3 * (sum(cpu.values()) - engine) / max(1, processed),
            'threads': {name: 1e3 * taken / max(1, processed) for name, taken in cpu.items()},
        },
        'stage_ms_per_frame': {
            name.removesuffix('_seconds'): 1e3 * float(value) / max(1, processed)
            for name, value in last['engine'].items()
            if name.endswith('_seconds')
        },
        'series': {
            'seconds': [usage.seconds - usages[0].seconds for usage in usages],
            'memory': [usage.memory for usage in usages],
            'threads': [usage.threads for usage in usages],
            'descriptors': [usage.descriptors for usage in usages],
            'cpu': [sum(usage.cpu.values()) for usage in usages],
            'latency': _by_second(heard['images'], usages[0].seconds),
        },
    }


def _timing(came: list[list[int]]) -> dict:
    """Return how many came, and how long after they were sent, in milliseconds."""
    if len(came) < 3:
        return {'received': len(came)}
    stamps, times = np.asarray(came, np.int64).T
    latency, intervals = (times - stamps) / 1e6, np.diff(times) / 1e6
    return {
        'received': len(came),
        'p50_ms': float(np.percentile(latency, 50)),
        'p99_ms': float(np.percentile(latency, 99)),
        'max_ms': float(latency.max()),
        'jitter_ms': float(np.percentile(np.abs(intervals - np.median(intervals)), 95)),
    }


def _by_second(images: dict[str, list[list[int]]], began: float) -> dict[str, list[float]]:
    """Return the p50 and p99 of all images of each second, in milliseconds."""
    came = np.asarray([pair for pairs in images.values() for pair in pairs], np.int64)
    if not len(came):
        return {'p50': [], 'p99': []}
    seconds = ((came[:, 1] / 1e9) - began).astype(int)
    latency = (came[:, 1] - came[:, 0]) / 1e6
    groups = [latency[seconds == second] for second in range(int(seconds.max()) + 1)]
    return {
        f'p{percent}': [float(np.percentile(g, percent)) if len(g) else 0.0 for g in groups]
        for percent in (50, 99)
    }


def least_processed(result: dict) -> float:
    """Return the share of frames that is processed, of the camera with the least."""
    return min(camera['processed_share'] for camera in result['cameras'].values())


def shortfalls(result: dict) -> list[str]:
    """Say where the node does not keep up: cameras that it drops, outputs that come late."""
    problems = []
    for name, camera in result['cameras'].items():
        if camera['processed_share'] < LEAST_SHARE:
            problems.append(
                f'{name}: {100 * camera["processed_share"]:.1f} % of the frames processed; '
                f'expected {100 * LEAST_SHARE:g} %'
            )
        for output, timing in camera['outputs'].items():
            if 'p99_ms' not in timing:
                problems.append(f'{name}/{output}: {timing["received"]} came; too few to time them')
            elif timing['p99_ms'] > MOST_P99_MS:
                problems.append(
                    f'{name}/{output}: 99 of 100 came within {timing["p99_ms"]:.0f} ms; expected '
                    f'{MOST_P99_MS:g} ms'
                )
    return [f'the node does not keep up: {problem}' for problem in problems]


def soak_problems(series: dict) -> list[str]:
    """Say what grew between the third minute and the last one."""
    seconds = np.asarray(series['seconds'])
    later, problems = seconds >= 120.0, []
    memory = np.asarray(series['memory'])[later] / 2**20
    if memory.max() - memory[0] > 20.0:
        problems.append(f'memory grew by {memory.max() - memory[0]:.0f} MiB')
    for name in ('threads', 'descriptors'):
        counts = np.asarray(series[name])[later]
        # A subscriber that comes opens a second engine, and goes again.
        if np.median(counts[-30:]) > np.median(counts[:30]):
            problems.append(f'{name}: {np.median(counts[:30]):g}, then {np.median(counts[-30:]):g}')
    p99 = np.asarray(series['latency']['p99'])
    third, last = np.median(p99[120:180]), np.median(p99[-60:])
    if last > 1.2 * third:
        problems.append(f'p99 of the third minute {third:.0f} ms, of the last {last:.0f} ms')
    return problems
