"""An image topic of a rosbag2 bag as a camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.interfaces import Connection

from roadseg_core.bags.cdr import is_little_endian, message_types, read_stamp
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.topics import camera_info_topic
from roadseg_core.sources.source import RecordedMessage, SourceError, SourceFrame, Unreadable

IMAGE_TYPES = (RAW_TYPE, COMPRESSED_TYPE)
BAG_SUFFIXES = ('.mcap', '.db3')


class BagSource:
    """
    Read an image topic of a bag: sqlite3 or MCAP, whole or zstd compressed.

    :param path: the bag's folder, or its one .mcap or .db3 file
    :param topic: the image topic; '' where the bag holds only one
    :raises SourceError: if the bag cannot be read or the topic is not clear
    """

    def __init__(self, path: Path, *, topic: str = '') -> None:
        self.path = path
        with _opened(path) as reader:
            images = {
                connection.topic: connection
                for connection in reader.connections
                if connection.msgtype in IMAGE_TYPES
            }
            self.topic = _choose(path, topic, images, reader.connections)
            image = images[self.topic]
            self.message_type = image.msgtype
            self.count = image.msgcount
            self.period_ns = max(1, reader.duration // max(1, self.count - 1))
            self._origin_ns = reader.start_time
        if not self.count:
            raise SourceError(f'{path} holds no message on {self.topic}')
        self.compressed = self.message_type == COMPRESSED_TYPE
        self.description = f'bag, {self.count} messages on {self.topic}'

    def frames(self) -> Iterator[SourceFrame]:
        """Yield the images, each with its CameraInfo: the one of its stamp, or the newest."""
        info_topic = camera_info_topic(self.topic)
        waiting: SourceFrame | None = None
        info: bytes | None = None
        try:
            with _opened(self.path) as reader:
                wanted = [
                    connection
                    for connection in reader.connections
                    if connection.topic == self.topic
                    or (connection.topic == info_topic and connection.msgtype == CAMERA_INFO_TYPE)
                ]
                for connection, time_ns, data in reader.messages(connections=wanted):
                    if connection.topic == info_topic:
                        info = _little_endian(bytes(data), connection.msgtype)
                    else:
                        if waiting:
                            yield _with_info(waiting, info)
                        waiting = self._frame(bytes(data), time_ns)
                    if waiting and info and read_stamp(info) == waiting.stamp_ns:
                        yield _with_info(waiting, info)
                        waiting = None
        except AnyReaderError as error:
            raise SourceError(f'{self.path} cannot be read on: {error}') from error
        if waiting:
            yield _with_info(waiting, info)

    def _frame(self, data: bytes, time_ns: int) -> SourceFrame:
        offset_ns = time_ns - self._origin_ns
        cdr = _little_endian(data, self.message_type)
        if cdr is None:
            return SourceFrame(
                offset_ns,
                time_ns,
                Unreadable(f'{self.path} {self.topic} at {time_ns}', 'the message is truncated'),
            )
        # A driver that sets no stamp leaves 0; then the bag's time is all there is.
        return SourceFrame(
            offset_ns, read_stamp(cdr) or time_ns, RecordedMessage(cdr, self.message_type)
        )


@contextmanager
def _opened(path: Path) -> Iterator[AnyReader]:
    """Open a bag."""
    try:
        reader = AnyReader([path], default_typestore=message_types())
        reader.open()
    except Exception as error:  # a damaged file raises sqlite3's, struct's, zstd's errors
        raise SourceError(
            f'{path} is no bag that can be read (rosbag2, sqlite3 or MCAP): {error}'
        ) from error
    try:
        yield reader
    finally:
        reader.close()


def _choose(
    path: Path, topic: str, images: dict[str, Connection], connections: list[Connection]
) -> str:
    held = '; '.join(sorted(f'{c.topic} ({c.msgtype})' for c in connections)) or 'nothing'
    if topic:
        if topic not in images:
            raise SourceError(f'{path} holds no image topic {topic}; it holds {held}')
        return topic
    if not images:
        raise SourceError(
            f'{path} holds no image topic (of {" or ".join(IMAGE_TYPES)}); it holds {held}'
        )
    if len(images) > 1:
        raise SourceError(
            f'{path} holds several image topics; choose one by --bag-topic '
            f'CAMERA=TOPIC: {", ".join(sorted(images))}'
        )
    return next(iter(images))


def _little_endian(data: bytes, message_type: str) -> bytes | None:
    """Return the message as little-endian CDR, None if it is too short to have a header."""
    if len(data) < 16:
        return None
    if is_little_endian(data):
        return data
    types = message_types()
    return bytes(types.serialize_cdr(types.deserialize_cdr(data, message_type), message_type))


def _with_info(frame: SourceFrame, info: bytes | None) -> SourceFrame:
    return SourceFrame(frame.time_ns, frame.stamp_ns, frame.payload, info)
