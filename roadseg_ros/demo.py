"""
Show the node at work: render a drive, or take a source of one's own, play it and report.

``python -m roadseg_ros.demo [--source PATH]``; see ``--help``. Processes: this one renders,
records and reports; the node and the player are processes of their own, connected by DDS.
"""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

from tqdm import tqdm

from roadseg_core.bags.drive_bag import record_drive
from roadseg_core.bags.records import SourceError
from roadseg_core.evaluation.demonstration.frame_pictures import collect_pictures
from roadseg_core.evaluation.demonstration.ground import collect_ground, node_parameters
from roadseg_core.evaluation.demonstration.options import DemoOptions, parse_arguments
from roadseg_core.evaluation.demonstration.real_frames import try_real_frames
from roadseg_core.evaluation.demonstration.report import summarize, write_page
from roadseg_core.evaluation.live.figures import describe_live, live_figures
from roadseg_core.evaluation.live.results import LiveError, LiveRun
from roadseg_core.evaluation.live.scores import live_scores
from roadseg_core.evaluation.settings.sections import EngineChoice, LiveChoice, TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import default_model, take_folder, write_json
from roadseg_core.rendering import Drive
from roadseg_core.sources.opening import open_source
from roadseg_ros.cv_bridge_fallback import through_cv_bridge
from roadseg_ros.live.processes import prepare_run

_SHOWN, _SHOWN_OF_SOURCE, _SHOWN_FROM_ABOVE = 4, 6, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 if the node ran through and every frame is accounted for."""
    options = parse_arguments(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Raises KeyboardInterrupt, so that the node and the player are stopped on the way out.
        signal.signal(number, signal.default_int_handler)
    try:
        take_folder(options.output, 'demo')
    except OSError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    # Before anything of ROS is loaded, which reads them.
    prepare_run(options.output.resolve())
    try:
        return _run(options)
    except (EvaluationError, SourceError) as error:
        print(f'\ndemo: {error}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print('\ndemo: stopped', file=sys.stderr, flush=True)
        return 130


def _run(options: DemoOptions) -> int:
    """Prepare the drive, evaluate it live, and write report.json and report.html."""
    path = options.source or _render(options)
    sources = {
        camera: open_source(path, bag_topic=topic, fps=options.fps)
        for camera, topic in options.topics.items()
    }
    if options.source:
        played = f'{path}: {sources["front"].description}'
    else:
        config = options.drive
        played = f'rendered drive, layout {config.layout}, seed {config.seed}, {config.seconds:g} s'
    run = _play(options, path)
    drive = run.drives[0]
    if drive.accounting is None:
        raise LiveError(drive.error)
    if run.label_map is None:
        raise LiveError('the node published no label map')
    _say('comparing, and writing the report')
    scores = live_scores(
        run, TruthChoice(topics=options.truth_topics, label_map='seven'), options.cameras
    )
    live = live_figures(run)
    summary = summarize(options, live, scores, played=played, exit_code=run.exit_code)
    report, page = (options.output.resolve() / name for name in ('report.json', 'report.html'))
    count = _SHOWN_OF_SOURCE if options.source else _SHOWN
    frames = collect_pictures(
        run, sources, options.truth_topics, count=count, fallback=through_cv_bridge
    )
    moments = (
        []
        if options.source
        else collect_ground(run, Drive(options.drive), sources, count=_SHOWN_FROM_ABOVE)
    )
    real_frames = []
    if not options.source:
        # By the model and the backend of the node.
        backend = (live['engine'] or {}).get('backend', options.backend)
        real_frames, problem = try_real_frames(options.model or default_model(), backend)
        if problem:
            summary['real_frames_problem'] = problem
            _say(f'no photographs of real roads: {problem}')
    summary['real_frames'] = {frame.file: frame.shares for frame in real_frames}
    write_json(report, summary)
    write_page(page, summary, frames, run.label_map, drive.accounting, moments, real_frames)
    _say('', *describe_live(live))
    if scores:
        _say(f'road IoU {scores["road_iou"]:.3f} against the exact truth of the rendered drive')
    _say(str(report), str(page))
    return 1 if live['problems'] else 0


def _render(options: DemoOptions) -> Path:
    """Render the drive; return its bag."""
    bag, config = options.output / 'drive', options.drive
    shutil.rmtree(bag, ignore_errors=True)
    _say(
        f'rendering a drive of {config.seconds:g} s, {len(options.cameras)} cameras '
        f'{config.width}x{config.height}, with exact truth'
    )
    with tqdm(desc='rendering', unit=' frames', leave=False, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        record_drive(config, options.cameras, bag, progress=progress)
    return bag


def _play(options: DemoOptions, path: Path) -> LiveRun:
    # Loads ROS.
    from roadseg_ros.live.run import LivePlan, play_live

    rendered = None if options.source else Drive(options.drive)
    plan = LivePlan(
        drives={'drive': path},
        cameras=options.topics,
        output=options.output,
        model=options.model,
        engine=EngineChoice(backend=options.backend),
        choice=LiveChoice(clock_hz=0.0, fps=options.fps),
        playing=(
            f'--fps={options.fps}',
            f'--seconds={options.seconds}',
            *(f'--phase={camera}={phase:.6f}' for camera, phase in options.phases.items()),
        ),
        parameters=node_parameters(rendered, options.cameras) if rendered else {},
        grid=rendered is not None,
    )
    return play_live(plan, say=_say)


def _say(*lines: str) -> None:
    print(*lines, sep='\n', flush=True)


if __name__ == '__main__':
    sys.exit(main())
