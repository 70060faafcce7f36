import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.resizing import resize_ids, resize_image

SIDE = st.integers(1, 70)


@given(SIDE, SIDE, SIDE, SIDE, st.sampled_from([(), (3,)]))
def test_every_size_becomes_every_other(height, width, new_height, new_width, channels):
    image = np.full((height, width, *channels), 77, np.uint8)
    resized = resize_image(image, (new_height, new_width))
    assert resized.shape == (new_height, new_width, *channels)
    assert resized.dtype == np.uint8
    assert (resized == 77).all()


@pytest.mark.parametrize('factor', [2, 4, 8])
def test_shrinking_by_a_power_of_two_takes_every_pixel_into_account(factor):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (16 * factor, 24 * factor, 3), dtype=np.uint8)
    means = image.reshape(16, factor, 24, factor, 3).mean((1, 3))
    assert np.abs(resize_image(image, (16, 24)) - means).max() < 2.0


@pytest.mark.parametrize('size', [(30, 40), (31, 40), (48, 13), (7, 9)])
def test_fine_stripes_become_grey_and_not_coarse_stripes(size):
    image = np.zeros((120, 160), np.uint8)
    image[:, ::2] = 200
    resized = resize_image(image, size)
    assert 90 < resized.mean() < 110
    assert resized.std() < 8


def test_pixels_stay_where_they_are():
    # A ramp keeps its values at the pixel centres, however it is scaled.
    ramp = np.repeat(np.arange(0, 240, 1, np.uint8)[None], 60, axis=0)
    for width in (240, 120, 100, 80, 61, 30):
        centres = (np.arange(width) + 0.5) * 240 / width - 0.5
        inner = slice(2, -2)
        assert np.abs(resize_image(ramp, (40, width))[20] - centres)[inner].max() < 2.0


def test_an_image_of_the_wanted_size_is_itself():
    image = np.zeros((4, 6, 3), np.uint8)
    assert resize_image(image, (4, 6)) is image


@given(
    st.integers(1, 90), st.integers(1, 90), st.integers(1, 200), st.integers(1, 200), st.booleans()
)
def test_ids_go_where_opencv_takes_them(height, width, new_height, new_width, cut):
    ids = np.random.default_rng(0).integers(0, 256, (height + 3, width + 3), np.uint8)
    ids = ids[1 : height + 1, 2 : width + 2] if cut else ids[:height, :width].copy()
    expected = cv2.resize(ids, (new_width, new_height), interpolation=cv2.INTER_NEAREST_EXACT)
    np.testing.assert_array_equal(resize_ids(ids, (new_height, new_width)), expected)
