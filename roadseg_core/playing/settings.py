"""Parse the command line of the player."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.bags.cdr import BILLION
from roadseg_core.command_line import add_option, image_size
from roadseg_core.playing.packets import WHOLE, TimeRange

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')


@dataclass(frozen=True)
class PlayedCamera:
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

    cameras: tuple[PlayedCamera, ...]
    transport: str = 'raw'
    fps: float | None = None
    rate: float = 1.0
    loop: bool = False
    stamps: str = 'recorded'
    clock_hz: float = 0.0
    size: tuple[int, int] | None = None
    frames: int | None = None
    seconds: float | None = None
    part: TimeRange = WHOLE
    wait_seconds: float = 0.0
    reliability: str = 'best_effort'
    log: Path | None = None


def parse_arguments(arguments: list[str] | None = None) -> PlaySettings:
    """Read the command line (without ROS arguments); ends the process where it is wrong."""
    parser = _parser()
    values = vars(parser.parse_args(arguments))
    try:
        given = {
            option: _by_camera(option, values.pop(option))
            for option in ('source', 'topic', 'bag_topic', 'phase')
        }
        start, end = values.pop('start'), values.pop('end')
        if end is not None and end <= start:
            raise ValueError(f'--end {end:g} is not after --start {start:g}')
        sources = given['source']
        for option, by_camera in given.items():
            others = ', '.join(sorted(set(by_camera) - set(sources)))
            if others:
                raise ValueError(
                    f'--{option.replace("_", "-")} names {others}, but the sources are '
                    f'{", ".join(sources)}'
                )
        cameras = tuple(
            PlayedCamera(
                name,
                Path(path).expanduser(),
                given['topic'].get(name, f'camera/{name}/image_raw'),
                given['bag_topic'].get(name, ''),
                round(_seconds('--phase', given['phase'].get(name, '0')) * BILLION),
            )
            for name, path in sources.items()
        )
    except ValueError as error:
        parser.error(str(error))
    part = TimeRange(round(start * BILLION), None if end is None else round(end * BILLION))
    return PlaySettings(cameras=cameras, part=part, **values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='play',
        description='Put a bag, a video or a folder of images on camera topics.',
        epilog='examples:\n  play --source drive.mp4 --loop\n'
        '  play --source front=drive --bag-topic front=/image --rate 0.5 --clock',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    repeat, stop = (parser.add_mutually_exclusive_group() for _ in range(2))

    def add(name: str, text: str, group: object = parser, **how: object) -> None:
        add_option(group, name, text, **how)

    def add_for_cameras(name: str, value: str, text: str, **how: object) -> None:
        add(name, text, action='append', default=[], type=str, metavar=f'CAMERA={value}', **how)

    def add_choice(name: str, text: str, *choices: str) -> None:
        add(name, text, choices=choices, default=choices[0])

    recording = 'bag (folder, .mcap or .db3), video, or folder of images; once per camera'
    add_for_cameras('--source', 'PATH', recording, required=True)
    add_for_cameras(
        '--topic',
        'TOPIC',
        'image topic to send on (default camera/CAMERA/image_raw, in the namespace of '
        '--ros-args -r __ns:=/NAMESPACE; compressed images go to TOPIC/compressed)',
    )
    add_for_cameras('--bag-topic', 'TOPIC', 'image topic to read of a bag that holds several')
    add_for_cameras('--phase', 'SECONDS', 'send this camera later')
    add('--fps', 'frames per second (default: as recorded; images of a folder: 15)', type=_positive)
    add('--rate', 'speed, where --fps is not given (default 1)', type=_positive, default=1.0)
    add('--loop', 'begin again at the end', repeat, action='store_true')
    add('--once', 'stop at the end (default)', repeat, dest='loop', action='store_false')
    stamps = 'header stamps: as recorded (default; they go on when looping), or of the sending'
    add_choice('--stamps', stamps, 'recorded', 'current')
    add_choice(
        '--transport', 'send sensor_msgs/Image (default) or CompressedImage', 'raw', 'compressed'
    )
    reliability = 'quality of service of the image topics (default best_effort)'
    add_choice('--reliability', reliability, 'best_effort', 'reliable')
    clock = {'nargs': '?', 'const': 100.0, 'default': 0.0, 'metavar': 'HZ', 'type': _positive}
    rate = 'also publish /clock, following the stamps, at HZ or 100 Hz (default: do not)'
    add('--clock', rate, dest='clock_hz', **clock)
    add(
        '--resize', 'bring all images to this', dest='size', type=image_size, metavar='WIDTHxHEIGHT'
    )
    seconds = {'metavar': 'SECONDS', 'type': _positive}
    begin = {**seconds, 'type': _offset, 'default': 0.0}
    add('--start', 'begin this long after the beginning of the recording', **begin)
    add('--end', 'leave out what was recorded this long after its beginning, and later', **seconds)
    add('--frames', 'stop after this many frames of each camera', stop, type=_count)
    add('--seconds', 'stop after this time', stop, type=_positive)
    wait = {**seconds, 'dest': 'wait_seconds', 'default': 0.0}
    add('--wait-subscribers', 'wait this long for a subscriber of each image topic', **wait)
    add('--log', 'write what was sent, one line of JSON per frame', type=Path, metavar='FILE')
    return parser


def _by_camera(option: str, texts: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition('=')
        if option == 'source' and not (separator and _NAME.match(name)):
            name, value = 'front', text
        if not value or not _NAME.fullmatch(name):
            raise ValueError(
                f'--{option.replace("_", "-")} {text!r} is not CAMERA=VALUE, where CAMERA is a '
                'name of letters, digits and underscores'
            )
        if name in values:
            raise ValueError(f'--{option.replace("_", "-")} names the camera {name} twice')
        values[name] = value
    return values


def _seconds(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f'{option}: {text!r} is no number of seconds') from error
    if not 0.0 <= value < 3600.0:
        raise ValueError(f'{option}: {text!r} is not between 0 and 3600 seconds')
    return value


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
