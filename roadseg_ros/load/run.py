"""Run one load test: start the processes, watch them, and account for every frame."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from roadseg_core.benchmarking.load.result import LoadPlan, summarize
from roadseg_core.benchmarking.load.usage import Usage, read_usage
from roadseg_ros.live.processes import Process

_READY_WITHIN = 120.0
_CHURN = 20.0
"""Seconds from one subscriber that comes for half as long to the next, in a soak."""


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
    return summarize(plan, sent, heard, usages)


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
