"""Decode complete JPEG and PNG files of a sane size to BGR arrays."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import cv2
import numpy as np

from roadseg_core.pipeline.conversion import ConversionError, as_bytes, check_size

MAX_DECODED_PIXELS = 1 << 25
"""Most pixels that are decoded, just above 8K video: a few bytes can claim any size."""

_PASSES = 4
"""A JPEG's scans together may paint this many times the pixels that may be decoded."""

_MAX_PARTS = 1 << 14
"""Most segments or chunks of a file; a camera's has some tens, or a chunk for each 8 kB."""

_JPEG_MAGIC = b'\xff\xd8\xff'
_PNG_MAGIC = b'\x89PNG\r\n\x1a\n'

_READ = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}

# Start-of-frame markers; C4, C8 and CC in their range are something else.
_FRAME_STARTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# Markers without a length: TEM, the restarts and the start of image.
_BARE_MARKERS = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
# Any number of FF may come before a marker's last.
_FILL = re.compile(rb'\xff*(?=\xff)')
# In a scan's coded data FF is followed by 00 (a plain FF) or a restart; all else ends the scan.
_SCAN_END = re.compile(rb'\xff[^\x00\xff\xd0-\xd7]')


@dataclass(frozen=True)
class CompressedFile:
    """
    Hold a JPEG or PNG file that was found complete and of a sane size; made by :func:`check_file`.

    :param size: (height, width) in pixels
    """

    content: np.ndarray
    format: str
    size: tuple[int, int]
    is_jpeg: bool

    def decode(self, reduction: int = 1) -> np.ndarray:
        """
        Decode the file.

        :param reduction: 1, 2, 4 or 8: a JPEG comes as many times smaller, a PNG in full. It takes
            less time, as each block of 8x8 pixels is computed from fewer DCT coefficients
        :returns: uint8 [height, width, 3], BGR
        :raises ConversionError: if it is damaged
        """
        height, width = self.size
        if not self.is_jpeg:
            reduction = 1
        try:
            image = cv2.imdecode(self.content, _READ[reduction] | cv2.IMREAD_IGNORE_ORIENTATION)
        except cv2.error as error:
            raise ConversionError(
                f'compressed image (format {self.format!r}) that OpenCV cannot decode: {error}'
            ) from error
        if image is None or image.shape != (-(-height // reduction), -(-width // reduction), 3):
            raise ConversionError(
                f'compressed image (format {self.format!r}) of {self.content.size} bytes and '
                f'{width}x{height} pixels that OpenCV cannot decode; expected an undamaged JPEG '
                'or PNG file'
            )
        return image


def decode_compressed(
    data: bytes | bytearray | memoryview | np.ndarray,
    format: str = '',
    *,
    max_pixels: int = MAX_DECODED_PIXELS,
) -> np.ndarray:
    """
    Decode an image as ``sensor_msgs/CompressedImage`` carries it, in full.

    See :func:`check_file` for the arguments and errors.

    :returns: uint8 [height, width, 3], BGR
    """
    return check_file(data, format, max_pixels=max_pixels).decode()


def check_file(
    data: bytes | bytearray | memoryview | np.ndarray,
    format: str = '',
    *,
    max_pixels: int = MAX_DECODED_PIXELS,
) -> CompressedFile:
    """
    Check an image as ``sensor_msgs/CompressedImage`` carries it, before it is decoded.

    What the data holds is told by its first bytes, not by ``format``, which drivers fill in
    loosely (``jpeg``, ``bgr8; jpeg compressed bgr8``); only ``compressedDepth`` is refused by
    name, as it holds distances. Colours are those the file states: the trailing ``bgr8`` or
    ``rgb8`` of a format says how its writer held them. Grey, alpha and 16 bits become 8-bit BGR.

    OpenCV decodes a truncated JPEG without complaint, so the file's structure is walked first: it
    must reach its end marker (JPEG's EOI, PNG's IEND). Bytes after that are ignored: cameras pad
    their buffers. EXIF rotation is ignored: the pixels stay as the camera, and its CameraInfo,
    have them.

    :param data: the file: any contiguous buffer of bytes
    :param format: the message's format; names the image in errors
    :param max_pixels: an image of more is refused before it is decoded, and so is a JPEG whose
        scans paint more than four times as many
    :raises ConversionError: if the file is empty, unknown, incomplete or too large
    """
    if 'compresseddepth' in format.lower():
        raise ConversionError(
            f'compressed image with the format {format!r}, a depth image; '
            'expected jpeg or png; subscribe to a colour camera'
        )
    buffer = as_bytes(data)
    if not buffer.size:
        raise ConversionError(
            f'compressed image (format {format!r}) of 0 bytes; expected a JPEG or PNG file; '
            'check the camera driver'
        )
    content = memoryview(buffer)
    start = bytes(content[:8])
    if start.startswith(_JPEG_MAGIC):
        size = _jpeg_size(content, max_pixels)
    elif start == _PNG_MAGIC:
        size = _png_size(content, max_pixels)
    else:
        raise ConversionError(
            f'compressed image (format {format!r}) that begins with {start.hex(" ")}; '
            'expected a JPEG or PNG file; set the camera driver to jpeg or png'
        )
    return CompressedFile(buffer, format, size, is_jpeg=start.startswith(_JPEG_MAGIC))


def _jpeg_size(content: memoryview, max_pixels: int) -> tuple[int, int]:
    """
    Walk a JPEG's segments to its end marker.

    :returns: (height, width) of the first frame header
    :raises ConversionError: if the end marker is not reached or the size is absurd
    """
    size: tuple[int, int] | None = None
    position, scans = 2, 0
    for _ in range(_MAX_PARTS):
        if position + 2 > len(content):
            raise _incomplete_jpeg(content)
        if content[position] != 0xFF:
            raise ConversionError(
                f'JPEG with {content[position]:#04x} at byte {position}; expected a marker '
                '(0xff); the file is damaged'
            )
        position = _FILL.match(content, position).end()
        if position + 2 > len(content):
            raise _incomplete_jpeg(content)
        marker = content[position + 1]
        position += 2
        if marker == _END_OF_IMAGE:
            if size is None:
                raise ConversionError('JPEG without a frame header; the file is damaged')
            return size
        if marker in _BARE_MARKERS:
            continue
        if position + 2 > len(content):
            raise _incomplete_jpeg(content)
        (length,) = struct.unpack_from('>H', content, position)
        if length < 2:
            raise ConversionError(
                f'JPEG with a segment of length {length} at byte {position}; expected at least 2; '
                'the file is damaged'
            )
        if position + length > len(content):
            raise _incomplete_jpeg(content)
        if marker in _FRAME_STARTS and size is None:
            if length < 8:
                raise ConversionError(
                    f'JPEG with a frame header of length {length}; expected at least 8; '
                    'the file is damaged'
                )
            size = struct.unpack_from('>HH', content, position + 3)
            check_size(*size, max_pixels)
        position += length
        if marker == _START_OF_SCAN:
            scans += 1
            if size is not None and scans * size[0] * size[1] > _PASSES * max_pixels:
                raise ConversionError(
                    f'JPEG of {size[1]}x{size[0]} pixels in {scans} scans or more; expected at '
                    f'most {_PASSES * max_pixels} pixels in all its scans: have the camera '
                    'driver write baseline JPEG, or raise max_pixels'
                )
            end = _SCAN_END.search(content, position)
            if end is None:
                raise _incomplete_jpeg(content)
            position = end.start()
    raise _too_many_parts('JPEG', 'segments')


def _too_many_parts(kind: str, parts: str) -> ConversionError:
    return ConversionError(
        f'{kind} of more than {_MAX_PARTS} {parts}; expected a file as a camera writes it'
    )


def _incomplete_jpeg(content: memoryview) -> ConversionError:
    return ConversionError(
        f'JPEG of {len(content)} bytes without its end marker (ff d9); the file is truncated: '
        'check the link to the camera and the size of its buffers'
    )


def _png_size(content: memoryview, max_pixels: int) -> tuple[int, int]:
    """
    Walk a PNG's chunks to IEND.

    :returns: (height, width) of the header
    :raises ConversionError: if IEND is not reached, the header is not first or the size is absurd
    """
    size: tuple[int, int] | None = None
    position = len(_PNG_MAGIC)
    for _ in range(_MAX_PARTS):
        if position + 12 > len(content):
            break
        length, kind = struct.unpack_from('>I4s', content, position)
        if size is None:
            if kind != b'IHDR' or length != 13 or position + 8 + length > len(content):
                raise ConversionError(
                    f'PNG that begins with the chunk {kind!r}; expected a whole IHDR; '
                    'the file is damaged'
                )
            width, height = struct.unpack_from('>II', content, position + 8)
            check_size(height, width, max_pixels)
            size = (height, width)
        position += 12 + length  # length, kind, payload, checksum
        if kind == b'IEND' and position <= len(content):
            return size
    else:
        raise _too_many_parts('PNG', 'chunks')
    raise ConversionError(
        f'PNG of {len(content)} bytes without its last chunk (IEND); the file is truncated: '
        'check the link to the camera and the size of its buffers'
    )
