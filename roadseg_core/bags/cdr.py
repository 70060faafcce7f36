"""Serialized messages, made and stamped without ROS."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from roadseg_core.bags.message_types import COMPRESSED_TYPE, RAW_TYPE

BILLION = 1_000_000_000
_LITTLE_ENDIAN = 1


@lru_cache(maxsize=1)
def message_types() -> Typestore:
    """Return the message types; those used here are the same from Humble to Kilted."""
    return get_typestore(Stores.ROS2_HUMBLE)


def is_little_endian(cdr: bytes) -> bool:
    """Say whether a serialized message is little-endian, as it is on all common machines."""
    return len(cdr) > 12 and cdr[1] == _LITTLE_ENDIAN


def read_stamp(cdr: bytes) -> int:
    """Return the header stamp in nanoseconds of a serialized message that begins with one."""
    seconds, nanoseconds = struct.unpack_from('<iI', cdr, 4)
    return seconds * BILLION + nanoseconds


def with_stamp(cdr: bytes, stamp_ns: int) -> bytes:
    """Return the message with another header stamp: one copy, nothing else is read."""
    if read_stamp(cdr) == stamp_ns:
        return cdr
    stamp = struct.pack('<iI', stamp_ns // BILLION, stamp_ns % BILLION)
    return b''.join((cdr[:4], stamp, memoryview(cdr)[12:]))


def image_cdr(image: np.ndarray, *, encoding: str, stamp_ns: int, frame_id: str) -> bytes:
    """Serialize uint8 [H, W, channels] or [H, W] as sensor_msgs/Image."""
    types = message_types()
    height, width = image.shape[:2]
    message = types.types[RAW_TYPE](
        header=_header(stamp_ns, frame_id),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * (image.shape[2] if image.ndim == 3 else 1),
        data=np.ascontiguousarray(image).reshape(-1),
    )
    return bytes(types.serialize_cdr(message, RAW_TYPE))


def compressed_cdr(data: bytes, *, file_format: str, stamp_ns: int, frame_id: str) -> bytes:
    """Serialize an image file as sensor_msgs/CompressedImage."""
    types = message_types()
    message = types.types[COMPRESSED_TYPE](
        header=_header(stamp_ns, frame_id), format=file_format, data=np.frombuffer(data, np.uint8)
    )
    return bytes(types.serialize_cdr(message, COMPRESSED_TYPE))


def _header(stamp_ns: int, frame_id: str) -> object:
    types = message_types().types
    stamp = types['builtin_interfaces/msg/Time'](
        sec=stamp_ns // BILLION, nanosec=stamp_ns % BILLION
    )
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)
