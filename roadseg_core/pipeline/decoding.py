"""Decode image messages, rclpy's or a bag reader's, to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from roadseg_core.pipeline.conversion import (
    ConversionError,
    UnsupportedEncodingError,
    check_size,
    to_bgr,
)

Buffer = bytes | bytearray | memoryview | np.ndarray


class ImageMessage(Protocol):
    """What is read of a ``sensor_msgs/Image``."""

    height: int
    width: int
    step: int
    encoding: str
    is_bigendian: int
    data: Buffer


Fallback = Callable[[ImageMessage], np.ndarray]
"""Converts an image to uint8 [height, width, 3], BGR; raises UnsupportedEncodingError."""


def image_to_bgr(message: ImageMessage, fallback: Fallback | None = None) -> np.ndarray:
    """
    Convert a raw image.

    :param fallback: converts the encodings that the pipeline does not know; None: nothing does
    :returns: uint8 [height, width, 3], BGR; for bgr8 a view of the message's data
    :raises UnsupportedEncodingError: if neither the pipeline nor the fallback knows the encoding
    :raises ConversionError: if size, step and data do not fit each other
    """
    try:
        return to_bgr(
            message.data,
            height=message.height,
            width=message.width,
            step=message.step,
            encoding=message.encoding,
        )
    except UnsupportedEncodingError:
        if fallback is None:
            raise
    check_size(message.height, message.width)
    if len(message.data) < message.step * message.height:
        raise ConversionError(
            f'{message.encoding} image of {message.width}x{message.height} pixels with '
            f'{len(message.data)} bytes; expected {message.step * message.height} '
            f'({message.height} rows of step {message.step}); the message is truncated or its '
            'size is wrong'
        )
    return fallback(message)
