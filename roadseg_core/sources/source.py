"""What a source of camera frames gives, whatever it is read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np


class SourceError(Exception):
    """A source that cannot be played; the message says what was found and what to do."""


@dataclass(frozen=True)
class Picture:
    """A decoded image: uint8 [H, W, 3], BGR."""

    image: np.ndarray


@dataclass(frozen=True)
class EncodedPicture:
    """A whole image file, and its format as sensor_msgs/CompressedImage names it."""

    data: bytes
    format: str


@dataclass(frozen=True)
class RecordedMessage:
    """A serialized message (little-endian CDR) of type RAW_TYPE or COMPRESSED_TYPE."""

    cdr: bytes
    message_type: str


@dataclass(frozen=True)
class Unreadable:
    """A frame that cannot be read, and why."""

    name: str
    reason: str


Payload = Picture | EncodedPicture | RecordedMessage | Unreadable


@dataclass(frozen=True)
class SourceFrame:
    """
    Hold one frame of a source.

    :param time_ns: when it was recorded, from an origin that the source chooses
    :param stamp_ns: its header stamp
    :param payload: the image
    :param camera_info: the serialized CameraInfo that belongs to it, if there is one
    """

    time_ns: int
    stamp_ns: int
    payload: Payload
    camera_info: bytes | None = None


class Source(Protocol):
    """
    Read frames from the start, as often as asked.

    ``period_ns`` is the usual time between two frames; ``description`` one line for people;
    ``compressed`` says whether its frames are image files already.
    """

    path: Path
    description: str
    period_ns: int
    compressed: bool

    def frames(self) -> Iterator[SourceFrame]:
        """
        Yield the frames in the order of time.

        :raises SourceError: if the source cannot be read at all
        """
        ...
