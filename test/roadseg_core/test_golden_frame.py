"""Golden frames: what is stored comes back to the bit, and what is damaged is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.golden_frame import GoldenFrame, GoldenFrameError

SIDES = st.integers(1, 40)


@settings(deadline=None, max_examples=50)
@given(small=st.tuples(SIDES, SIDES), size=st.tuples(SIDES, SIDES), seed=st.integers(0, 99))
def test_what_is_stored_comes_back(small, size, seed):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (*small, 3), np.uint8)
    labels = rng.integers(0, 256, size, np.uint8)
    golden = GoldenFrame.of_arrays(picture, labels, 'noise')
    again = GoldenFrame.from_dict(golden.to_dict())
    assert again == golden
    shown, expected = again.arrays(size)
    assert np.array_equal(expected, labels)
    assert shown.shape == (*size, 3)
    if small == size:
        assert np.array_equal(shown, picture)


@settings(deadline=None)
@given(key=st.sampled_from(['picture', 'labels']), junk=st.binary(max_size=40))
def test_what_is_damaged_is_refused(key, junk):
    frame = np.zeros((4, 6, 3), np.uint8)
    golden = GoldenFrame.of_arrays(frame, frame[..., 0], 'black')
    damaged = GoldenFrame(**{**vars(golden), key: junk})
    with pytest.raises(GoldenFrameError, match='no PNG'):
        damaged.arrays((4, 6))
    with pytest.raises(GoldenFrameError, match='wrong or missing'):
        GoldenFrame.from_dict({**golden.to_dict(), key: '?'})
    with pytest.raises(GoldenFrameError, match=r'\[4, 6\]; expected \[6, 4\]'):
        golden.arrays((6, 4))
