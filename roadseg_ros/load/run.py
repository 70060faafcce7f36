"""One load test: start the processes, watch them, and say what came of every frame."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from roadseg_core.evaluation.live.results import LiveError
from roadseg_ros.live.processes import Process
from roadseg_ros.load.usage import Usage, read_usage

COUNTS = ('received', 'processed', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')
_READY_WITHIN = 120.0
_CHURN = 20.0
"""Seconds from one subscriber that comes for half as long to the next, in a soak."""


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


def run_load(plan: LoadPlan, folder: Path, *, say: Callable[[str], None]) -> dict:
    """
    Run a load test.

    :param folder: of logs; made
    :returns: plain JSON types: counts and latencies by camera, processor time, memory, series
    :raises LiveError: if a process does not do its part
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / 'ready'
    ready.unlink(missing_ok=True)
    topics = [f'{camera}/{output}' for camera in plan.cameras for output in plan.outputs]
    node = _node(plan, folder)
    listener = _listener(folder, 'listener', [*topics, '--ready', str(ready)])
    try:
        until = time.monotonic() + _READY_WITHIN
        while not ready.exists():
            if not node.running or time.monotonic() > until:
                raise node.failure('was not ready')
            time.sleep(0.1)
        say(f'{len(plan.cameras)} x {plan.size[0]}x{plan.size[1]} at {plan.fps:g} frames/s')
        sender = Process('sender', 'roadseg_ros.load.sender', _sent(plan), folder / 'sender.log')
        usages = _watch(plan, folder, node, sender)
        if sender.exit_code() != 0:
            raise sender.failure('failed')
        time.sleep(2.5)  # for the last counts
    finally:
        listener.close()
        node.close()
    heard = json.loads((folder / 'listener.json').read_text())
    sent = json.loads((folder / 'sender.log').read_text().splitlines()[-1])
    return _result(plan, sent, heard, usages)


def _node(plan: LoadPlan, folder: Path) -> Process:
    parameters = [f'camera_names:=[{",".join(plan.cameras)}]', f'fps:={float(plan.fps)}']
    parameters += [f'{camera}.transport:={plan.transport}' for camera in plan.cameras]
    arguments = ['--ros-args']
    for parameter in (*parameters, *plan.parameters):
        arguments += ['-p', parameter]
    return Process('node', 'roadseg_ros.segmentation_node', arguments, folder / 'node.log')


def _listener(folder: Path, name: str, arguments: list[str]) -> Process:
    output = str(folder / f'{name}.json')
    log = folder / f'{name}.log'
    return Process(name, 'roadseg_ros.load.listener', [output, *arguments], log)


def _sent(plan: LoadPlan) -> list[str]:
    width, height = plan.size
    values = {'width': width, 'height': height, 'fps': plan.fps, 'duration': plan.duration}
    options = [f'--{name}={value}' for name, value in values.items()]
    return [*plan.cameras, *options, f'--transport={plan.transport}']


def _watch(plan: LoadPlan, folder: Path, node: Process, sender: Process) -> list[Usage]:
    """Look at the node once a second until the sender is done."""
    usages, guest, began = [read_usage(node.pid)], None, time.monotonic()
    while sender.running:
        time.sleep(1.0)
        if not node.running:
            sender.close()
            raise node.failure(f'ended with exit code {node.exit_code()}')
        usages.append(read_usage(node.pid))
        wanted = plan.churn and (time.monotonic() - began) % _CHURN > _CHURN / 2
        if wanted and guest is None:
            guest = _listener(folder, 'guest', [f'{plan.cameras[0]}/confidence'])
        elif guest is not None and not wanted:
            guest.close()
            guest = None
    if guest is not None:
        guest.close()
    return usages


def _result(plan: LoadPlan, sent: dict, heard: dict, usages: list[Usage]) -> dict:
    reports = [report for report in heard['reports'] if report['engine']['state'] == 'READY']
    if not reports:
        raise LiveError('the node published no diagnostics')
    last = reports[-1]
    cameras = {}
    for camera in plan.cameras:
        counts = {name: int(last[f'camera {camera}'][name]) for name in COUNTS}
        if counts['received'] != sum(counts[name] for name in COUNTS[1:]):
            raise LiveError(f'the counts of {camera} do not add up: {counts}')
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
