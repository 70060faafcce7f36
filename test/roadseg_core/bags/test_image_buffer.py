"""Image messages made in a buffer, one after another."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.bags.cdr import message_types
from roadseg_core.bags.image_buffer import ImageBuffer
from roadseg_core.bags.message_types import RAW_TYPE


# Message types are read on first use, for longer than the deadline.
@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=40),
            st.integers(-(2**31), 2**31 - 1),
            st.integers(0, 2**32 - 1),
            st.sampled_from([(1, 1), (2, 3), (7, 5)]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(['mono8', 'bgr8']),
)
def test_images_in_one_buffer_are_whole_messages(
    frames: list[tuple[str, int, int, tuple[int, int]]],
    encoding: str,
) -> None:
    buffer = ImageBuffer(encoding)
    for number, (frame_id, sec, nanosec, size) in enumerate(frames):
        channels = 3 if encoding == 'bgr8' else 1
        pixels = buffer.place((sec, nanosec), frame_id, size)
        assert pixels.shape == (size if channels == 1 else (*size, 3))
        pixels[...] = number + 1
        message = message_types().deserialize_cdr(buffer.message.tobytes(), RAW_TYPE)
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == (sec, nanosec)
        assert message.header.frame_id == frame_id
        assert (message.height, message.width, message.step) == (*size, size[1] * channels)
        assert (message.encoding, message.is_bigendian) == (encoding, 0)
        assert message.data.tobytes() == bytes([number + 1]) * (size[0] * message.step)
