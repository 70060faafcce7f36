"""An annotated bag: what was recorded, and beside it what the network says of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import cv2
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.metadata import Qos, QosDurability, parse_qos

from roadseg_core.bags.cdr import compressed_cdr, message_types, type_digest
from roadseg_core.bags.images import parse_compressed, parse_raw
from roadseg_core.bags.message_types import COMPRESSED_TYPE
from roadseg_core.bags.records import BagMessage, Topic
from roadseg_core.bags.writer import BagWriter
from roadseg_core.evaluation.drives.analysis import Analysed
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.pipeline.frame import FrameImages

FILES = {
    'label': ('.png', [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]),
    'road_mask': ('.png', [cv2.IMWRITE_PNG_BILEVEL, 1]),
    'overlay': ('.jpg', [cv2.IMWRITE_JPEG_QUALITY, 90]),
}
"""Outputs that are added for each camera, and how they are written; ids without loss."""


def image_files(images: FrameImages) -> dict[str, bytes]:
    """Return the files of a frame's outputs that are added, by output."""
    return {
        output: cv2.imencode(suffix, images.make(output), options)[1].tobytes()
        for output, (suffix, options) in FILES.items()
    }


def compressed_topic(camera: str, output: str) -> str:
    """Return the topic of an output: that of a node with the usual name, compressed."""
    return f'/segmentation/{camera}/{output}/compressed'


class AnnotatedBag:
    """
    Write an annotated bag, from one thread; it may be abandoned from another.

    :param path: folder of the new bag; one that is there is replaced
    :param storage: ``mcap`` or ``sqlite3``
    :param topics: of the original
    :raises OSError: from any method, if it cannot be written
    """

    def __init__(
        self, path: Path, storage: str, topics: Iterable[Topic], cameras: Iterable[Camera]
    ) -> None:
        self.path = path
        self.notes: list[str] = []
        self._frame_ids: dict[str, str] = {}
        self._storage = storage
        self._topics = tuple(topics)
        self._cameras = tuple(cameras)
        self._writer: BagWriter | None = None
        self._originals: dict[str, str] = {}
        self._outputs: dict[tuple[str, str], str] = {}

    def open(self) -> None:
        """Begin the bag."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._writer = BagWriter(self.path, self._storage)
        self._writer.__enter__()
        for topic in self._topics:
            self._add_original(topic)
        taken = {topic.name for topic in self._topics}
        for camera in self._cameras:
            for output in FILES:
                name = compressed_topic(camera.name, output)
                while name in taken:
                    # The original has the outputs of a node already: both shall be seen.
                    name = f'/evaluation{name}'
                taken.add(name)
                self._outputs[camera.name, output] = name
                self._writer.add_topic(name, COMPRESSED_TYPE)

    def copy(self, message: BagMessage) -> None:
        """Add a message of the original."""
        if message.topic in self._originals:
            kind = self._originals[message.topic]
            self._writer.write(message.topic, kind, message.time_ns, message.data)

    def add(self, frame: Analysed) -> None:
        """Add a frame's outputs, with the stamp, frame_id and time of its image."""
        work = frame.work
        for output, data in frame.files.items():
            cdr = compressed_cdr(
                data,
                file_format='jpeg' if output == 'overlay' else 'png',
                stamp_ns=work.stamp_ns,
                frame_id=self._frame_id(work.message, work.camera),
            )
            topic = self._outputs[work.camera.name, output]
            self._writer.write(topic, COMPRESSED_TYPE, work.message.time_ns, cdr)

    def close(self) -> None:
        """Finish the bag."""
        if self._writer is not None:
            self._writer.__exit__(None)
            self._writer = None

    def abandon(self) -> None:
        """Remove the bag, if it was not finished."""
        if self._writer is not None:
            self._writer.__exit__(OSError)

    def _add_original(self, topic: Topic) -> None:
        definition, digest = _definition(topic)
        if not digest:
            self.notes.append(
                f'{topic.name} is not in the annotated bag: the bag does not say '
                f'what a {topic.type} is'
            )
            return
        self._originals[topic.name] = topic.type
        self._writer.add_topic(
            topic.name,
            topic.type,
            msgdef=definition,
            rihs01=digest,
            offered_qos_profiles=_qos(topic),
        )

    def _frame_id(self, message: BagMessage, camera: Camera) -> str:
        # It does not change while a camera records.
        if camera.name not in self._frame_ids:
            parse = parse_compressed if camera.type == COMPRESSED_TYPE else parse_raw
            self._frame_ids[camera.name] = parse(message.data).frame_id
        return self._frame_ids[camera.name]


def is_latched(topic: Topic) -> bool:
    """Return whether who subscribes late still gets the topic's last messages."""
    offered = _qos(topic)
    if not offered:
        return topic.name == '/tf_static'
    return any(qos.durability == QosDurability.TRANSIENT_LOCAL for qos in offered)


def _definition(topic: Topic) -> tuple[str, str]:
    """Return a type's definition and hash, ('', '') if neither bag nor ROS knows the type."""
    known = message_types()
    if topic.definition:
        digest = type_digest(topic)
        if digest:
            return topic.definition, digest
    if topic.type not in known.types:
        return '', ''
    return known.generate_msgdef(topic.type, ros_version=2)[0], known.hash_rihs01(topic.type)


def _qos(topic: Topic) -> list[Qos]:
    # A latched topic (/tf_static) that lost its QoS would reach nobody who starts later.
    try:
        return parse_qos(topic.qos)
    except (ReaderError, KeyError, TypeError, AttributeError):
        return []
