"""What the player is asked to do, from its command line."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.bags.cdr import BILLION
from roadseg_ros.player.packets import WHOLE, Part

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')


@dataclass(frozen=True)
class CameraSettings:
    """One camera: where its frames come from and go to, and its phase in nanoseconds."""

    name: str
    path: Path
    topic: str
    bag_topic: str = ''
    phase_ns: int = 0


@dataclass(frozen=True)
class PlaySettings:
    """
    Say what to play, and how.

    :param fps: frames per second; None for the recorded times, at ``rate``
    :param stamps: ``recorded`` or ``current``
    :param clock_hz: rate of /clock, 0 for none
    :param size: (height, width) to resize to, or None
    :param frames: frames to send of each camera, or None for all
    :param seconds: how long to play, or None to the end
    :param part: which part of the recordings
    :param wait_seconds: how long to wait for a subscriber of each image topic; 0 for not at all
    :param log: JSON lines file that tells what was sent, or None
    """

    cameras: tuple[CameraSettings, ...]
    transport: str = 'raw'
    fps: float | None = None
    rate: float = 1.0
    loop: bool = False
    stamps: str = 'recorded'
    clock_hz: float = 0.0
    size: tuple[int, int] | None = None
    frames: int | None = None
    seconds: float | None = None
    part: Part = WHOLE
    wait_seconds: float = 0.0
    reliability: str = 'best_effort'
    log: Path | None = None


def parse_arguments(arguments: list[str] | None = None) -> PlaySettings:
    """Read the command line (without ROS arguments); ends the process where it is wrong."""
    parser = _parser()
    values = parser.parse_args(arguments)
    try:
        topics = _by_camera('--topic', values.topic)
        bag_topics = _by_camera('--bag-topic', values.bag_topic)
        phases = {
            name: _number('--phase', text)
            for name, text in _by_camera('--phase', values.phase).items()
        }
        sources = _by_camera(
            '--source',
            [
                text if _NAME.match(text.partition('=')[0]) and '=' in text else f'front={text}'
                for text in values.source
            ],
        )
        for option, given in (
            ('--topic', topics),
            ('--bag-topic', bag_topics),
            ('--phase', phases),
        ):
            if set(given) - set(sources):
                raise ValueError(
                    f'{option} names {", ".join(sorted(set(given) - set(sources)))}, '
                    f'but the sources are {", ".join(sources)}'
                )
        cameras = tuple(
            CameraSettings(
                name,
                Path(path).expanduser(),
                topics.get(name, f'camera/{name}/image_raw'),
                bag_topics.get(name, ''),
                round(phases.get(name, 0.0) * 1e9),
            )
            for name, path in sources.items()
        )
        size = _size(values.resize) if values.resize else None
        part = _part(values.start, values.end)
    except ValueError as error:
        parser.error(str(error))
    return PlaySettings(
        cameras=cameras,
        transport=values.transport,
        fps=values.fps,
        rate=values.rate,
        loop=values.loop,
        stamps=values.stamps,
        clock_hz=values.clock,
        size=size,
        frames=values.frames,
        seconds=values.seconds,
        part=part,
        wait_seconds=values.wait_subscribers,
        reliability=values.reliability,
        log=values.log,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='play', description='Put a bag, a video or a folder of images on camera topics.'
    )
    add = parser.add_argument
    add(
        '--source',
        action='append',
        required=True,
        metavar='CAMERA=PATH',
        help='bag (folder, .mcap or .db3), video file or folder of images; once per camera',
    )
    add(
        '--topic',
        action='append',
        default=[],
        metavar='CAMERA=TOPIC',
        help='image topic to send on (default camera/CAMERA/image_raw, in the namespace of '
        '--ros-args -r __ns:=/NAMESPACE; compressed images go to TOPIC/compressed)',
    )
    add(
        '--bag-topic',
        action='append',
        default=[],
        metavar='CAMERA=TOPIC',
        help='image topic to read of a bag that holds several',
    )
    add(
        '--fps',
        type=_positive,
        help='frames per second (default: as recorded; images of a folder: 15)',
    )
    add('--rate', type=_positive, default=1.0, help='speed, where --fps is not given (default 1)')
    repeat = parser.add_mutually_exclusive_group()
    repeat.add_argument('--loop', action='store_true', help='begin again at the end')
    repeat.add_argument(
        '--once', dest='loop', action='store_false', help='stop at the end (default)'
    )
    add(
        '--stamps',
        choices=('recorded', 'current'),
        default='recorded',
        help='header stamps: as recorded (default; they go on when looping), or the time of '
        'sending',
    )
    add(
        '--clock',
        type=_positive,
        nargs='?',
        const=100.0,
        default=0.0,
        metavar='HZ',
        help='also publish /clock, following the stamps (100 Hz)',
    )
    add(
        '--transport',
        choices=('raw', 'compressed'),
        default='raw',
        help='send sensor_msgs/Image (default) or CompressedImage',
    )
    add(
        '--phase',
        action='append',
        default=[],
        metavar='CAMERA=SECONDS',
        help='send this camera later',
    )
    add('--resize', metavar='WIDTHxHEIGHT', help='bring all images to this size')
    add(
        '--start',
        type=_offset,
        default=0.0,
        metavar='SECONDS',
        help='begin this long after the beginning of the recording',
    )
    add(
        '--end',
        type=_positive,
        metavar='SECONDS',
        help='leave out what was recorded this long after its beginning, and later',
    )
    stop = parser.add_mutually_exclusive_group()
    stop.add_argument('--frames', type=_count, help='stop after this many frames of each camera')
    stop.add_argument('--seconds', type=_positive, help='stop after this time')
    add(
        '--wait-subscribers',
        type=_positive,
        default=0.0,
        metavar='SECONDS',
        help='wait up to this long until each image topic has a subscriber',
    )
    add(
        '--reliability',
        choices=('best_effort', 'reliable'),
        default='best_effort',
        help='quality of service of the image topics (default best_effort)',
    )
    add('--log', type=Path, metavar='FILE', help='write what was sent, one line of JSON a frame')
    return parser


def _by_camera(option: str, texts: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition('=')
        if not separator or not value or not _NAME.fullmatch(name):
            raise ValueError(
                f'{option} {text!r} is not CAMERA=VALUE, where CAMERA is a name of '
                'letters, digits and underscores'
            )
        if name in values:
            raise ValueError(f'{option} names the camera {name} twice')
        values[name] = value
    return values


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f'{option}: {text!r} is no number of seconds') from error
    if not 0.0 <= value < 3600.0:
        raise ValueError(f'{option}: {text!r} is not between 0 and 3600 seconds')
    return value


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r'(\d{1,5})x(\d{1,5})', text)
    if not match or not all(1 <= int(side) <= 16384 for side in match.groups()):
        raise ValueError(f'--resize {text!r} is not WIDTHxHEIGHT, such as 640x480')
    return int(match[2]), int(match[1])


def _part(start: float, end: float | None) -> Part:
    if end is not None and end <= start:
        raise ValueError(f'--end {end:g} is not after --start {start:g}')
    return Part(round(start * BILLION), None if end is None else round(end * BILLION))


def _offset(text: str) -> float:
    value = float(text)
    if not 0.0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f'{text} is not 0 or more, and below a million')
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0.0 < value < 1e6:
        raise argparse.ArgumentTypeError(f'{text} is not more than 0 and below a million')
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'{text} is not 1 or more')
    return value
