"""
``roadseg segment``: label pictures, videos and bags; 0 if all was read, else 2.

    roadseg segment drive.mp4 --output drive --outputs overlay,video
    roadseg segment 'pictures/*.jpg' --output labels --outputs label,road_mask
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_model, open_chosen

if TYPE_CHECKING:
    from roadseg_core.segmenting.run import SegmentCounts

HELP = 'make label images, road masks, overlays and videos of pictures, videos and bags'

_SHOWN = 10
_SUMMARY = 'segment.json'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    source = 'a bag, a video, a picture, a folder of pictures, or a pattern in quotes'
    add('sources', source, nargs='+', metavar='SOURCE')
    add('--output', 'folder of the results', Path, required=True, metavar='FOLDER')
    add(
        '--outputs',
        'label, road_mask, confidence, overlay, video (default: label,overlay)',
        frozenset(('label', 'overlay')),
        type=lambda text: frozenset(text.split(',')),
        metavar='NAME,...',
    )
    add_model(parser)
    add('--batch', 'frames in a batch (default: as the model takes)', 0)
    at = "size of the images: the camera's (default) or the network's"
    add('--at', at, 'camera', choices=('camera', 'network'))
    threshold = 'least probability of road of the road mask, 0 to 1 (default 0: the labels decide)'
    add('--road-threshold', threshold, 0.0, metavar='P')
    mode = 'paint every class (default) or the road alone'
    add('--overlay-mode', mode, 'palette', choices=('palette', 'road'))
    add('--overlay-alpha', 'weight of the paint', 0.5, metavar='A')
    cameras = 'image topic of a bag, once per camera (default: all that look like cameras)'
    add('--camera', cameras, action='append', metavar='NAME=TOPIC')
    add('--every', 'take every N-th frame', 1)
    add('--start', 'begin there', 0.0, metavar='SECONDS')
    add('--end', 'end there (default: the end)', float, metavar='SECONDS')
    add('--fps', 'rate of pictures in a video (default 15)', float)
    add('--fresh', 'replace earlier results of other settings in the folder', False)


def run(options: argparse.Namespace) -> int:
    """Segment; 0 if all of it was read, else 2."""
    from roadseg_core.bags.records import SourceError
    from roadseg_core.engines import EngineError
    from roadseg_core.segmenting.journal import OutputError

    try:
        return _segment(options)
    except (SourceError, OutputError, EngineError, ValueError) as error:
        print(f'roadseg segment: {error}', file=sys.stderr)
    except OSError as error:
        print(
            f'roadseg segment: {error.filename or options.output} cannot be read or written: '
            f'{error.strerror or error}; free some space, or choose another --output',
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print(
            'roadseg segment: stopped; what is finished is kept: the same command goes on from '
            'there',
            file=sys.stderr,
        )
    return 2


def _segment(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from roadseg_core.pipeline.frame import OutputOptions, engine_outputs
    from roadseg_core.segmenting.inputs import find_inputs
    from roadseg_core.segmenting.jobs import SegmentOptions
    from roadseg_core.segmenting.journal import Journal
    from roadseg_core.segmenting.run import segment

    _check(options)
    inputs = find_inputs(options.sources, fps=options.fps, output=options.output)
    chosen = SegmentOptions(
        outputs=options.outputs,
        frame=OutputOptions(
            options.at, options.road_threshold, options.overlay_mode, options.overlay_alpha
        ),
        cameras=dict(_camera(text) for text in options.camera or ()),
        start=options.start,
        end=options.end,
        every=options.every,
        batch=options.batch,
    )
    with closing(
        open_chosen(options, engine_outputs(options.outputs, road_threshold=options.road_threshold))
    ) as engine:
        settings = {
            'model': hashlib.sha256(options.model.read_bytes()).hexdigest(),
            'backend': engine.description.backend,
            'precision': engine.description.precision,
            'range': [options.start, options.end, options.every],
            'source': [entry.identity for entry in inputs],
            **vars(chosen.frame),
        }
        with (
            Journal(options.output, settings, fresh=options.fresh) as journal,
            tqdm(unit=' frames', leave=False, disable=None) as bar,
        ):

            def progress(done: int, total: int) -> None:
                bar.total = total or None
                bar.update(done - bar.n)

            journal.check(_SUMMARY)
            account = segment(inputs, engine, chosen, journal, progress=progress)
            summary = {'settings': settings, **vars(account)}
            journal.write(_SUMMARY, json.dumps(summary, indent=2).encode() + b'\n')
    _say(account, options.output)
    return 2 if account.problems else 0


def _check(options: argparse.Namespace) -> None:
    from roadseg_core.segmenting.jobs import OUTPUTS

    unknown = options.outputs - set(OUTPUTS)
    if unknown:
        raise ValueError(
            f'--outputs {",".join(sorted(unknown))}; expected some of {",".join(OUTPUTS)}'
        )
    for name, least, most in (
        ('every', 1, None),
        ('batch', 0, None),
        ('start', 0, None),
        ('fps', 0.001, 1000),
        ('road_threshold', 0, 1),
        ('overlay_alpha', 0, 1),
    ):
        value = getattr(options, name)
        if value is not None and not (value >= least and (most is None or value <= most)):
            raise ValueError(
                f'--{name.replace("_", "-")} {value}; expected {least} '
                f'{"or more" if most is None else f"to {most}"}'
            )
    if options.end is not None and not options.end > options.start:
        raise ValueError(f'--end {options.end:g} is not after --start {options.start:g}')


def _camera(text: str) -> tuple[str, str]:
    name, equals, topic = text.partition('=')
    if not (name and equals and topic):
        raise ValueError(f'--camera {text}; expected NAME=TOPIC')
    return name, topic


def _say(account: SegmentCounts, folder: Path) -> None:
    for problem in account.problems[:_SHOWN]:
        print(f'roadseg segment: {problem}', file=sys.stderr)
    if len(account.problems) > _SHOWN:
        print(
            f'roadseg segment: {len(account.problems) - _SHOWN} more in {folder / _SUMMARY}',
            file=sys.stderr,
        )
    kept = f', {account.kept} there from before' if account.kept else ''
    print(f'{account.segmented} {"frame" if account.segmented == 1 else "frames"} segmented{kept}')
    print(folder)
