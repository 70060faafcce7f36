"""Find the clips that camera health is evaluated on: recordings and rendered drives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.picture_file import read_picture
from roadseg_core.rendering import Drive, DriveConfig
from roadseg_core.sources.opening import open_source
from roadseg_core.sources.pictures import picture_files

Frames = tuple[np.ndarray, np.ndarray]
"""Times in seconds, float [n], and pictures at the network's size, uint8 [n, H, W, 3]."""

_CHOSEN_DRIVES = (('urban', 31), ('avenue', 32))
_REPORTED_DRIVES = (('country', 33), ('village', 104), ('boulevard', 105))
_DRIVE_SECONDS, _DRIVE_FPS = 5.0, 12.0
_CHOSEN_SEQUENCES = ('0001TP', '0006R0')
_CAMVID_RATE = 30.0
_LONGEST_GAP = 3.0
_STILL_SECONDS = 1.0


@dataclass(frozen=True)
class Clip:
    """
    Name a camera's recording.

    :param chosen: whether thresholds were chosen on this clip, rather than only tried on it
    :param read: reads its frames
    :param stills: whether each picture stands for a camera of its own, and is shown a few times
    """

    name: str
    chosen: bool
    read: Callable[[], Frames]
    stills: bool = False


def find_clips(root: Path | None, geometry: Geometry) -> Iterator[Clip]:
    """Yield the clips of a data root, if there is one, and those of rendered drives."""
    if root is not None:
        yield from _recorded(root, geometry)
    size = geometry.input_size
    for drives, chosen in ((_CHOSEN_DRIVES, True), (_REPORTED_DRIVES, False)):
        for layout, seed in drives:
            config = DriveConfig(seed, layout, _DRIVE_SECONDS, _DRIVE_FPS, *size)
            for camera in Drive.cameras:
                name = f'rendered {layout}, {camera}'
                yield Clip(name, chosen, partial(_rendered, config, camera))


def _recorded(root: Path, geometry: Geometry) -> Iterator[Clip]:
    for folder in ('bags', 'video'):
        for path in sorted((root / folder).glob('*')):
            if path.suffix == '.mp4' or (path.is_dir() and folder == 'bags'):
                yield Clip(
                    f'{folder}/{path.name}', folder == 'bags', partial(_source, path, geometry)
                )
    for part in ('train', 'val'):
        for name, times, paths in _camvid(root / 'camvid' / part):
            chosen = name in _CHOSEN_SEQUENCES
            read = partial(_pictures, times, paths, geometry)
            yield Clip(f'camvid/{part} {name} at {times[0]:.0f} s', chosen, read)
    for folder in (
        'kitti_road/training/image_2',
        'kitti_semantic_sample/training/image_2',
        'video/udacity_test_images',
    ):
        paths = picture_files(root / folder) if (root / folder).is_dir() else []
        if paths:
            times = [index * _STILL_SECONDS for index in range(len(paths))]
            yield Clip(folder, False, partial(_pictures, times, paths, geometry), stills=True)


def _camvid(folder: Path) -> Iterator[tuple[str, list[float], list[Path]]]:
    """Yield the parts of CamVid's sequences without gaps."""
    sequences: dict[str, list[tuple[float, Path]]] = {}
    for path in picture_files(folder) if folder.is_dir() else ():
        name, _, number = path.stem.partition('_')
        if number.lstrip('f').isdecimal():
            time = int(number.lstrip('f')) / _CAMVID_RATE
            sequences.setdefault(name, []).append((time, path))
    for name, items in sequences.items():
        stretches = [[items[0]]]
        for (before, _), item in pairwise(items):
            if item[0] - before > _LONGEST_GAP:
                stretches.append([])
            stretches[-1].append(item)
        for stretch in stretches:
            yield name, [time for time, _ in stretch], [path for _, path in stretch]


def _source(path: Path, geometry: Geometry) -> Frames:
    frames = list(open_source(path).frames())
    times = np.array([frame.time_ns / 1e9 for frame in frames])
    return times, _placed([frame.image() for frame in frames], geometry)


def _pictures(times: list[float], paths: list[Path], geometry: Geometry) -> Frames:
    return np.array(times), _placed([read_picture(path) for path in paths], geometry)


def _rendered(config: DriveConfig, camera: str) -> Frames:
    drive = _drive(config)
    images = [drive.render(camera, index).image for index in range(drive.frame_count)]
    return np.arange(drive.frame_count) / config.fps, np.stack(images)


@lru_cache(1)
def _drive(config: DriveConfig) -> Drive:
    return Drive(config)


def _placed(images: list[np.ndarray], geometry: Geometry) -> np.ndarray:
    return np.stack([geometry.view(image.shape[:2]).forward(image).copy() for image in images])


def small(pictures: np.ndarray) -> np.ndarray:
    """Return pictures in grey and at 30x20 pixels, to tell which are distinct."""
    return np.stack(
        [
            cv2.cvtColor(cv2.resize(p, (30, 20), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
            for p in pictures
        ]
    )


def distinct(smalls: np.ndarray) -> int:
    """
    Count the pictures that differ from each other.

    :param smalls: uint8 [n, h, w]; two that differ by less than two grey levels on average, such as
        the same frame in two codecs, count once
    """
    values = smalls.reshape(len(smalls), -1).astype(np.float32)
    kept: list[np.ndarray] = []
    for value in values:
        if not kept or np.abs(np.stack(kept) - value).mean(axis=1).min() >= 2.0:
            kept.append(value)
    return len(kept)
