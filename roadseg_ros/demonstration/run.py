"""The demo, step by step."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path

from roadseg_core.bags.drive_bag import image_topic, record_drive, truth_topic
from roadseg_core.labels import LabelMap
from roadseg_core.metrics import Scores
from roadseg_core.rendering import demo_config
from roadseg_core.sources.opening import open_source
from roadseg_ros.demonstration.moments import Moment, choose_stamps, collect
from roadseg_ros.demonstration.page import write_page
from roadseg_ros.demonstration.progress import Steps, say
from roadseg_ros.demonstration.scoring import Comparison, mono_images, pairs
from roadseg_ros.demonstration.settings import DemoSettings
from roadseg_ros.demonstration.summary import summarize
from roadseg_ros.live.accounting import Accounting, account, node_counts, read_sent
from roadseg_ros.live.processes import DemoError, Process, images_problem, start_node
from roadseg_ros.live.recorder import Recorded, Recorder, output_topic
from roadseg_ros.live.waiting import engine_status, wait_ready, wait_settled

_MOMENTS = {'drive': 4, 'source': 6}


def run_demo(settings: DemoSettings) -> int:
    """
    Run the demo.

    :returns: 0, or 1 where frames are unaccounted for or the node ended badly
    :raises DemoError: if the node or the player fails
    :raises SourceError: if the source cannot be played
    """
    output = settings.output
    steps = Steps()
    problem = images_problem()
    if problem:
        say(f'WARNING: {problem}')
    for name in ('drive', 'published'):
        shutil.rmtree(output / name, ignore_errors=True)
    bag = output / 'drive'
    transport = 'raw'
    if settings.source is None:
        height, width = settings.size
        config = demo_config(settings.seconds, settings.fps, height, width)
        steps.begin(
            f'Rendering a drive of {config.seconds:g} s, {len(settings.cameras)} cameras '
            f'{width}x{height}, with exact truth'
        )
        record_drive(config, settings.cameras, bag, progress=steps.progress)
        played = f'rendered drive, layout {config.layout}, seed {config.seed}, {config.seconds:g} s'
    else:
        source = open_source(settings.source, bag_topic=settings.bag_topic, fps=settings.fps)
        transport = 'compressed' if source.compressed else 'raw'
        played = f'{settings.source}: {source.description}'
        say(f'Source: {played}')
    recorded, exit_code = _drive_node(settings, transport, steps)
    steps.begin('Comparing and writing the report')
    sent = read_sent(output / 'sent.jsonl')
    accounting = account(
        sent, recorded.received_ns, node_counts(recorded.statuses, settings.cameras)
    )
    engine = engine_status(recorded)
    if recorded.label_map is None:
        raise DemoError('the node published no label map on /segmentation/label_map')
    label_map = LabelMap.from_dict(recorded.label_map)
    scores, by_class = None, False
    if settings.source is None:
        scores, by_class = _score(settings, recorded, label_map, steps)
    summary = summarize(
        settings, accounting, engine=engine, scores=scores, by_class=by_class, played=played
    )
    summary['node_exit_code'] = exit_code
    (output / 'report.json').write_text(json.dumps(summary, indent=2) + '\n', encoding='utf-8')
    moments = _moments(settings, recorded, label_map)
    write_page(output / 'report.html', summary, moments, label_map, accounting)
    _conclude(settings, summary, accounting)
    return 0 if exit_code == 0 and not accounting.problems else 1


def _drive_node(settings: DemoSettings, transport: str, steps: Steps) -> tuple[Recorded, int]:
    """Run node, player and recorder; return what came, and the node's exit code."""
    output = settings.output
    with ExitStack() as stack:
        steps.begin('Starting the node')
        node = start_node(
            {camera: (image_topic(camera), transport) for camera in settings.cameras},
            fps=settings.fps,
            backend=settings.backend,
            model=settings.model,
            log=output / 'node.log',
        )
        stack.callback(node.stop)
        recorder = Recorder(output / 'published', settings.cameras)
        closed = stack.enter_context(ExitStack())
        closed.callback(recorder.close)
        wait_ready(node, recorder, steps.note)
        steps.begin(f'Playing at {settings.fps:g} fps into the node, over DDS')
        player = Process(
            'player',
            'roadseg_ros.play',
            _player_arguments(settings, transport),
            output / 'player.log',
        )
        stack.callback(player.stop)
        while player.running:
            time.sleep(0.2)
            if not node.running:
                raise node.failure(f'died with exit code {node.exit_code()}')
            steps.progress(len(recorder.recorded.received_ns), 0)
        if player.exit_code() != 0:
            raise player.failure(f'failed with exit code {player.exit_code()}')
        wait_settled(node, recorder)
        steps.begin('Stopping the node')
        exit_code = node.stop()
        recorded = recorder.recorded
        closed.close()
    return recorded, exit_code


