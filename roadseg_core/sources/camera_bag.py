"""Present videos and pictures as a bag with one camera, made while it is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np

from roadseg_core.bags.cdr import BILLION, compressed_cdr, image_cdr
from roadseg_core.bags.message_types import COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagMessage, Losses, Topic

_FIRST_STAMP_NS = BILLION
"""Stamp of the first frame where nothing was recorded: ROS takes 0 for "no time"."""


class CameraBag:
    """
    Give frames as messages of one topic, stamped by their number; use it as a context.

    :param path: what it is made of
    :param kind: what that is, for people
    :param camera: name of the camera: of its topic and frame_id
    :param pictures: yields name, image file or uint8 [H, W, 3] (BGR), and why there is none, or ''
    :param compressed: whether the pictures are JPEG or PNG files
    :param count: frames, about; 0 if that is not known
    :param names: of the frames, in order; empty where they have none
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        path: Path,
        kind: str,
        camera: str,
        pictures: Callable[[], Iterator[tuple[str, bytes | np.ndarray, str]]],
        *,
        compressed: bool,
        period_ns: int,
        count: int,
        names: tuple[str, ...] = (),
    ) -> None:
        self.path, self.kind, self.names = path, kind, names
        self.losses = Losses()
        self._camera, self._pictures, self._period_ns = camera, pictures, period_ns
        self._topic = f'/camera/{camera}/image_raw' + ('/compressed' if compressed else '')
        message_type = COMPRESSED_TYPE if compressed else RAW_TYPE
        self.topics = {self._topic: Topic(self._topic, message_type)}
        self.counts = {self._topic: count} if count else {}

    def __enter__(self) -> CameraBag:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep nothing: each reading opens its files itself."""

    def reopened(self) -> CameraBag:
        """Return this: each reading is one by itself."""
        return self

    def start_ns(self) -> int:
        """Return the time of the first frame."""
        return _FIRST_STAMP_NS

    def messages(
        self,
        topics: Collection[str] | None = None,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """Yield the frames, if their topic is asked for."""
        if topics is not None and self._topic not in topics:
            return
        for number, (name, picture, error) in enumerate(self._pictures()):
            time_ns = _FIRST_STAMP_NS + number * self._period_ns
            if end_ns is not None and time_ns >= end_ns:
                return
            if start_ns is None or time_ns >= start_ns:
                data = b'' if error else self._serialized(picture, time_ns)
                yield BagMessage(self._topic, time_ns, data, name, error)

    def _serialized(self, picture: bytes | np.ndarray, stamp_ns: int) -> bytes:
        if isinstance(picture, bytes):
            kind = 'png' if picture.startswith(b'\x89PNG') else 'jpeg'
            return compressed_cdr(
                picture, file_format=kind, stamp_ns=stamp_ns, frame_id=self._camera
            )
        return image_cdr(picture, encoding='bgr8', stamp_ns=stamp_ns, frame_id=self._camera)


Reader = BagReader | CameraBag
"""Reads a recording, whatever it is; used as a context, which raises SourceError."""
