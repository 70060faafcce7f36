"""Convert raw ROS image encodings to BGR arrays, bit-exact to OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

MAX_SIDE = 16384
"""Longest side of an image in pixels; a larger one is taken for a damaged message."""

MAX_PIXELS = 1 << 26
"""Most pixels of an image: 200 MB as BGR."""


class ConversionError(ValueError):
    """An image that cannot be converted; the message says found, expected and the fix."""


class UnsupportedEncodingError(ConversionError):
    """An encoding that is not converted here."""


@dataclass(frozen=True)
class _PixelFormat:
    """
    Say how the pixels of an encoding lie in memory, and how OpenCV reads them.

    :param channels: bytes per pixel of the (first) plane
    :param code: cvtColor's conversion to BGR, or None where the bytes are BGR already
    :param even: width and height must be multiples of these
    :param chroma: a half-height plane of interleaved chroma follows the luma plane
    :param smallest: smallest width and height that OpenCV converts
    """

    channels: int
    code: int | None
    even: tuple[int, int] = (1, 1)
    chroma: bool = False
    smallest: int = 1


_BGR = _PixelFormat(3, None)
_MONO = _PixelFormat(1, cv2.COLOR_GRAY2BGR)
_UYVY = _PixelFormat(2, cv2.COLOR_YUV2BGR_UYVY, even=(2, 1))
_YUY2 = _PixelFormat(2, cv2.COLOR_YUV2BGR_YUY2, even=(2, 1))


def _bayer(code: int) -> _PixelFormat:
    # OpenCV leaves everything black where no pixel has all eight neighbours.
    return _PixelFormat(1, code, smallest=3)


# ROS names a Bayer order by its first 2x2 pixels, OpenCV by those one row down and one column
# right: RGGB is OpenCV's BG.
_LAYOUTS = {
    'bgr8': _BGR,
    '8UC3': _BGR,
    'rgb8': _PixelFormat(3, cv2.COLOR_RGB2BGR),
    'bgra8': _PixelFormat(4, cv2.COLOR_BGRA2BGR),
    'rgba8': _PixelFormat(4, cv2.COLOR_RGBA2BGR),
    'mono8': _MONO,
    '8UC1': _MONO,
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUY2,
    'yuyv': _YUY2,
    'nv12': _PixelFormat(1, cv2.COLOR_YUV2BGR_NV12, even=(2, 2), chroma=True),
    'nv21': _PixelFormat(1, cv2.COLOR_YUV2BGR_NV21, even=(2, 2), chroma=True),
    'bayer_rggb8': _bayer(cv2.COLOR_BayerBG2BGR),
    'bayer_bggr8': _bayer(cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': _bayer(cv2.COLOR_BayerGR2BGR),
    'bayer_grbg8': _bayer(cv2.COLOR_BayerGB2BGR),
}

ENCODINGS = tuple(_LAYOUTS)
"""The encodings of :func:`to_bgr`, in the spelling of ``sensor_msgs/image_encodings``."""


def check_size(height: int, width: int, max_pixels: int = MAX_PIXELS) -> None:
    """
    Refuse sizes that no camera has.

    :raises ConversionError: for a side below 1 or over :data:`MAX_SIDE`, or too many pixels
    """
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ConversionError(
            f'image of {width}x{height} pixels; expected sides of 1 to {MAX_SIDE}; '
            'check the width and height that the camera driver sends'
        )
    if height * width > max_pixels:
        raise ConversionError(
            f'image of {width}x{height} pixels; expected at most {max_pixels} pixels; '
            'have the camera driver send smaller images'
        )


def as_bytes(data: bytes | bytearray | memoryview | np.ndarray) -> np.ndarray:
    """
    View a message's data as uint8 [length], without a copy where it is contiguous.

    :param data: any buffer of bytes: also ``array.array``, as rclpy has it
    """
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data).reshape(-1).view(np.uint8)
    view = memoryview(data)
    if not view.c_contiguous:
        view = memoryview(view.tobytes())
    return np.frombuffer(view, np.uint8)


def to_bgr(
    data: bytes | bytearray | memoryview | np.ndarray,
    *,
    height: int,
    width: int,
    step: int,
    encoding: str,
) -> np.ndarray:
    """
    Convert an image as ``sensor_msgs/Image`` carries it.

    ``nv12`` and ``nv21`` carry ``height`` rows of luma and ``height / 2`` rows of chroma, all of
    them ``step`` bytes long. The last row may come without its padding. All encodings here have
    eight bits a sample, so byte order does not matter.

    :param data: the pixels: any contiguous buffer of bytes
    :param height: rows of the picture (of its luma plane)
    :param width: pixels per row
    :param step: bytes from a row to the next; more than the row's bytes means padding
    :param encoding: one of :data:`ENCODINGS`
    :returns: uint8 [height, width, 3], BGR. For bgr8 a view of ``data``, with its padding and
        perhaps read-only; otherwise a new contiguous array
    :raises UnsupportedEncodingError: if the encoding is none of :data:`ENCODINGS`
    :raises ConversionError: if size, step and data do not fit each other
    """
    layout = _LAYOUTS.get(encoding)
    if layout is None:
        raise UnsupportedEncodingError(
            f'image encoding {encoding!r}; expected one of {", ".join(ENCODINGS)}; '
            'set the encoding in the camera driver'
        )
    check_size(height, width)
    _check_layout(layout, height=height, width=width, step=step, encoding=encoding)
    buffer = as_bytes(data)
    row_bytes = width * layout.channels
    rows = height * 3 // 2 if layout.chroma else height
    needed = step * (rows - 1) + row_bytes
    if buffer.size < needed:
        raise ConversionError(
            f'{encoding} image of {width}x{height} pixels with {buffer.size} bytes; expected '
            f'{needed} ({rows} rows of step {step}); the message is truncated or its size wrong'
        )
    shape = (rows, width) if layout.channels == 1 else (rows, width, layout.channels)
    strides = (step, 1) if layout.channels == 1 else (step, layout.channels, 1)
    image = np.ndarray(shape, np.uint8, buffer=buffer, strides=strides)
    if layout.code is None:
        return image
    if image.shape[:2] == (1, 1):
        # OpenCV 4.5.4, that of Ubuntu 22.04, refuses colour images of one pixel, and takes two.
        return cv2.cvtColor(np.tile(image, (2, 1, 1)[: image.ndim]), layout.code)[:1]
    return cv2.cvtColor(image, layout.code)


def _check_layout(
    layout: _PixelFormat, *, height: int, width: int, step: int, encoding: str
) -> None:
    """Refuse sizes that the encoding cannot have and a step that is shorter than a row."""
    even_width, even_height = layout.even
    if width % even_width or height % even_height:
        what = 'even width and height' if even_height > 1 else 'an even width'
        raise ConversionError(
            f'{encoding} image of {width}x{height} pixels; expected {what}, as two pixels share '
            'their colour; set another size or encoding in the camera driver'
        )
    if min(height, width) < layout.smallest:
        raise ConversionError(
            f'{encoding} image of {width}x{height} pixels; expected at least '
            f'{layout.smallest}x{layout.smallest}; set another size in the camera driver'
        )
    row_bytes = width * layout.channels
    if step < row_bytes:
        raise ConversionError(
            f'{encoding} image of width {width} with step {step}; expected at least {row_bytes} '
            f'({layout.channels} bytes per pixel); the step or the encoding is wrong'
        )
