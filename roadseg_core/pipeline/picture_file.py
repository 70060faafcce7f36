"""Read picture files of any kind, checked as far as camera images are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roadseg_core.pipeline.compressed import decode_compressed
from roadseg_core.pipeline.conversion import ConversionError

CHECKED_SUFFIXES = ('.jpg', '.jpeg', '.png')
"""Of files that are decoded as a camera's compressed images are, checked for their end first."""


def read_picture(path: Path) -> np.ndarray:
    """
    Read a picture; JPEG and PNG are checked as the node checks its input.

    :returns: uint8 [H, W, 3], BGR
    :raises ConversionError: if it cannot be read; it says why, and not of which file
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConversionError(f'cannot be read: {error.strerror}') from error
    if path.suffix.lower() in CHECKED_SUFFIXES:
        return decode_compressed(data)
    octets = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(octets, cv2.IMREAD_COLOR) if len(octets) else None
    if image is None:
        raise ConversionError('no picture that OpenCV can read')
    return image
