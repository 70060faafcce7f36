"""Image messages to arrays; the messages may be rclpy's or a bag reader's."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from roadseg_core.pipeline.conversion import (
    check_size, ConversionError, to_bgr, UnsupportedEncodingError)
from roadseg_core.pipeline.compressed import decode_compressed

Buffer = bytes | bytearray | memoryview | np.ndarray


class RawImage(Protocol):
    """What is read of a ``sensor_msgs/Image``."""

    height: int
    width: int
    step: int
    encoding: str
    is_bigendian: int
    data: Buffer


class CompressedImage(Protocol):
    """What is read of a ``sensor_msgs/CompressedImage``."""

    format: str
    data: Buffer


def image_to_bgr(message: RawImage) -> np.ndarray:
    """
    Convert a raw image.

    Encodings that the pipeline does not know go through cv_bridge, which ROS distributions bring.

    :returns: uint8 [height, width, 3], BGR; for bgr8 a view of the message's data
    :raises UnsupportedEncodingError: if neither the pipeline nor cv_bridge knows the encoding
    :raises ConversionError: if size, step and data do not fit each other
    """
    try:
        return to_bgr(
            message.data, height=message.height, width=message.width, step=message.step,
            encoding=message.encoding)
    except UnsupportedEncodingError as error:
        return _through_cv_bridge(message, error)


def compressed_to_bgr(message: CompressedImage) -> np.ndarray:
    """
    Decode a JPEG or PNG image.

    :returns: uint8 [height, width, 3], BGR
    :raises ConversionError: if the file is empty, unknown, incomplete, damaged or too large
    """
    return decode_compressed(message.data, message.format)


def _through_cv_bridge(message: RawImage, unsupported: UnsupportedEncodingError) -> np.ndarray:
    """Convert an image by cv_bridge, or say that it is missing."""
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError as error:
        raise UnsupportedEncodingError(
            f'{unsupported}, or install cv_bridge (apt: ros-$ROS_DISTRO-cv-bridge), '
            'which converts others') from error
    check_size(message.height, message.width)
    if len(message.data) < message.step * message.height:
        raise ConversionError(
            f'{message.encoding} image of {message.width}x{message.height} pixels with '
            f'{len(message.data)} bytes; expected {message.step * message.height} '
            f'({message.height} rows of step {message.step}); the message is truncated or its '
            'size is wrong')
    try:
        return CvBridge().imgmsg_to_cv2(message, 'bgr8')
    except (CvBridgeError, TypeError, ValueError) as error:
        raise UnsupportedEncodingError(
            f'{message.encoding} image that cv_bridge cannot convert to bgr8: {error}') from error
