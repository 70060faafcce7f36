"""Compressed images: complete files decode, everything else is refused."""

from __future__ import annotations

import array
import struct
import zlib

import cv2
import numpy as np
import pytest

from roadseg_core.pipeline.compressed import check_file, decode_compressed
from roadseg_core.pipeline.conversion import ConversionError


@pytest.fixture
def picture() -> np.ndarray:
    """Return a smooth picture: a JPEG of it is nearly exact."""
    rows, columns = np.mgrid[0:45, 0:67]
    return np.dstack([rows * 4, columns * 3, 255 - rows * 4]).astype(np.uint8)


def encoded(picture: np.ndarray, suffix: str, *flags: int) -> bytes:
    return cv2.imencode(suffix, picture, flags)[1].tobytes()


def with_exif(jpeg: bytes, payload: bytes) -> bytes:
    """Insert an EXIF segment behind the start of image."""
    body = b'Exif\0\0' + payload
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + jpeg[2:]


def exif_orientation(value: int) -> bytes:
    return b'MM\0*\0\0\0\x08' + struct.pack('>HHHIHHI', 1, 0x112, 3, 1, value, 0, 0)


@pytest.mark.parametrize(
    'format',
    [
        'jpeg',
        'png',
        '',
        'bgr8; jpeg compressed bgr8',
        'rgb8; jpeg compressed bgr8',
        'rgb8; png compressed rgb8',
    ],
)
def test_the_bytes_tell_what_a_file_is(picture: np.ndarray, format: str) -> None:
    np.testing.assert_array_equal(decode_compressed(encoded(picture, '.png'), format), picture)
    found = decode_compressed(encoded(picture, '.jpg', cv2.IMWRITE_JPEG_QUALITY, 95), format)
    assert np.abs(found.astype(int) - picture).mean() < 4


