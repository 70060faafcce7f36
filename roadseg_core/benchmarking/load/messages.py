"""The messages of a load test: some pictures, serialized."""

from __future__ import annotations

import cv2
import numpy as np

from roadseg_core.bags.cdr import compressed_cdr, image_cdr

_PICTURES = 8


def picture_messages(height: int, width: int, is_raw: bool) -> list[bytes]:
    """
    Return some pictures, smooth and rough as a street is, each shifted from the one before.

    :param is_raw: as ``sensor_msgs/Image``; else as ``CompressedImage``, JPEG
    """
    noise = np.random.default_rng(0)
    coarse = noise.integers(0, 256, (height // 60 + 2, width // 60 + 2, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = cv2.add(picture, noise.integers(0, 24, picture.shape, np.uint8))
    messages = []
    for number in range(_PICTURES):
        image = np.roll(picture, 8 * number, axis=1)
        if is_raw:
            messages.append(image_cdr(image, encoding='bgr8', stamp_ns=0, frame_id='load'))
        else:
            data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            messages.append(compressed_cdr(data, file_format='jpeg', stamp_ns=0, frame_id='load'))
    return messages
