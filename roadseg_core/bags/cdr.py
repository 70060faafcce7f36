"""Serialized messages and their types, made and stamped without ROS."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from rosbags.serde import SerdeError
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from roadseg_core.bags.images import BILLION, read_stamp
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.records import Buffer, Topic
from roadseg_core.pipeline.conversion import ConversionError


@lru_cache(maxsize=1)
def message_types() -> Typestore:
    """Return the message types; those used here are the same from Humble to Kilted."""
    return get_typestore(Stores.ROS2_HUMBLE)


def little_endian(cdr: Buffer, message_type: str) -> bytes:
    """
    Return a message as little-endian CDR, as it is on all common machines.

    :raises ConversionError: if it is damaged
    """
    data = bytes(cdr)
    if len(data) < 4 or data[1] & 1:
        return data
    types = message_types()
    try:
        message = types.deserialize_cdr(data, message_type)
        return bytes(types.serialize_cdr(message, message_type))
    except (SerdeError, ValueError, IndexError, struct.error) as error:
        raise ConversionError(f'the recorded message is damaged: {error}') from error


def with_stamp(cdr: bytes, stamp_ns: int) -> bytes:
    """
    Return the little-endian message with another header stamp: one copy, nothing else is read.

    :raises ConversionError: if it is too short to have one
    """
    if read_stamp(cdr) == stamp_ns:
        return cdr
    stamp = struct.pack('<iI', stamp_ns // BILLION, stamp_ns % BILLION)
    return b''.join((cdr[:4], stamp, memoryview(cdr)[12:]))


def image_cdr(image: np.ndarray, *, encoding: str, stamp_ns: int, frame_id: str) -> bytes:
    """Serialize uint8 [H, W, channels] or [H, W] as sensor_msgs/Image."""
    types = message_types()
    height, width = image.shape[:2]
    message = types.types[RAW_TYPE](
        header=header(stamp_ns, frame_id),
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
        header=header(stamp_ns, frame_id), format=file_format, data=np.frombuffer(data, np.uint8)
    )
    return bytes(types.serialize_cdr(message, COMPRESSED_TYPE))


def camera_info_cdr(
    intrinsics: tuple[float, float, float, float],
    *,
    size: tuple[int, int],
    stamp_ns: int,
    frame_id: str,
) -> bytes:
    """
    Serialize the sensor_msgs/CameraInfo of a camera without distortion.

    :param intrinsics: fx, fy, cx, cy in pixels
    :param size: (height, width) of the images
    """
    types = message_types()
    fx, fy, cx, cy = intrinsics
    message = types.types[CAMERA_INFO_TYPE](
        header=header(stamp_ns, frame_id),
        height=size[0],
        width=size[1],
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1.0]),
        r=np.eye(3).ravel(),
        p=np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1.0, 0]),
        binning_x=0,
        binning_y=0,
        roi=types.types['sensor_msgs/msg/RegionOfInterest'](
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        ),
    )
    return bytes(types.serialize_cdr(message, CAMERA_INFO_TYPE))


def header(stamp_ns: int, frame_id: str) -> object:
    """Return a std_msgs/Header."""
    types = message_types().types
    stamp = types['builtin_interfaces/msg/Time'](
        sec=stamp_ns // BILLION, nanosec=stamp_ns % BILLION
    )
    return types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)


def type_digest(topic: Topic) -> str:
    """Return the hash (RIHS01) of a topic's type as the bag defines it; '' if it does not."""
    if topic.digest or not topic.definition:
        return topic.digest
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(get_types_from_msg(topic.definition, topic.type))
        return store.hash_rihs01(topic.type)
    except (TypesysError, KeyError, ValueError):
        return ''  # written in IDL, or incomplete
