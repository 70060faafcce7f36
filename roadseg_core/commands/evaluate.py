r"""
``roadseg evaluate``: compare a model with the truth of a data set.

    roadseg evaluate --data camvid:val
    roadseg evaluate --data camvid:val --corruptions --html report.html
    roadseg evaluate --model best.safetensors --data kitti_road truth=lane \
        --html report.html --video sequence.mp4 --json report.json
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import (
    add_model,
    add_overwrite,
    choose_data,
    open_chosen,
    refuse_recordings,
    refuse_to_replace,
)
from roadseg_core.files import write_json

HELP = 'compare a model with a data set'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    data = 'a data set such as camvid or kitti_road; the split is val by default'
    add('--data', data, '', metavar='NAME[:SPLIT]')
    add('--root', 'folder of the data sets (default: $ROADSEG_DATA)')
    pairs = 'options of the data set, such as frames=20'
    add('pairs', pairs, nargs='*', metavar='key=value')
    at = "compare on the camera's pixels (default) or on the network's"
    add('--at', at, 'camera', choices=('camera', 'network'))
    corruptions = 'evaluate under fog, rain, night, glare, blur and JPEG quality 20, too'
    add('--corruptions', corruptions, False)
    add_model(parser)
    add('--json', 'write the report as JSON; - prints it instead of the tables', Path)
    add('--html', 'write the report as a page with pictures', Path)
    add('--worst', 'write the worst three frames as a picture', Path)
    add('--video', 'write the frames with the palette over them, as MP4', Path)
    add('--video-fps', 'frames/s of the video', 10.0, metavar='N')
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the figures and write what was asked for."""
    # Before imports of what a vehicle lacks: for a recording, another command is needed.
    refuse_recordings([options.data], options.pairs)
    refuse_to_replace(options, options.json, options.html, options.worst, options.video)
    if not options.data:
        raise ValueError('no data set; name one by --data, such as --data camvid:val')
    from tqdm import tqdm

    from roadseg_core.evaluation.datasets.corruptions import CORRUPTIONS
    from roadseg_core.evaluation.datasets.frames import ENGINE_OUTPUTS
    from roadseg_core.evaluation.datasets.page import write_report, write_worst
    from roadseg_core.evaluation.datasets.run import evaluate, find_calibrations
    from roadseg_core.evaluation.datasets.text import summary
    from roadseg_core.metrics import SegmentedFrame
    from roadseg_core.pipeline.outputs import overlay
    from roadseg_core.report.video import video_file

    chosen = choose_data(options.data, options.pairs, options.root)
    with ExitStack() as stack:
        engine = open_chosen(options, ENGINE_OUTPUTS)
        stack.callback(engine.close)
        label_map = engine.info.label_map
        source = chosen.open(label_map)
        calibrations = find_calibrations(chosen.name, chosen.root, chosen.options)
        progress = stack.enter_context(
            tqdm(total=len(source), unit='frame', leave=False, disable=not sys.stderr.isatty())
        )
        video = options.video and stack.enter_context(video_file(options.video, options.video_fps))

        def on_frame(frame: SegmentedFrame) -> None:
            progress.update()
            if video:
                video(
                    overlay(frame.image, label_map, frame.labels, None, alpha=0.5, mode='palette')
                )

        evaluation = evaluate(
            engine,
            source,
            place=options.at,
            calibrations=calibrations,
            corruptions=tuple(CORRUPTIONS) if options.corruptions else (),
            on_frame=on_frame,
        )
        progress.close()
        report = evaluation.to_dict(engine, source, place=options.at)
        printed = str(options.json) == '-'
        print(json.dumps(report, indent=2) if printed else summary(report))
        if options.json and not printed:
            write_json(options.json, report)
        if options.html:
            write_report(
                options.html,
                evaluation,
                engine,
                source,
                place=options.at,
                calibrations=calibrations,
                beside=[
                    path
                    for path in (options.json, options.worst, options.video)
                    if path and str(path) != '-'
                ],
            )
        if options.worst:
            write_worst(options.worst, evaluation, engine, source, place=options.at)