def _player_arguments(settings: DemoSettings, transport: str) -> list[str]:
    arguments = [
        '--fps',
        str(settings.fps),
        '--transport',
        transport,
        '--wait-subscribers',
        '20',
        '--log',
        str(settings.output / 'sent.jsonl'),
    ]
    for camera, phase in settings.phases.items():
        topic = settings.bag_topic if settings.source else image_topic(camera)
        arguments += [
            '--source',
            f'{camera}={settings.source or settings.output / "drive"}',
            '--phase',
            f'{camera}={phase:.6f}',
        ]
        if topic:
            arguments += ['--bag-topic', f'{camera}={topic}']
    return [*arguments, '--seconds', str(settings.seconds)]


def _score(
    settings: DemoSettings, recorded: Recorded, label_map: LabelMap, steps: Steps
) -> tuple[Scores, bool]:
    comparison = Comparison(label_map)
    done = 0
    for camera in settings.cameras:
        if not any(name == camera for name, _ in recorded.received_ns):
            continue
        for truth, labels in pairs(
            mono_images(settings.output / 'drive', truth_topic(camera)),
            mono_images(settings.output / 'published', output_topic(camera, 'label')),
        ):
            comparison.update(truth, labels)
            done += 1
            steps.progress(done, len(recorded.received_ns))
    return comparison.scores(), comparison.by_class


def _moments(settings: DemoSettings, recorded: Recorded, label_map: LabelMap) -> list[Moment]:
    moments = []
    drive = settings.output / 'drive'
    count = _MOMENTS['source' if settings.source else 'drive']
    for camera in settings.cameras:
        stamps = [stamp for name, stamp in recorded.received_ns if name == camera]
        if not stamps:
            continue
        path = settings.source or drive
        topic = settings.bag_topic if settings.source else image_topic(camera)
        moments += collect(
            camera,
            choose_stamps(stamps, count),
            source=open_source(path, bag_topic=topic, fps=settings.fps),
            published=settings.output / 'published',
            truth=None if settings.source else (drive, truth_topic(camera)),
            label_map=label_map,
            first_stamp=min(stamps),
        )
    return moments


def _conclude(settings: DemoSettings, summary: dict, accounting: Accounting) -> None:
    total, latency = summary['frames']['total'], summary['latency_ms']
    share = summary['processed_share']
    say(
        f'\n{len(settings.cameras)} camera{"s" if len(settings.cameras) > 1 else ""} at '
        f'{settings.fps:g} fps: {total["sent"]} frames sent, {total["processed"]} processed '
        f'({100 * (share or 0):.2f} %), {total["lost_by_dds"]} lost by DDS'
    )
    if latency['p50'] is not None:
        say(
            f'end-to-end latency {latency["p50"]:.1f} ms (p50), {latency["p99"]:.1f} ms (p99); '
            f'{summary["fps"]["total"]:g} label images a second'
        )
    if summary['road_iou'] is not None:
        miou = f', mIoU {summary["miou"]:.3f}' if summary['miou'] is not None else ''
        say(f'road IoU {summary["road_iou"]:.3f}{miou} against exact truth of the rendered drive')
    for problem in accounting.problems:
        say(f'PROBLEM: {problem}')
    if summary['node_exit_code'] != 0:
        say(
            f'PROBLEM: the node ended with exit code {summary["node_exit_code"]}; see '
            f'{settings.output / "node.log"}'
        )
    for name in ('report.json', 'report.html'):
        say(f'{Path(settings.output / name).resolve()}')
