"""A buffer holds a serialized image message, and is used for one frame after another."""

from __future__ import annotations

import struct

import numpy as np

_CHANNELS = {'mono8': 1, 'bgr8': 3}


def image_head(
    stamp: tuple[int, int],
    frame_id: str,
    size: tuple[int, int],
    encoding: str,
    step: int,
    length: int,
) -> bytes:
    """
    Return a serialized ``sensor_msgs/Image``, little-endian, up to its data.

    :param stamp: seconds and nanoseconds
    :param size: (height, width)
    :param step: bytes of a row
    :param length: bytes of the data, which are to follow
    """
    return b''.join(
        (
            b'\x00\x01\x00\x00',
            struct.pack('<iI', *stamp),
            _text(frame_id),
            struct.pack('<II', *size),
            _text(encoding, then=b'\x00'),  # not big-endian
            struct.pack('<II', step, length),
        )
    )


def _text(text: str, *, then: bytes = b'') -> bytes:
    """Return a string of CDR and what follows it, up to the next multiple of four bytes."""
    content = text.encode() + b'\x00'
    packed = struct.pack('<I', len(content)) + content + then
    return packed + bytes(-len(packed) % 4)


class ImageBuffer:
    """
    Hold a serialized ``sensor_msgs/Image``, whose pixels are written in place, frame after frame.

    A message object costs two more copies of the pixels, and new memory each time.

    :param encoding: ``mono8`` or ``bgr8``
    :ivar message: uint8 [length]: CDR, little-endian
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._made_for: tuple[str, tuple[int, int]] | None = None
        self.message = self._pixels = np.empty(0, np.uint8)

    def place(self, stamp: tuple[int, int], frame_id: str, size: tuple[int, int]) -> np.ndarray:
        """
        Begin the message of another frame.

        :param stamp: seconds and nanoseconds, int32 and uint32, of the frame that the image is
            made of
        :param size: (height, width) of the image
        :returns: uint8 [H, W] for mono8, [H, W, 3] for bgr8: the message's pixels, to be filled
        """
        if self._made_for != (frame_id, size):
            self._make(frame_id, size)
        struct.pack_into('<iI', self.message, 4, *stamp)
        return self._pixels

    def _make(self, frame_id: str, size: tuple[int, int]) -> None:
        channels = _CHANNELS[self._encoding]
        width, pixels = size[1], size[0] * size[1] * channels
        head = image_head((0, 0), frame_id, size, self._encoding, width * channels, pixels)
        self.message = np.empty(len(head) + pixels, np.uint8)
        self.message[: len(head)] = np.frombuffer(head, np.uint8)
        shape = size if channels == 1 else (*size, channels)
        self._pixels = self.message[len(head) :].reshape(shape)
        self._made_for = frame_id, size
