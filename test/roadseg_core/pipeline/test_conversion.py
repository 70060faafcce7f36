"""Raw encodings: the right colours, bit-exact to OpenCV, and refusals that say why."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.pipeline.conversion import (
    ENCODINGS,
    MAX_SIDE,
    ConversionError,
    UnsupportedEncodingError,
    to_bgr,
)

BLUE, GREEN, RED = 30, 100, 200

CHANNELS = {
    'bgr8': 3,
    '8UC3': 3,
    'rgb8': 3,
    'bgra8': 4,
    'rgba8': 4,
    'yuv422': 2,
    'uyvy': 2,
    'yuv422_yuy2': 2,
    'yuyv': 2,
}

OPENCV_CODES = {
    'rgb8': cv2.COLOR_RGB2BGR,
    'bgra8': cv2.COLOR_BGRA2BGR,
    'rgba8': cv2.COLOR_RGBA2BGR,
    'mono8': cv2.COLOR_GRAY2BGR,
    '8UC1': cv2.COLOR_GRAY2BGR,
    'yuv422': cv2.COLOR_YUV2BGR_UYVY,
    'uyvy': cv2.COLOR_YUV2BGR_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2BGR_YUY2,
    'yuyv': cv2.COLOR_YUV2BGR_YUY2,
    'nv12': cv2.COLOR_YUV2BGR_NV12,
    'nv21': cv2.COLOR_YUV2BGR_NV21,
    'bayer_rggb8': cv2.COLOR_BayerBG2BGR,
    'bayer_bggr8': cv2.COLOR_BayerRG2BGR,
    'bayer_gbrg8': cv2.COLOR_BayerGR2BGR,
    'bayer_grbg8': cv2.COLOR_BayerGB2BGR,
}


def noise(height: int, width: int, encoding: str) -> np.ndarray:
    """Return random data of an encoding: uint8 [rows, W] or [rows, W, channels]."""
    rows = height * 3 // 2 if encoding.startswith('nv') else height
    channels = CHANNELS.get(encoding, 1)
    shape = (rows, width) if channels == 1 else (rows, width, channels)
    return np.random.default_rng(7).integers(0, 256, shape, np.uint8)


def padded(pixels: np.ndarray, padding: int) -> tuple[bytes, int]:
    """Return the rows of an image with padding after each, and their step."""
    rows = pixels.reshape(len(pixels), -1)
    whole = np.full((len(rows), rows.shape[1] + padding), 0xA5, np.uint8)
    whole[:, : rows.shape[1]] = rows
    return whole.tobytes(), whole.shape[1]


@pytest.mark.parametrize('encoding', ENCODINGS)
@pytest.mark.parametrize('padding', [0, 5])
def test_bit_exact_to_opencv(encoding: str, padding: int) -> None:
    pixels = noise(10, 14, encoding)
    data, step = padded(pixels, padding)
    code = OPENCV_CODES.get(encoding)
    expected = pixels if code is None else cv2.cvtColor(pixels, code)
    found = to_bgr(data, height=10, width=14, step=step, encoding=encoding)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(ENCODINGS),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    padding=st.integers(0, 9),
    cut=st.integers(0, 9),
)
def test_any_size_is_converted_or_refused(
    encoding: str,
    height: int,
    width: int,
    padding: int,
    cut: int,
) -> None:
    pixels = noise(height, width, encoding)
    data, step = padded(pixels, padding)
    data = data[: max(0, len(data) - cut)]
    try:
        found = to_bgr(data, height=height, width=width, step=step, encoding=encoding)
    except ConversionError:
        odd = width % 2 and OPENCV_CODES.get(encoding) in (
            cv2.COLOR_YUV2BGR_UYVY,
            cv2.COLOR_YUV2BGR_YUY2,
        )
        odd = odd or (encoding.startswith('nv') and (width % 2 or height % 2))
        small = encoding.startswith('bayer') and min(height, width) < 3
        assert cut > padding or odd or small
    else:
        assert found.shape == (height, width, 3)
        assert cut <= padding


@pytest.mark.parametrize(
    ('encoding', 'pixel'),
    [
        ('bgr8', (BLUE, GREEN, RED)),
        ('rgb8', (RED, GREEN, BLUE)),
        ('bgra8', (BLUE, GREEN, RED, 9)),
        ('rgba8', (RED, GREEN, BLUE, 9)),
        ('8UC3', (BLUE, GREEN, RED)),
    ],
)
def test_colour_order(encoding: str, pixel: tuple[int, ...]) -> None:
    data = bytes(pixel) * 12
    found = to_bgr(data, height=3, width=4, step=4 * len(pixel), encoding=encoding)
    assert (found == (BLUE, GREEN, RED)).all()


@pytest.mark.parametrize('order', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_bayer_names_the_first_two_rows(order: str) -> None:
    values = [{'r': RED, 'g': GREEN, 'b': BLUE}[letter] for letter in order]
    mosaic = np.tile(np.array(values, np.uint8).reshape(2, 2), (4, 5))
    found = to_bgr(mosaic.tobytes(), height=8, width=10, step=10, encoding=f'bayer_{order}8')
    assert (found == (BLUE, GREEN, RED)).all()


@pytest.mark.parametrize(
    ('encoding', 'places'),
    [('uyvy', 'uyvy'), ('yuv422', 'uyvy'), ('yuyv', 'yuyv'), ('yuv422_yuy2', 'yuyv')],
)
def test_packed_yuv_is_red_where_v_is_high(encoding: str, places: str) -> None:
    # BT.601, limited range: pure red is Y 82, U 90, V 240.
    data = bytes({'y': 82, 'u': 90, 'v': 240}[place] for place in places) * 8
    found = to_bgr(data, height=4, width=4, step=8, encoding=encoding)
    np.testing.assert_allclose(found.reshape(-1, 3), [(0, 0, 255)] * 16, atol=2)


@pytest.mark.parametrize(('encoding', 'chroma'), [('nv12', (90, 240)), ('nv21', (240, 90))])
def test_semi_planar_yuv_is_red_where_v_is_high(encoding: str, chroma: tuple[int, int]) -> None:
    data = bytes([82] * 16) + bytes(chroma) * 4
    found = to_bgr(data, height=4, width=4, step=4, encoding=encoding)
    np.testing.assert_allclose(found.reshape(-1, 3), [(0, 0, 255)] * 16, atol=2)


@pytest.mark.parametrize(
    'kind',
    [bytes, bytearray, memoryview, lambda b: array.array('B', b), lambda b: np.frombuffer(b, 'u1')],
)
@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8', 'nv12'])
def test_any_buffer(kind: object, encoding: str) -> None:
    pixels = noise(4, 6, encoding)
    step = pixels[0].size
    expected = to_bgr(pixels, height=4, width=6, step=step, encoding=encoding)
    found = to_bgr(kind(pixels.tobytes()), height=4, width=6, step=step, encoding=encoding)
    np.testing.assert_array_equal(found, expected)


def test_bgr8_is_a_view() -> None:
    data = array.array('B', range(60))
    found = to_bgr(data, height=3, width=6, step=20, encoding='bgr8')
    data[20] = 99
    assert found[1, 0, 0] == 99
    assert found.strides == (20, 3, 1)


def test_last_row_may_lack_its_padding() -> None:
    found = to_bgr(bytes(range(10 + 10 + 6)), height=3, width=6, step=10, encoding='mono8')
    assert found[2, 5, 0] == 25


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'encoding': '32FC1'}, "'32FC1'; expected one of"),
        ({'encoding': ''}, "''; expected one of"),
        ({'height': 0}, '6x0 pixels; expected sides'),
        ({'width': 0}, '0x4 pixels; expected sides'),
        ({'width': -6}, '-6x4'),
        ({'width': MAX_SIDE + 1}, f'{MAX_SIDE + 1}x4'),
        ({'height': 2**32 - 1}, f'6x{2**32 - 1}'),
        ({'height': MAX_SIDE, 'width': MAX_SIDE}, 'expected at most'),
        ({'step': 17}, 'step 17; expected at least 18'),
        ({'step': 0}, 'step 0; expected at least 18'),
        ({'step': 2**32 - 1}, 'truncated'),
        ({'data': b''}, 'with 0 bytes; expected 72'),
        ({'data': bytes(71)}, 'with 71 bytes; expected 72'),
        ({'encoding': 'uyvy', 'width': 5}, 'expected an even width'),
        ({'encoding': 'nv12', 'width': 5}, 'expected even width and height'),
        ({'encoding': 'nv21', 'height': 3}, 'expected even width and height'),
        ({'encoding': 'nv12', 'data': bytes(18 * 5)}, 'with 90 bytes; expected 96'),
        ({'encoding': 'bayer_rggb8', 'height': 2}, 'expected at least 3x3'),
    ],
)
def test_refusals_say_what_was_found_and_expected(changes: dict, message: str) -> None:
    good = {'data': bytes(72), 'height': 4, 'width': 6, 'step': 18, 'encoding': 'bgr8'}
    values = {**good, **changes}
    data = values.pop('data')
    with pytest.raises(ConversionError, match=message):
        to_bgr(data, **values)


def test_unknown_encoding_has_its_own_error() -> None:
    with pytest.raises(UnsupportedEncodingError):
        to_bgr(bytes(64), height=4, width=4, step=8, encoding='mono16')
