"""The command line of evaluate_bag."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from roadseg_core.engines import BACKENDS
from roadseg_core.evaluation.settings.conditions import ConditionError, parse_condition
from roadseg_core.evaluation.settings.settings import (
    ANNOTATED_STORAGES,
    TRUTH_KEYS,
    EvaluationError,
    Settings,
    Truth,
)


class _Parser(argparse.ArgumentParser):
    """Let the caller end the program: what is wrong belongs into the JUnit file, too."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise EvaluationError(message)


def junit_path(words: Sequence[str]) -> Path | None:
    """
    Return the JUnit file that the arguments name, whatever else is wrong with them.

    :raises EvaluationError: if ``--junit`` names no file
    """
    parser = _Parser(prog='evaluate_bag', add_help=False)
    parser.add_argument('--junit', type=Path)
    return parser.parse_known_args(words)[0].junit


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments that say what is evaluated and how."""
    parser = _Parser(
        prog='evaluate_bag',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run recorded bags through the segmentation node's own code, without DDS, "
        'and report how good the result is.',
        epilog='exit code: 0 all conditions hold; 1 some do not; 2 it could not run, or a part '
        'of the input was lost',
    )
    parser.add_argument(
        'bags',
        nargs='*',
        type=Path,
        metavar='BAG',
        help='rosbag2 folder, or a .mcap or .db3 file; or one scenario file, .yaml',
    )
    parser.add_argument(
        '--output',
        type=Path,
        default=Path('evaluation'),
        help='folder of the results (default: %(default)s)',
    )
    engine = parser.add_argument_group('engine')
    engine.add_argument('--model', default='', help='model file or checkpoint; the shipped one')
    engine.add_argument('--backend', default='auto', choices=BACKENDS)
    engine.add_argument('--device', default='auto')
    engine.add_argument('--precision', default='auto', choices=('auto', 'fp32', 'bf16', 'fp16'))
    engine.add_argument('--threads', type=int, default=0, help='0: all cores')
    engine.add_argument('--cache-dir', default='', help='folder for compiled models')
    engine.add_argument('--batch', type=int, default=0, help='0: as many as the model takes')
    frames = parser.add_argument_group('frames')
    frames.add_argument(
        '--camera',
        action='append',
        default=[],
        metavar='NAME=TOPIC',
        help='image topic of a camera; without, cameras are found',
    )
    frames.add_argument('--start', type=float, default=0.0, help='seconds from the first message')
    frames.add_argument('--end', type=float, help='seconds from the first message')
    frames.add_argument('--every', type=int, default=1, help='evaluate every n-th frame')
    truth = parser.add_argument_group('truth')
    truth.add_argument(
        '--truth-topic',
        action='append',
        default=[],
        metavar='[CAMERA=]TOPIC',
        help='true label images (mono8 ids) in the bag; {camera} is replaced',
    )
    truth.add_argument(
        '--truth-folder', type=Path, help='PNG label images, in a folder for each camera'
    )
    truth.add_argument(
        '--truth-key',
        default='stamp',
        choices=TRUTH_KEYS,
        help='what files of the folder are named by (default: %(default)s)',
    )
    truth.add_argument(
        '--truth-slop',
        type=float,
        default=0.0,
        help='seconds that stamps of image and truth may lie apart',
    )
    truth.add_argument(
        '--truth-map',
        default='',
        help="label map of the truth, known or YAML (default: the model's)",
    )
    measures = parser.add_argument_group('measures')
    measures.add_argument(
        '--road-threshold',
        type=float,
        default=0.0,
        help='least road probability of the road mask; 0: labels decide',
    )
    measures.add_argument('--no-consistency', action='store_true', help='spare the optical flow')
    measures.add_argument('--no-confidence', action='store_true')
    measures.add_argument(
        '--condition',
        action='append',
        default=[],
        metavar="'NAME >= NUMBER'",
        help="such as 'road_iou >= 0.95'",
    )
    outputs = parser.add_argument_group('outputs')
    outputs.add_argument(
        '--annotated',
        default='',
        choices=('', *ANNOTATED_STORAGES),
        help='write bags with labels, road masks and overlays',
    )
    outputs.add_argument('--video', action='store_true', help='write an MP4 for each camera')
    outputs.add_argument(
        '--pictures',
        type=int,
        default=4,
        help='worst, and best, frames shown (default: %(default)s)',
    )
    return parser


def make_settings(arguments: argparse.Namespace) -> Settings:
    """
    Return what the arguments say.

    :raises EvaluationError: if they do not fit
    """
    topics = {}
    for text in arguments.truth_topic:
        camera, equals, topic = text.partition('=')
        topics[camera if equals else '*'] = topic if equals else text
    if not math.isfinite(arguments.truth_slop):
        raise EvaluationError(f'--truth-slop {arguments.truth_slop}; expected seconds, 0 or more')
    try:
        conditions = tuple(parse_condition(text) for text in arguments.condition)
    except ConditionError as error:
        raise EvaluationError(str(error)) from error
    return Settings(
        bags=tuple(arguments.bags),
        output=arguments.output,
        model=arguments.model,
        backend=arguments.backend,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        cache_dir=arguments.cache_dir,
        batch=arguments.batch,
        cameras=_cameras(arguments.camera),
        start=arguments.start,
        end=arguments.end,
        every=arguments.every,
        road_threshold=arguments.road_threshold,
        truth=Truth(
            topics=topics,
            folder=arguments.truth_folder,
            key=arguments.truth_key,
            slop_ns=round(arguments.truth_slop * 1e9),
            label_map=arguments.truth_map,
        ),
        confidence=not arguments.no_confidence,
        consistency=not arguments.no_consistency,
        annotated=arguments.annotated,
        video=arguments.video,
        pictures=arguments.pictures,
        conditions=conditions,
    )


def _cameras(texts: list[str]) -> dict[str, str]:
    cameras: dict[str, str] = {}
    for text in texts:
        name, equals, topic = text.partition('=')
        if not equals or not name.isidentifier() or not topic:
            raise EvaluationError(
                f'--camera {text!r}; expected NAME=TOPIC, such as front=/camera/front/image_raw'
            )
        if name in cameras or topic in cameras.values():
            raise EvaluationError(f'--camera {text!r}: {name} or {topic} is named twice')
        cameras[name] = topic
    return cameras
