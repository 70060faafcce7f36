"""Play bags to the node over DDS, and account for every frame."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.bags.cdr import BILLION
from roadseg_core.evaluation.settings.scenario import EngineChoice, LiveChoice
from roadseg_core.sources.opening import open_source
from roadseg_core.sources.source import SourceError
from roadseg_ros.live.accounting import (
    CAUSES,
    Accounting,
    AccountingError,
    account,
    node_counts,
    read_sent,
)
from roadseg_ros.live.node import FoundNode, Input, LiveError, LiveNode, StartedNode
from roadseg_ros.live.processes import DemoError, Process, images_problem, start_node
from roadseg_ros.live.recorder import NODE, Recorder
from roadseg_ros.live.waiting import engine_status, wait_ready, wait_settled

_LEAST_FPS, _MOST_FPS = 0.1, 240.0


@dataclass(frozen=True)
class LivePlan:
    """
    Say what is played to which node.

    :param bags: the bags, and the name of each in the output folder
    :param cameras: topic in the bags by camera
    :param output: folder to write to
    :param start: second of each bag at which playing begins
    :param end: second of each bag at which it stops; None for the bag's end
    """

    bags: dict[str, Path]
    cameras: dict[str, str]
    model: Path | None
    engine: EngineChoice
    choice: LiveChoice
    output: Path
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class LiveBag:
    """
    Hold what came of one bag.

    :param accounting: None where it could not be played
    :param error: why it could not
    :param node: full name of the node
    :param published: bag of what the node published
    :param label_map: the node's label map, JSON types
    :param engine: the engine, as the node's diagnostics describe it
    :param node_ms: what the node says of its own latency: camera -> (p50, p99)
    """

    path: Path
    accounting: Accounting | None
    error: str
    published: Path
    node: str = ''
    label_map: dict | None = None
    engine: dict[str, str] | None = None
    node_ms: dict[str, tuple[float, float]] | None = None


def play_live(plan: LivePlan, *, say: Callable[[str], None]) -> tuple[list[LiveBag], int]:
    """
    Play each bag in turn to one node.

    :param say: told what goes on
    :returns: what came of each bag, and the node's exit code
    :raises LiveError: if there is no node, or it ends before the last bag
    """
    problem = images_problem()
    if problem:
        say(f'WARNING: {problem}')
    published = plan.output / 'published'
    shutil.rmtree(published, ignore_errors=True)
    published.mkdir(parents=True)
    results = []
    try:
        with ExitStack() as stack:
            node = _node(plan, say)
            closing = stack.enter_context(ExitStack())
            closing.callback(node.close)
            missing = sorted(plan.cameras.keys() - node.inputs.keys())
            if missing:
                raise LiveError(
                    f'{node.name} has no camera {", ".join(missing)}; it has '
                    f'{", ".join(sorted(node.inputs))}'
                )
            for name, path in plan.bags.items():
                results.append(_play_bag(plan, node, name, path, published / name, say))
            closing.pop_all()
            exit_code = node.close()
    except DemoError as error:
        raise LiveError(str(error)) from error
    return results, exit_code


def _node(plan: LivePlan, say: Callable[[str], None]) -> LiveNode:
    if plan.choice.node is not None:
        return FoundNode(plan.choice.node)
    transport, fps = _sources(plan)
    inputs = {camera: Input(f'/camera/{camera}/image_raw', transport) for camera in plan.cameras}
    say(f'starting the node: {", ".join(inputs)}, {transport}, at most {fps:g} fps')
    process = start_node(
        {camera: (where.topic, where.transport) for camera, where in inputs.items()},
        fps=fps,
        backend=plan.engine.backend,
        model=plan.model,
        log=plan.output / 'node.log',
        parameters={'precision': plan.engine.precision, 'threads': str(plan.engine.threads)},
    )
    return StartedNode(process, NODE, inputs)


def _sources(plan: LivePlan) -> tuple[str, float]:
    """Return the transport, and the node's cap: what is asked for, else the fastest camera's."""
    compressed, rates = [], []
    for path in plan.bags.values():
        for topic in plan.cameras.values():
            try:
                source = open_source(path, bag_topic=topic)
            except SourceError:
                continue  # the player will say why
            compressed.append(source.compressed)
            rates.append(BILLION / source.period_ns * plan.choice.rate)
    transport = 'compressed' if compressed and all(compressed) else 'raw'
    fps = plan.choice.fps or max(rates, default=15.0)
    return transport, min(_MOST_FPS, max(_LEAST_FPS, round(fps, 2)))


def _play_bag(
    plan: LivePlan,
    node: LiveNode,
    name: str,
    path: Path,
    published: Path,
    say: Callable[[str], None],
) -> LiveBag:
    cameras = tuple(plan.cameras)
    log = plan.output / f'sent_{name}.jsonl'
    log.unlink(missing_ok=True)
    with ExitStack() as stack:
        recorder = Recorder(published, cameras, node=node.name)
        closing = stack.enter_context(ExitStack())
        closing.callback(recorder.close)
        wait_ready(node, recorder, lambda state: None)
        before = node_counts(recorder.recorded.statuses, cameras)
        say(f'{name}: playing at {plan.choice.rate:g} times the recorded speed')
        player = Process(
            'player',
            'roadseg_ros.play',
            _arguments(plan, node, path, log),
            plan.output / f'player_{name}.log',
        )
        stack.callback(player.stop)
        while player.running:
            time.sleep(0.1)
            if not node.running:
                raise node.failure(f'ended (exit code {node.exit_code()}) while {path} was played')
        if player.exit_code() != 0:
            error = str(player.failure(f'failed with exit code {player.exit_code()}'))
            return LiveBag(path, None, error, published, node.name)
        wait_settled(node, recorder)
        recorded = recorder.recorded
        after = node_counts(recorded.statuses, cameras)
        closing.close()
    counts = {
        camera: {key: after[camera][key] - before[camera][key] for key in ('received', *CAUSES)}
        for camera in cameras
    }
    try:
        accounting = account(read_sent(log), recorded.received_ns, counts)
    except AccountingError as error:
        return LiveBag(path, None, str(error), published, node.name)
    return LiveBag(
        path,
        accounting,
        '',
        published,
        node.name,
        label_map=recorded.label_map,
        engine=engine_status(recorded),
        node_ms=_node_latencies(recorded.statuses, cameras),
    )


def _arguments(plan: LivePlan, node: LiveNode, path: Path, log: Path) -> list[str]:
    choice = plan.choice
    transports = {node.inputs[camera].transport for camera in plan.cameras}
    if len(transports) > 1:
        raise LiveError(
            f'{node.name} takes raw images of some cameras and compressed ones of '
            'others; a bag is played as one or the other: give them one transport'
        )
    arguments = [
        '--rate',
        str(choice.rate),
        '--transport',
        transports.pop(),
        '--start',
        str(plan.start),
        '--wait-subscribers',
        '20',
        '--log',
        str(log),
    ]
    if choice.clock_hz:
        arguments += ['--clock', str(choice.clock_hz)]
    if plan.end is not None:
        arguments += ['--end', str(plan.end)]
    for camera, topic in plan.cameras.items():
        arguments += [
            '--source',
            f'{camera}={path}',
            '--bag-topic',
            f'{camera}={topic}',
            '--topic',
            f'{camera}={node.inputs[camera].topic}',
        ]
    return arguments


def _node_latencies(
    statuses: dict[str, dict[str, str]], cameras: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """Return arrival to publication, as the node measures it, of the newest 1000 frames."""
    found = {}
    for name, values in statuses.items():
        camera = name.rpartition(':')[2].removeprefix(' camera ')
        if camera in cameras and 'latency_ms_p99' in values:
            found[camera] = float(values['latency_ms_p50']), float(values['latency_ms_p99'])
    return found
