"""Serialized images, read in place: nothing is copied."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.records import BagMessage, Buffer
from roadseg_core.pipeline.compressed import decode_compressed
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import Fallback, image_to_bgr

BILLION = 1_000_000_000
_HEADER = 4


@dataclass(frozen=True)
class RawImage:
    """A ``sensor_msgs/Image``."""

    stamp_ns: int
    frame_id: str
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


@dataclass(frozen=True)
class CompressedImage:
    """A ``sensor_msgs/CompressedImage``."""

    stamp_ns: int
    frame_id: str
    format: str
    data: memoryview


def read_stamp(cdr: Buffer) -> int:
    """
    Return the header stamp in nanoseconds of a serialized message that begins with one.

    :raises ConversionError: if the message is too short
    """
    return _Fields(cdr).stamp()


def stamp_fields(cdr: Buffer) -> tuple[int, int]:
    """
    Return the header stamp's seconds and nanoseconds as they stand in a message.

    :raises ConversionError: if the message is too short
    """
    fields = _Fields(cdr)
    return fields.number('i'), fields.number('I')


def parse_raw(cdr: Buffer) -> RawImage:
    """
    Read a serialized ``sensor_msgs/Image``.

    :raises ConversionError: if it is cut off or damaged
    """
    fields = _Fields(cdr)
    return RawImage(
        stamp_ns=fields.stamp(),
        frame_id=fields.text(),
        height=fields.number('I'),
        width=fields.number('I'),
        encoding=fields.text(),
        is_bigendian=fields.number('B'),
        step=fields.number('I'),
        data=fields.octets(),
    )


def parse_compressed(cdr: Buffer) -> CompressedImage:
    """
    Read a serialized ``sensor_msgs/CompressedImage``.

    :raises ConversionError: if it is cut off or damaged
    """
    fields = _Fields(cdr)
    return CompressedImage(
        stamp_ns=fields.stamp(), frame_id=fields.text(), format=fields.text(), data=fields.octets()
    )


def decode(message: BagMessage, message_type: str, fallback: Fallback | None = None) -> np.ndarray:
    """
    Decode a recorded image as the node decodes one.

    :param message_type: one of :data:`IMAGE_TYPES`
    :param fallback: converts raw encodings that the pipeline does not know
    :returns: uint8 [H, W, 3], BGR; for bgr8 a view of the message's data
    :raises ConversionError: if it cannot be decoded; of a file it says which
    """
    if message.error:
        raise ConversionError(message.error)
    try:
        if message_type == RAW_TYPE:
            return image_to_bgr(parse_raw(message.data), fallback)
        image = parse_compressed(message.data)
        return decode_compressed(image.data, image.format)
    except ConversionError as error:
        if not message.name:
            raise
        raise type(error)(f'{message.name}: {error}') from error


class _Fields:
    """Read fields one after another, each at its alignment behind CDR's four-byte header."""

    def __init__(self, cdr: Buffer) -> None:
        self._data = memoryview(cdr)
        if len(self._data) < _HEADER:
            raise ConversionError(f'the message has {len(self._data)} bytes; it is truncated')
        self._order = '<' if self._data[1] & 1 else '>'
        self._at = _HEADER

    def number(self, kind: str) -> int:
        size = struct.calcsize(kind)
        self._at += -(self._at - _HEADER) % size
        if self._at + size > len(self._data):
            raise self._truncated(size)
        value = struct.unpack_from(self._order + kind, self._data, self._at)[0]
        self._at += size
        return value

    def stamp(self) -> int:
        seconds = self.number('i')
        return seconds * BILLION + self.number('I')

    def octets(self) -> memoryview:
        length = self.number('I')
        if self._at + length > len(self._data):
            raise self._truncated(length)
        self._at += length
        return self._data[self._at - length : self._at]

    def text(self) -> str:
        octets = bytes(self.octets())
        try:
            return octets.rstrip(b'\0').decode('utf-8')
        except UnicodeDecodeError as error:
            raise ConversionError(f'the message is damaged: {error}') from error

    def _truncated(self, size: int) -> ConversionError:
        return ConversionError(
            f'the message is truncated: {len(self._data)} bytes, and {size} more were '
            f'expected at {self._at}'
        )
