"""Play drives to a node over DDS, and account for every frame."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.evaluation.live.accounting import (
    CAUSES,
    AccountingError,
    account,
    node_counts,
    read_sent,
)
from roadseg_core.evaluation.live.results import LiveDrive, LiveError, LiveRun
from roadseg_core.evaluation.settings.sections import EngineChoice, LiveChoice
from roadseg_core.shared_memory import read_shared_memory
from roadseg_core.sources.opening import open_source
from roadseg_ros.dds.profile import images_problem
from roadseg_ros.live.node import CameraInput, FoundNode, LiveNode, StartedNode
from roadseg_ros.live.processes import Process
from roadseg_ros.live.recorder import Recorder

_LEAST_FPS, _MOST_FPS = 0.1, 240.0
_READY_SECONDS, _SETTLED_SECONDS = 300.0, 10.0


@dataclass(frozen=True)
class LivePlan:
    """
    Say what is played to which node.

    :param drives: bags, videos or folders of images by the name of their files in ``output``
    :param cameras: image topic in the bags by camera; '' where a bag has only one
    :param output: folder to write to
    :param model: None for the one shipped
    :param playing: further options of the player, on its command line
    :param parameters: further parameters of a node that is started
    :param grid: whether the fused road grid is recorded
    """

    drives: dict[str, Path]
    cameras: dict[str, str]
    output: Path
    model: Path | None = None
    engine: EngineChoice = EngineChoice()
    choice: LiveChoice = LiveChoice()
    playing: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    grid: bool = False


def play_live(plan: LivePlan, *, say: Callable[[str], None]) -> LiveRun:
    """
    Play each drive in turn to one node.

    :param say: told what goes on
    :raises LiveError: if there is no node, or it ends before the last drive
    """
    # The player and the recorder have a segment each, too.
    problem = images_problem(read_shared_memory(), senders=2)
    if problem:
        say(f'WARNING: {problem}')
    published = plan.output / 'published'
    shutil.rmtree(published, ignore_errors=True)
    published.mkdir(parents=True)
    with ExitStack() as stack:
        node = _node(plan, say)
        stack.callback(node.close)
        missing = sorted(plan.cameras.keys() - node.inputs.keys())
        if missing:
            raise LiveError(
                f'{node.name} has no camera {", ".join(missing)}; it has '
                f'{", ".join(sorted(node.inputs))}'
            )
        drives = tuple(_play(plan, node, name, say) for name in plan.drives)
        stack.pop_all()
        return LiveRun(node.name, drives, node.close())


def _node(plan: LivePlan, say: Callable[[str], None]) -> LiveNode:
    if plan.choice.node is not None:
        return FoundNode(plan.choice.node)
    transport, fps = _transport_and_rate(plan)
    say(f'starting the node: {", ".join(plan.cameras)}, {transport}, at most {fps:g} fps')
    return StartedNode(
        {camera: CameraInput(f'/camera/{camera}/image_raw', transport) for camera in plan.cameras},
        fps=fps,
        engine=plan.engine,
        model=plan.model,
        log=plan.output / 'node.log',
        more=plan.parameters,
    )


def _transport_and_rate(plan: LivePlan) -> tuple[str, float]:
    """Return the transport, and the node's cap: what is asked for, else the fastest camera's."""
    compressed, rates = [], []
    for path in plan.drives.values():
        for topic in plan.cameras.values():
            try:
                source = open_source(path, bag_topic=topic)
            except SourceError:
                continue  # the player will say why
            compressed.append(source.compressed)
            rates.append(round(BILLION / source.period_ns * plan.choice.rate, 2))
    transport = 'compressed' if compressed and all(compressed) else 'raw'
    fps = plan.choice.fps or max(rates, default=15.0)
    return transport, min(_MOST_FPS, max(_LEAST_FPS, fps))


def _play(plan: LivePlan, node: LiveNode, name: str, say: Callable[[str], None]) -> LiveDrive:
    path, cameras = plan.drives[name], tuple(plan.cameras)
    published, log = plan.output / 'published' / name, plan.output / f'sent_{name}.jsonl'
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder(published, cameras, node=node.name, grid=plan.grid))
        _wait_ready(node, recorder)
        before = node_counts(recorder.recorded.statuses, cameras)
        say(f'playing {path} to {node.name}, over DDS')
        arguments = _player_arguments(plan, node, path, log)
        player_log = plan.output / f'player_{name}.log'
        player = Process('player', 'roadseg_ros.play', arguments, player_log)
        stack.callback(player.close)
        bar = stack.enter_context(tqdm(desc='labels back', unit='', leave=False, disable=None))
        while player.running:
            time.sleep(0.1)
            bar.update(len(recorder.recorded.received_ns) - bar.n)
            if not node.running:
                raise node.failure(f'ended (exit code {node.exit_code()}) while {path} was played')
        if player.exit_code() != 0:
            error = str(player.failure(f'failed with exit code {player.exit_code()}'))
            return LiveDrive(path, published, error=error)
        _wait_settled(node, recorder)
    recorded = recorder.recorded
    after = node_counts(recorded.statuses, cameras)
    counts = {
        camera: {key: after[camera][key] - before[camera][key] for key in ('received', *CAUSES)}
        for camera in cameras
    }
    try:
        accounting = account(read_sent(log), recorded.received_ns, counts)
    except AccountingError as error:
        return LiveDrive(path, published, error=str(error))
    return LiveDrive(path, published, accounting, '', recorded.label_map, recorded.statuses)


def _wait_ready(node: LiveNode, recorder: Recorder) -> None:
    """
    Wait until the engine is ready and every output has a publisher.

    :raises LiveError: if the node ends, fails or takes too long
    """
    deadline = time.monotonic() + _READY_SECONDS
    with tqdm(bar_format='{desc} [{elapsed}]', leave=False, disable=None) as bar:
        while True:
            state = recorder.recorded.statuses.get('engine', {}).get('state', '')
            if state == 'READY' and recorder.matched():
                return
            if not node.running:
                raise node.failure(f'ended with exit code {node.exit_code()} before it was ready')
            if state == 'FAILED':
                raise node.failure('could not open its engine')
            if time.monotonic() > deadline:
                raise node.failure(
                    f'was not ready within {_READY_SECONDS:g} s '
                    f'(engine: {state or "no diagnostics"})'
                )
            bar.set_description_str(f'engine: {state.lower() or "waiting for diagnostics"}')
            time.sleep(0.1)


def _wait_settled(node: LiveNode, recorder: Recorder) -> None:
    """Wait until two diagnostics after the last image: the last one counts every frame."""
    time.sleep(0.5)
    until = recorder.recorded.reports + 2
    deadline = time.monotonic() + _SETTLED_SECONDS
    while recorder.recorded.reports < until and time.monotonic() < deadline:
        if not node.running:
            raise node.failure(f'died with exit code {node.exit_code()}')
        time.sleep(0.05)


def _player_arguments(plan: LivePlan, node: LiveNode, path: Path, log: Path) -> list[str]:
    transports = {node.inputs[camera].transport for camera in plan.cameras}
    if len(transports) > 1:
        raise LiveError(
            f'{node.name} takes raw images of some cameras and compressed ones of '
            'others; a drive is played as one or the other: give them one transport'
        )
    arguments = [f'--rate={plan.choice.rate}', f'--transport={transports.pop()}', f'--log={log}']
    arguments += ['--wait-subscribers=20', *plan.playing]
    if plan.choice.clock_hz:
        arguments.append(f'--clock={plan.choice.clock_hz}')
    for camera, topic in plan.cameras.items():
        arguments.append(f'--source={camera}={path}')
        arguments.append(f'--topic={camera}={node.inputs[camera].topic}')
        if topic:
            arguments.append(f'--bag-topic={camera}={topic}')
    return arguments
