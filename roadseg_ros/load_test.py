"""Measure the node under load: ``ros2 run roadseg_ros load_test --output FOLDER``."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sensor_msgs.msg import CompressedImage, Image

from roadseg_core.benchmarking.load.page import write_load_page
from roadseg_core.benchmarking.load.result import (
    LoadPlan,
    least_processed,
    shortfalls,
    soak_problems,
)
from roadseg_core.command_line import add_option, image_size, number_within
from roadseg_core.evaluation.live.results import LiveError
from roadseg_core.files import take_folder, write_json
from roadseg_core.machine import describe_machine
from roadseg_ros.live.processes import prepare_run
from roadseg_ros.load.run import refuse_others, run_load
from roadseg_ros.node.camera import OUTPUTS
from roadseg_ros.node.parameters import PARAMETERS

_NAMES = ('front', 'left', 'right', 'rear')
_TRIAL_SECONDS, _FOUND_SHARE, _MOST_FPS = 10.0, 0.995, 120
"""Of ``--find-max``: length of a trial, share of frames that counts as kept up, highest rate."""

_OUTPUTS = [name for name, kind in OUTPUTS.items() if kind in (Image, CompressedImage)]
_FPS = next(parameter for parameter in PARAMETERS if parameter.name == 'fps')
_SECONDS = (1.0, 86400.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0: the node keeps up; 1: not; 2: it could not run; 130: stopped."""
    options = _parser().parse_args(arguments)
    plan = LoadPlan(
        cameras=_NAMES[: options.cameras],
        size=options.size[::-1],
        fps=options.fps,
        outputs=options.outputs,
        duration=600.0 if options.soak else options.duration,
        transport=options.transport,
        churn=options.soak,
        parameters=tuple(options.param),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        take_folder(options.output, 'load_test')
        prepare_run(options.output)
        refuse_others(plan.cameras)
        if options.find_max:
            plan = replace(plan, fps=float(_find_max(plan, options.output, say=print)))
        result = run_load(plan, options.output, say=print)
    except (LiveError, OSError) as error:
        print(f'load_test: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('load_test: stopped', file=sys.stderr)
        return 130
    result['machine'] = describe_machine()
    problems = soak_problems(result['series']) if options.soak else []
    result['problems'] = problems + shortfalls(result)
    write_json(options.output / 'load.json', result)
    write_load_page(options.output / 'load.html', result)
    for camera, values in result['cameras'].items():
        timings = ', '.join(
            f'{output} p50 {t["p50_ms"]:.1f} p99 {t["p99_ms"]:.1f} ms'
            if 'p50_ms' in t
            else f'{output} p50 - p99 -'
            for output, t in values['outputs'].items()
        )
        share = 100 * values['processed_share']
        print(f'{camera}: {values["processed"]} of {values["sent"]} ({share:.2f} %), {timings}')
    cpu = result['cpu_ms_per_frame']
    print(f'{cpu["node"]:.2f} ms of processor time per frame, {cpu["node_less_engine"]:.2f} of it ')
    print(f'without the engine; {options.output / "load.html"}')
    for problem in result['problems']:
        print(problem)
    return 1 if result['problems'] else 0


def _stop(*_: object) -> None:
    """End the run by an exception, so that its processes are ended on the way out."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # `timeout` sends SIGTERM twice; the second must not interrupt the ending.
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _find_max(plan: LoadPlan, folder: Path, *, say: Callable[[str], None]) -> int:
    """Return the highest rate, in frames/s of each camera, of which nearly all are processed."""

    def falls_behind(fps: int) -> bool:
        trial = replace(plan, fps=float(fps), duration=_TRIAL_SECONDS, churn=False)
        share = least_processed(run_load(trial, folder / f'{fps}', say=say))
        say(f'{fps} frames/s: {100 * share:.2f} % processed')
        return share < _FOUND_SHARE

    found = bisect_left(range(1, _MOST_FPS + 1), True, key=falls_behind)
    if not found:
        raise LiveError('the node does not keep up 1 frame/s of each camera')
    return found


def _outputs(text: str) -> tuple[str, ...]:
    names = tuple(text.split(','))
    unknown = [name for name in names if name not in _OUTPUTS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f'{unknown[0]!r}; expected one or several, with commas, of {", ".join(_OUTPUTS)}'
        )
    return names


def _assignment(text: str) -> str:
    if not re.match(r'[^\s:=]+:=.', text):
        raise argparse.ArgumentTypeError(f'{text!r}; expected NAME:=VALUE, such as threads:=2')
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='load_test',
        description='Measure the node under load: cameras, node and planner are processes of '
        'their own; every frame is accounted for.',
        epilog='examples:\n  load_test --cameras 2 --size 640x480 --fps 15\n  load_test --find-max',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(add_option, parser)
    add('--cameras', 'how many', 4, choices=range(1, 5))
    add('--size', 'of the images, WIDTHxHEIGHT', '1280x720', type=image_size)
    add('--fps', 'of each camera', 30.0, type=number_within(_FPS.least, _FPS.most))
    add('--outputs', 'what is listened to', 'label,road_mask', type=_outputs)
    add('--duration', 'seconds', 60.0, type=number_within(*_SECONDS))
    add('--transport', 'of the images', 'raw', choices=('raw', 'compressed'))
    add('--output', 'folder of the results', 'build/load', type=Path)
    parameters = 'parameter of the node (default: none)'
    add('--param', parameters, [], type=_assignment, action='append', metavar='NAME:=VALUE')
    add('--find-max', 'find the highest rate first of which 99.5 %% are processed', False)
    add('--soak', 'ten minutes, with subscribers that come and go', False)
    return parser


if __name__ == '__main__':
    raise SystemExit(main())
