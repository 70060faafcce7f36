"""Run one load test: start the processes, watch them, and account for every frame."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from rclpy.node import Node

from roadseg_core.benchmarking.load.result import LoadPlan, summarize
from roadseg_core.benchmarking.load.usage import Usage, read_usage
from roadseg_core.evaluation.live.results import LiveError
from roadseg_ros.live.context import make_context
from roadseg_ros.live.processes import Process

_SEEN_WITHIN = 4.0
"""Seconds for the publishers of other processes to be seen."""

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
    with ExitStack() as stack:
        node = _start(stack, 'node', 'roadseg_ros.segmentation_node', _parameters(plan), folder)
        listener = _listener(stack, 'listener', [*topics, '--ready', str(ready)], folder)
        until = time.monotonic() + _READY_WITHIN
        while not ready.exists():
            if not node.running or time.monotonic() > until:
                raise node.failure('was not ready')
            if not listener.running:
                raise listener.failure(f'ended with exit code {listener.exit_code()}')
            time.sleep(0.1)
        say(f'{len(plan.cameras)} x {plan.size[0]}x{plan.size[1]} at {plan.fps:g} frames/s')
        sender = _start(stack, 'sender', 'roadseg_ros.load.sender', _sent(plan), folder)
        usages = _watch(plan, folder, node, sender, stack)
        if sender.exit_code() != 0:
            raise sender.failure('failed')
        time.sleep(2.5)  # for the last counts
    heard = json.loads((folder / 'listener.json').read_text())
    sent = json.loads((folder / 'sender.log').read_text().splitlines()[-1])
    return summarize(plan, sent, heard, usages)


def refuse_others(cameras: Sequence[str]) -> None:
    """Raise LiveError where other processes already send what the node takes or publishes."""
    context = make_context()
    node = Node('load_probe', context=context)
    try:
        taken = [f'/segmentation/{camera}/label' for camera in cameras]
        taken += [
            f'/camera/{camera}/image_raw{end}' for camera in cameras for end in ('', '/compressed')
        ]
        others, until = [], time.monotonic() + _SEEN_WITHIN
        while not others and time.monotonic() < until:
            time.sleep(0.1)
            others = [topic for topic in taken if node.count_publishers(topic)]
    finally:
        node.destroy_node()
        context.try_shutdown()
    if others:
        raise LiveError(
            f'another process publishes {", ".join(others)}, which would falsify the figures; end '
            'it, or set another ROS_DOMAIN_ID'
        )


def _start(stack: ExitStack, name: str, module: str, arguments: list[str], folder: Path) -> Process:
    """Start a process that the stack ends; a signal waits until the stack knows of it."""
    came: list[int] = []
    endings = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: came.append(number)) for number in endings]
    try:
        process = Process(name, module, arguments, folder / f'{name}.log')
        stack.callback(process.close)
    finally:
        for number, handler in zip(endings, before):
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])
    return process


def _parameters(plan: LoadPlan) -> list[str]:
    parameters = [f'camera_names:=[{",".join(plan.cameras)}]', f'fps:={float(plan.fps)}']
    parameters += [f'{camera}.transport:={plan.transport}' for camera in plan.cameras]
    arguments = ['--ros-args']
    for parameter in (*parameters, *plan.parameters):
        arguments += ['-p', parameter]
    return arguments


def _listener(stack: ExitStack, name: str, arguments: list[str], folder: Path) -> Process:
    output = str(folder / f'{name}.json')
    return _start(stack, name, 'roadseg_ros.load.listener', [output, *arguments], folder)


def _sent(plan: LoadPlan) -> list[str]:
    width, height = plan.size
    values = {'width': width, 'height': height, 'fps': plan.fps, 'duration': plan.duration}
    options = [f'--{name}={value}' for name, value in values.items()]
    return [*plan.cameras, *options, f'--transport={plan.transport}']


def _watch(
    plan: LoadPlan, folder: Path, node: Process, sender: Process, stack: ExitStack
) -> list[Usage]:
    """Look at the node once a second until the sender is done."""
    usages, guest, began = [read_usage(node.pid)], None, time.monotonic()
    while sender.running:
        time.sleep(1.0)
        if not node.running:
            raise node.failure(f'ended with exit code {node.exit_code()}')
        usages.append(read_usage(node.pid))
        wanted = plan.churn and (time.monotonic() - began) % _CHURN > _CHURN / 2
        if wanted and guest is None:
            guest = _listener(stack, 'guest', [f'{plan.cameras[0]}/confidence'], folder)
        elif guest is not None and not wanted:
            guest.close()
            guest = None
    return usages
