"""One camera of a recording: its images, each with the CameraInfo that belongs to it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np

from roadseg_core.bags.cdr import BILLION, little_endian
from roadseg_core.bags.images import decode, read_stamp
from roadseg_core.bags.message_types import (
    CAMERA_INFO_TYPE,
    COMPRESSED_TYPE,
    IMAGE_TYPES,
    camera_info_topic,
)
from roadseg_core.bags.records import BagMessage, Losses, SourceError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import Fallback
from roadseg_core.sources.camera_bag import Reader

_MEASURED = 20
"""Frames of which the usual time between two is measured."""


@dataclass(frozen=True)
class SourceFrame:
    """
    Hold one frame of a camera.

    :param message: little-endian, unless it is damaged
    :param message_type: one of :data:`IMAGE_TYPES`
    :param time_ns: when it was recorded, counted from the beginning of the recording
    :param stamp_ns: its header stamp
    :param camera_info: the serialized CameraInfo that belongs to it, if there is one
    """

    message: BagMessage
    message_type: str
    time_ns: int
    stamp_ns: int
    camera_info: bytes | None = None

    def image(self, fallback: Fallback | None = None) -> np.ndarray:
        """
        Decode the frame.

        :param fallback: converts raw encodings that the pipeline does not know
        :returns: uint8 [H, W, 3], BGR
        :raises ConversionError: if it cannot be decoded
        """
        return decode(self.message, self.message_type, fallback)


class Source:
    """
    Read a camera's frames from the start, as often as asked.

    ``period_ns`` is the usual time between two frames; ``description`` one line for people;
    ``compressed`` says whether its frames are image files; ``losses`` collects what could not be
    read of the recording.

    :param open_reader: opens the recording
    :param topic: the image topic; '' where the recording holds only one
    :raises SourceError: if the recording cannot be read or the topic is not clear
    """

    def __init__(self, open_reader: Callable[[], Reader], *, topic: str = '') -> None:
        self._open_reader = open_reader
        self.losses = Losses()
        with open_reader() as reader:
            self.path = reader.path
            self.topic = _choose(reader, topic)
            self.message_type = reader.topics[self.topic].type
            times = [
                message.time_ns for message in islice(reader.messages([self.topic]), _MEASURED)
            ]
            if not times:
                losses = '; '.join(['', *reader.losses.described])
                raise SourceError(f'{self.path} holds no message on {self.topic}{losses}')
            count = reader.counts.get(self.topic, 0)
            self._origin_ns = reader.start_ns() or 0
        self.compressed = self.message_type == COMPRESSED_TYPE
        between = [later - earlier for earlier, later in pairwise(times)]
        self.period_ns = max(1, round(statistics.median(between))) if between else BILLION // 15
        self.description = (
            f'{reader.kind}, {f"{count} frames" if count else "frames"} on {self.topic} at about '
            f'{BILLION / self.period_ns:.4g} fps'
        )

    def frames(self) -> Iterator[SourceFrame]:
        """
        Yield the images, each with its CameraInfo: the one of its stamp, or the newest.

        :raises SourceError: if the recording cannot be read at all
        """
        info_topic = camera_info_topic(self.topic)
        waiting: SourceFrame | None = None
        info: bytes | None = None
        with self._open_reader() as reader:
            topics = [self.topic]
            if info_topic in reader.topics and reader.topics[info_topic].type == CAMERA_INFO_TYPE:
                topics.append(info_topic)
            for message in reader.messages(topics):
                if message.topic == self.topic:
                    if waiting:
                        yield replace(waiting, camera_info=info)
                    waiting = self._frame(message)
                else:
                    info, stamp_ns = _readable(message, CAMERA_INFO_TYPE)
                    if waiting and info is not None and stamp_ns == waiting.stamp_ns:
                        yield replace(waiting, camera_info=info)
                        waiting = None
            for loss in reader.losses.described:
                self.losses.add(loss)
        if waiting:
            yield replace(waiting, camera_info=info)

    def _frame(self, message: BagMessage) -> SourceFrame:
        data, stamp_ns = _readable(message, self.message_type)
        # A driver that sets no stamp leaves 0; then the bag's time is all there is.
        return SourceFrame(
            message._replace(data=bytes(message.data) if data is None else data),
            self.message_type,
            message.time_ns - self._origin_ns,
            stamp_ns or message.time_ns,
        )


def _readable(message: BagMessage, message_type: str) -> tuple[bytes | None, int]:
    """Return the message as little-endian bytes, and its stamp; (None, 0) if it is damaged."""
    try:
        data = little_endian(message.data, message_type)
        return data, read_stamp(data)
    except ConversionError:
        return None, 0


def _choose(reader: Reader, topic: str) -> str:
    images = sorted(name for name, held in reader.topics.items() if held.type in IMAGE_TYPES)
    held = '; '.join(sorted(f'{held.name} ({held.type})' for held in reader.topics.values()))
    if topic:
        if topic not in images:
            raise SourceError(
                f'{reader.path} holds no image topic {topic}; it holds {held or "nothing"}'
            )
        return topic
    if not images:
        raise SourceError(
            f'{reader.path} holds no image topic (of {" or ".join(IMAGE_TYPES)}); it holds '
            f'{held or "nothing"}'
        )
    if len(images) > 1:
        raise SourceError(
            f'{reader.path} holds several image topics; choose one by --bag-topic '
            f'CAMERA=TOPIC: {", ".join(images)}'
        )
    return images[0]
