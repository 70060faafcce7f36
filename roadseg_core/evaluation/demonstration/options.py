"""Read the demo's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.bags.writer import image_topic, truth_topic
from roadseg_core.command_line import image_size
from roadseg_core.rendering import Drive, DriveConfig, demo_config

_SOURCE_SECONDS = 60.0


@dataclass(frozen=True)
class DemoOptions:
    """
    Say what to show.

    :param source: the user's own bag, video or folder; None for the rendered drive
    :param cameras: camera names; ``front`` alone for a source
    :param phase: ``in`` (all cameras at once) or ``out`` (evenly apart)
    :param size: (height, width) of the rendered frames
    :param seconds: how long to play, if the source is not shorter
    """

    source: Path | None = None
    bag_topic: str = ''
    cameras: tuple[str, ...] = Drive.cameras
    fps: float = 15.0
    phase: str = 'in'
    size: tuple[int, int] = (480, 640)
    seconds: float = 10.0
    model: Path | None = None
    backend: str = 'auto'
    output: Path = Path('build/demo')

    def __post_init__(self) -> None:
        if not 0.5 <= self.fps <= 120.0:
            raise ValueError(f'--fps is {self.fps}; expected 0.5 to 120')
        if not 1.0 <= self.seconds <= 600.0:
            raise ValueError(f'--seconds is {self.seconds}; expected 1 to 600')
        if self.source is None:
            _ = self.drive  # refuses sizes

    @property
    def drive(self) -> DriveConfig:
        """Return the drive to render."""
        return demo_config(self.seconds, self.fps, *self.size)

    @property
    def phases(self) -> dict[str, float]:
        """Return how much later than the first each camera sends, in seconds."""
        step = 1.0 / self.fps / len(self.cameras) if self.phase == 'out' else 0.0
        return {camera: number * step for number, camera in enumerate(self.cameras)}

    @property
    def topics(self) -> dict[str, str]:
        """Return the image topic to read by camera; '' where what is read has only one."""
        return {
            camera: self.bag_topic if self.source else image_topic(camera)
            for camera in self.cameras
        }

    @property
    def truth_topics(self) -> dict[str, str]:
        """Return the topic of the truth by camera; empty for a source."""
        return {} if self.source else {camera: truth_topic(camera) for camera in self.cameras}


def parse_arguments(arguments: list[str] | None = None) -> DemoOptions:
    """Read the command line; ends the process where it is wrong."""
    parser = argparse.ArgumentParser(
        prog='demo',
        description='Show the segmentation node at work, and write a report.',
        epilog='examples:\n'
        '  demo --cameras 2 --fps 10\n'
        '  demo --source drive.mp4 --output build/drive',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    cameras = ','.join(Drive.cameras)
    for name, kind, text in (
        ('source', _existing, 'bag, video or folder of images (default: a rendered drive)'),
        ('bag-topic', str, 'image topic to read, where the bag holds several (default: none)'),
        ('cameras', _cameras, f'number or names of cameras of the drive: {cameras} (default all)'),
        ('fps', float, 'frames per second of a camera (default 15)'),
        ('phase', str, 'in: all cameras at the same moment (default); out: evenly apart'),
        ('size', image_size, 'size of the rendered frames (default 640x480)'),
        ('seconds', float, 'how long to play (default 10; a source: all of it, at most 60)'),
        ('model', _existing, 'model file (default: the one shipped)'),
        ('backend', str, 'engine of the node (default auto)'),
        ('output', Path, 'folder to write to (default build/demo)'),
    ):
        choices = ('in', 'out') if name == 'phase' else None
        parser.add_argument(f'--{name}', type=kind, choices=choices, help=text)
    values = vars(parser.parse_args(arguments))
    if 'source' in values:
        values = {'seconds': _SOURCE_SECONDS, **values, 'cameras': ('front',)}
    try:
        return DemoOptions(**values)
    except ValueError as error:
        parser.error(str(error))


def _existing(text: str) -> Path:
    if not Path(text).exists():
        raise argparse.ArgumentTypeError(f'{text} does not exist')
    return Path(text)


def _cameras(text: str) -> tuple[str, ...]:
    if text.isdigit() and 1 <= int(text) <= len(Drive.cameras):
        return Drive.cameras[: int(text)]
    names = tuple(text.split(','))
    if not set(names) <= set(Drive.cameras) or len(set(names)) != len(names):
        raise argparse.ArgumentTypeError(
            f'{text!r}; expected 1 to {len(Drive.cameras)}, or some of {",".join(Drive.cameras)}'
        )
    return names
