"""Read true label images from topics of the bag, or from a folder."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from roadseg_core.bags.images import parse_compressed, parse_raw, read_stamp
from roadseg_core.bags.message_types import COMPRESSED_TYPE, IMAGE_TYPES
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import TruthChoice
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.sources.camera_bag import Reader

_SECONDS = re.compile(r'(\d+)[._](\d{9})')


class TruthError(Exception):
    """A truth image that cannot be read; the message says why."""


def open_truth(
    truth: TruthChoice, camera: str, *, bag: Reader, only_camera: bool
) -> TruthSource | None:
    """
    Open the truth of a camera; None where none is asked for.

    :param bag: read for its truth topic, by nobody else meanwhile
    :raises EvaluationError: if the topic holds no images
    """
    if truth.folder is not None:
        root = truth_root(truth.folder, bag.path)
        for folder in (root / camera, *([root] if only_camera else [])):
            if folder.is_dir():
                # A video's frames, and pictures, have no stamps that anyone could have named.
                by_index = truth.key == 'index' or bag.kind == 'video'
                return FolderTruth(
                    folder, names=bag.names, by_index=by_index, slop_ns=truth.slop_ns
                )
        return NoTruth(f'the truth folder {root} has no folder {camera}')
    topic = truth.topics.get(camera, truth.topics.get('*', '')).replace('{camera}', camera)
    if not topic:
        return NoTruth('no truth topic is named for it') if truth else None
    if topic not in bag.topics:
        return NoTruth(f'the bag has no topic {topic}')
    return TopicTruth(bag, topic, slop_ns=truth.slop_ns)


def truth_root(folder: Path, bag: Path) -> Path:
    """Return where a bag's truth is: in a folder with the bag's name, if there is one."""
    for own in (folder / bag.name, folder / bag.stem):
        if own.is_dir() and own.resolve() != bag.resolve():
            return own
    return folder


def check_truth(config: EvaluationConfig) -> None:
    """
    Refuse a folder without label images, and truth that bags would share by their frames' numbers.

    :raises EvaluationError: if the folder or its images are missing, or bags would share it
    """
    folder = config.truth.folder
    if folder is not None and not folder.is_dir():
        raise EvaluationError(
            f'truth folder {folder} does not exist; expected a folder of label images'
        )
    if folder is not None and next(folder.rglob('*.png'), None) is None:
        raise EvaluationError(
            f'truth folder {folder} holds no PNG file; expected label images, or folders of them, '
            'each with the name of a camera'
        )
    if folder is None or config.truth.key != 'index':
        return
    users: dict[Path, Path] = {}
    for bag in config.bags:
        root = truth_root(folder, bag)
        other = users.setdefault(root, bag)
        if other is not bag:
            raise EvaluationError(
                f'{other} and {bag} would both be compared with the frames 0, 1, 2, ... of '
                f'{root}; expected a folder for each bag in {folder}, such as '
                f'{folder / bag.name}, bags of different names, or truth that is named by stamp'
            )


@dataclass(frozen=True)
class NoTruth:
    """
    Have no truth for any frame.

    :param missing: why there is none; '' of the other sources of truth
    :param damaged: truth images of which not even the stamp can be read
    """

    missing: str
    damaged: int = 0

    def find(self, index: int, stamp_ns: int) -> None:
        """Return None."""


class TopicTruth:
    """
    Find truth in a topic by the stamp of the frame, or the nearest within the slop.

    :raises EvaluationError: if the topic holds no images
    """

    def __init__(self, bag: BagReader, topic: str, *, slop_ns: int) -> None:
        self.missing = ''
        self.damaged = 0
        self._bag = bag
        self._type = bag.topics[topic].type
        self._slop_ns = slop_ns
        if self._type not in IMAGE_TYPES:
            raise EvaluationError(
                f'truth topic {topic} is of type {self._type}; expected {" or ".join(IMAGE_TYPES)}'
            )
        places = []
        for head, place in bag.index(topic):
            try:
                places.append((read_stamp(head), place))
            except ConversionError:
                self.damaged += 1
                bag.losses.add(f'{topic}: a message is damaged')
        places.sort(key=lambda entry: entry[0])
        self._stamps = array('q', (stamp for stamp, _ in places))
        self._places = [place for _, place in places]

    def find(self, index: int, stamp_ns: int) -> np.ndarray | None:
        """
        Return uint8 [H, W], ids; None where the frame has no truth.

        :param index: number of the frame among all that the camera recorded
        :raises TruthError: if it is there and cannot be read
        """
        nearest = _nearest(self._stamps, stamp_ns, self._slop_ns)
        if nearest is None:
            return None
        try:
            cdr = self._bag.fetch(self._places[nearest])
            if self._type == COMPRESSED_TYPE:
                return _decoded(parse_compressed(cdr).data, 'the truth message')
            message = parse_raw(cdr)
        except (BagError, ConversionError) as error:
            raise TruthError(str(error)) from error
        if message.encoding not in ('mono8', '8UC1'):
            raise TruthError(f'truth image of encoding {message.encoding!r}; expected mono8 ids')
        if message.step < message.width or len(message.data) < message.step * message.height:
            raise TruthError('truth image with too few bytes for its size')
        rows = np.frombuffer(message.data, np.uint8, message.step * message.height)
        return rows.reshape(message.height, message.step)[:, : message.width]


class FolderTruth:
    """
    Find truth in a folder of PNG files, named by stamp, by index, or as the frames.

    Where none of its files is named so, that is why there is none.

    :param names: of the frames, in order; empty where they have none
    """

    def __init__(
        self, folder: Path, *, names: tuple[str, ...] = (), by_index: bool, slop_ns: int
    ) -> None:
        self.missing = ''
        self.damaged = 0
        self._by_index = by_index or bool(names)
        self._slop_ns = 0 if self._by_index else slop_ns
        if names:
            files = (folder / f'{name}.png' for name in names)
            keys = {index: path for index, path in enumerate(files) if path.is_file()}
        else:
            keys = {
                key: path
                for path in sorted(folder.glob('*.png'))
                if (key := _key(path.stem, by_index)) is not None
            }
        if not keys:
            named = 'index, such as 000012.png' if by_index else 'stamp in nanoseconds'
            if names:
                named = f'picture, such as {names[0]}.png'
            self.missing = f'the truth folder {folder} holds no PNG file named by {named}'
        ordered = sorted(keys)
        self._keys = array('q', ordered)
        self._paths = [keys[key] for key in ordered]

    def find(self, index: int, stamp_ns: int) -> np.ndarray | None:
        """Return uint8 [H, W], as :meth:`TopicTruth.find`."""
        key = index if self._by_index else stamp_ns
        nearest = _nearest(self._keys, key, self._slop_ns)
        if nearest is None:
            return None
        path = self._paths[nearest]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise TruthError(f'{path.name} cannot be read: {error.strerror}') from error
        return _decoded(data, path.name)


TruthSource = NoTruth | TopicTruth | FolderTruth


def _key(stem: str, by_index: bool) -> int | None:
    seconds = None if by_index else _SECONDS.fullmatch(stem)
    if seconds:
        return int(seconds[1]) * 1_000_000_000 + int(seconds[2])
    if not by_index:
        return int(stem) if stem.isdecimal() else None
    # Data sets name files as scene_000012: the number at the end is the index.
    number = re.search(r'(\d+)$', stem)
    return int(number[1]) if number else None


def _nearest(keys: array, key: int, slop: int) -> int | None:
    """Return the position of the key nearest to ``key``, None if none is within the slop."""
    at = bisect_left(keys, key)
    near = [other for other in (at - 1, at) if 0 <= other < len(keys)]
    best = min(near, key=lambda other: abs(keys[other] - key), default=None)
    return best if best is not None and abs(keys[best] - key) <= slop else None


def _decoded(data: bytes | memoryview, name: str) -> np.ndarray:
    octets = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(octets, cv2.IMREAD_UNCHANGED) if len(octets) else None
    if image is None:
        raise TruthError(f'{name} is no image that can be read')
    if image.ndim != 2 or image.dtype != np.uint8:
        raise TruthError(
            f'{name} is {image.dtype} of shape {image.shape}; expected uint8 ids of one channel'
        )
    return image