@pytest.mark.parametrize(
    'flags',
    [
        (),
        (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        (cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    ],
)
@pytest.mark.parametrize(
    'kind', [bytes, lambda b: array.array('B', b), memoryview, lambda b: np.frombuffer(b, 'u1')]
)
def test_decodes_as_opencv_does(picture: np.ndarray, flags: tuple[int, ...], kind: object) -> None:
    data = encoded(picture, '.jpg', *flags)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_compressed(kind(data), 'jpeg'), expected)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_grey_becomes_bgr(picture: np.ndarray, suffix: str) -> None:
    found = decode_compressed(encoded(picture[:, :, 0], suffix), 'mono8; compressed')
    assert found.shape == picture.shape
    assert (found == found[:, :, :1]).all()


def test_sixteen_bits_and_alpha_become_bgr(picture: np.ndarray) -> None:
    deep = picture.astype(np.uint16) * 257
    np.testing.assert_array_equal(decode_compressed(encoded(deep, '.png'), 'png'), picture)
    alpha = np.dstack([picture, picture[:, :, 0]])
    np.testing.assert_array_equal(decode_compressed(encoded(alpha, '.png'), 'png'), picture)


@pytest.mark.parametrize('flags', [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_every_truncation_of_a_jpeg_is_refused(
    picture: np.ndarray,
    flags: tuple[int, ...],
) -> None:
    data = encoded(picture[:16, :16], '.jpg', *flags)
    for length in range(len(data)):
        with pytest.raises(ConversionError):
            decode_compressed(data[:length], 'jpeg')
        if length > 2:
            # Cameras pad their buffers; padding does not make a file complete.
            with pytest.raises(ConversionError):
                decode_compressed(data[:length] + bytes(64), 'jpeg')


def test_every_truncation_of_a_png_is_refused(picture: np.ndarray) -> None:
    data = encoded(picture[:8, :8], '.png')
    for length in range(len(data)):
        with pytest.raises(ConversionError):
            decode_compressed(data[:length], 'png')


def test_scans_count_as_often_as_they_paint(picture: np.ndarray) -> None:
    jpeg = encoded(picture, '.jpg', cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last, pixels = jpeg.rindex(b'\xff\xda'), 45 * 67
    scans = jpeg.count(b'\xff\xda')
    assert decode_compressed(jpeg, max_pixels=scans * pixels // 4 + 1).shape == (45, 67, 3)
    more = jpeg[:last] + jpeg[last:-2] * 100 + jpeg[-2:]
    with pytest.raises(ConversionError, match=r'67x45 pixels in \d+ scans'):
        decode_compressed(more, max_pixels=scans * pixels // 4 + 1)
    with pytest.raises(ConversionError, match='expected at most 3014 pixels'):
        decode_compressed(jpeg, max_pixels=pixels - 1)


@pytest.mark.parametrize(
    ('part', 'suffix', 'message'),
    [
        (b'\xff\xfe\0\2', '.jpg', 'JPEG of more than 16384 segments'),
        (b'\xff\xd0', '.jpg', 'JPEG of more than 16384 segments'),
        (b'\0\0\0\0tEXt\0\0\0\0', '.png', 'PNG of more than 16384 chunks'),
    ],
)
def test_a_file_of_crumbs_is_refused(
    picture: np.ndarray, part: bytes, suffix: str, message: str
) -> None:
    content, start = encoded(picture, suffix), 2 if suffix == '.jpg' else 33
    with pytest.raises(ConversionError, match=message):
        decode_compressed(content[:start] + part * 20_000 + content[start:])


def test_fill_before_a_marker_is_no_part_of_anything(picture: np.ndarray) -> None:
    jpeg = encoded(picture, '.jpg')
    filled = jpeg[:2] + b'\xff' * 100_000 + jpeg[2:]
    np.testing.assert_array_equal(decode_compressed(filled), decode_compressed(jpeg))
    with pytest.raises(ConversionError, match='truncated'):
        decode_compressed(jpeg[:2] + b'\xff' * 100_000)


def test_end_marker_of_a_thumbnail_does_not_count(picture: np.ndarray) -> None:
    data = with_exif(encoded(picture, '.jpg'), encoded(picture[:8, :8], '.jpg'))
    assert decode_compressed(data, 'jpeg').shape == picture.shape
    with pytest.raises(ConversionError, match='end marker'):
        decode_compressed(data[:-2], 'jpeg')


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize('tail', [bytes(1), bytes(4096), b'\xff' * 7, b'garbage', b'\xff\xd9'])
def test_bytes_after_the_end_are_ignored(picture: np.ndarray, suffix: str, tail: bytes) -> None:
    data = encoded(picture, suffix)
    np.testing.assert_array_equal(
        decode_compressed(data + tail, 'jpeg'), decode_compressed(data, 'jpeg')
    )


def test_exif_rotation_is_ignored(picture: np.ndarray) -> None:
    data = encoded(picture, '.jpg')
    turned = with_exif(data, exif_orientation(6))
    # Without the flag OpenCV turns it: the segment is real.
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape[:2] == (67, 45)
    np.testing.assert_array_equal(
        decode_compressed(turned, 'jpeg'), decode_compressed(data, 'jpeg')
    )


def png_of_size(width: int, height: int) -> bytes:
    header = b'IHDR' + struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    parts = [b'\x89PNG\r\n\x1a\n']
    for chunk in (header, b'IDAT' + zlib.compress(bytes(64)), b'IEND'):
        parts.append(struct.pack('>I', len(chunk) - 4) + chunk)
        parts.append(struct.pack('>I', zlib.crc32(chunk)))
    return b''.join(parts)


@pytest.mark.parametrize(('width', 'height'), [(0, 5), (5, 0), (70000, 5), (16384, 16384)])
def test_size_in_the_header_is_checked_before_decoding(
    picture: np.ndarray,
    width: int,
    height: int,
) -> None:
    with pytest.raises(ConversionError, match=f'{width}x{height} pixels; expected'):
        decode_compressed(png_of_size(width, height), 'png')
    if max(width, height) < 65536:
        data = bytearray(encoded(picture, '.jpg'))
        place = data.index(b'\xff\xc0') + 5
        data[place : place + 4] = struct.pack('>HH', height, width)
        with pytest.raises(ConversionError, match=f'{width}x{height} pixels; expected'):
            decode_compressed(bytes(data), 'jpeg')


@pytest.mark.parametrize(
    ('data', 'format', 'message'),
    [
        (b'', 'jpeg', 'of 0 bytes'),
        (b'GIF89a..', 'gif', 'begins with 47 49 46'),
        (b'\0\0\0\1gB', 'h264', "'h264'.*expected a JPEG or PNG"),
        (b'\xff\xd8\xff\xd9', 'jpeg', 'without a frame header'),
        (b'\xff\xd8\xff\xe0\0\1', 'jpeg', 'length 1'),
        (b'\xff\xd8\xff\xc0\0\4\0\0', 'jpeg', 'frame header of length 4'),
        (b'\xff\xd8\xff\xe0\0\2\0\2', 'jpeg', 'expected a marker'),
        (b'\x89PNG\r\n\x1a\n' + bytes(16), 'png', 'expected a whole IHDR'),
        (png_of_size(40, 40), 'png', 'cannot decode'),
        (b'x', '16UC1; compressedDepth png', 'depth image'),
    ],
)
def test_refusals(data: bytes, format: str, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        decode_compressed(data, format)


@pytest.mark.parametrize('reduction', [2, 4, 8])
@pytest.mark.parametrize('flags', [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_a_reduced_jpeg_is_the_mean_of_its_pixels(
    picture: np.ndarray, reduction: int, flags: tuple[int, ...]
) -> None:
    content = encoded(picture[:40, :64], '.jpg', cv2.IMWRITE_JPEG_QUALITY, 95, *flags)
    file = check_file(content)
    assert (file.size, file.is_jpeg) == ((40, 64), True)
    size = (64 // reduction, 40 // reduction)
    expected = cv2.resize(file.decode(), size, interpolation=cv2.INTER_AREA).astype(int)
    found = file.decode(reduction)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 3
    with pytest.raises(ConversionError, match='pixels'):
        check_file(content, max_pixels=40 * 64 - 1)


def test_a_png_comes_in_full(picture: np.ndarray) -> None:
    np.testing.assert_array_equal(check_file(encoded(picture, '.png')).decode(4), picture)
