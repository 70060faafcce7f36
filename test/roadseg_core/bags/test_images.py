"""Serialized images are read in place, as any other reader would read them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadseg_core.bags.cdr import compressed_cdr, image_cdr, message_types
from roadseg_core.bags.images import decode, parse_compressed, parse_raw, read_stamp
from roadseg_core.bags.message_types import COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.records import BagMessage
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.decoding import image_to_bgr

STAMP_NS = 1_700_000_000_050_000_000


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    frame_id=st.text(alphabet='abcä/', max_size=9),
    encoding=st.sampled_from(('mono8', 'bgr8', 'rgba8')),
    height=st.integers(1, 4),
    width=st.integers(1, 5),
)
def test_raw_images_are_read_as_rosbags_reads_them(
    frame_id: str, encoding: str, height: int, width: int
) -> None:
    channels = {'mono8': 1, 'bgr8': 3, 'rgba8': 4}[encoding]
    array = np.arange(height * width * channels, dtype=np.uint8).reshape(height, width, channels)
    cdr = image_cdr(array, encoding=encoding, stamp_ns=STAMP_NS, frame_id=frame_id)
    message = message_types().deserialize_cdr(cdr, RAW_TYPE)
    parsed = parse_raw(cdr)
    assert read_stamp(cdr) == parsed.stamp_ns == STAMP_NS
    assert parsed.frame_id == frame_id == message.header.frame_id
    for name in ('height', 'width', 'encoding', 'is_bigendian', 'step'):
        assert getattr(parsed, name) == getattr(message, name)
    np.testing.assert_array_equal(np.frombuffer(parsed.data, np.uint8), message.data)


@pytest.mark.parametrize(
    'encoding', ['rgb8', 'bgr8', 'bgra8', 'mono8', 'bayer_rggb8', 'yuv422_yuy2']
)
def test_encodings_go_the_way_of_the_node(encoding: str) -> None:
    bytes_each = {'rgb8': 3, 'bgr8': 3, 'bgra8': 4, 'yuv422_yuy2': 2}.get(encoding, 1)
    array = np.random.default_rng(1).integers(0, 256, (8, 8, bytes_each), np.uint8)
    cdr = image_cdr(array, encoding=encoding, stamp_ns=STAMP_NS, frame_id='')
    message = message_types().deserialize_cdr(cdr, RAW_TYPE)
    np.testing.assert_array_equal(decode(BagMessage('', 0, cdr), RAW_TYPE), image_to_bgr(message))


def test_a_jpeg_is_decoded() -> None:
    data = cv2.imencode('.jpg', np.full((16, 24, 3), 77, np.uint8))[1].tobytes()
    cdr = compressed_cdr(data, file_format='jpeg', stamp_ns=STAMP_NS, frame_id='lens')
    assert bytes(parse_compressed(cdr).data) == data
    assert parse_compressed(cdr).frame_id == 'lens'
    assert decode(BagMessage('', 0, cdr), COMPRESSED_TYPE).shape == (16, 24, 3)


def test_a_message_that_is_cut_anywhere_is_refused() -> None:
    cdr = image_cdr(
        np.zeros((2, 3, 3), np.uint8), encoding='bgr8', stamp_ns=STAMP_NS, frame_id='lens'
    )
    for end in range(len(cdr)):
        with pytest.raises(ConversionError, match='truncated'):
            parse_raw(cdr[:end])


def test_big_endian_messages_are_read() -> None:
    fields = (
        b'\0\0\0\0'
        + (5).to_bytes(4, 'big')
        + (7).to_bytes(4, 'big')
        + (2).to_bytes(4, 'big')
        + b'l\0'
    )
    assert read_stamp(fields) == 5_000_000_007
