"""Corruptions are the same for the same frame, and do what their names say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from roadseg_core.evaluation.datasets.corruptions import CORRUPTIONS, corrupt


@pytest.fixture(scope='module')
def street() -> np.ndarray:
    """Return uint8 [120, 200, 3]: bright sky, dark houses, a striped road."""
    image = np.full((120, 200, 3), (235, 215, 190), np.uint8)
    image[:70, :60] = image[:70, 140:] = (50, 60, 70)
    image[55:] = 90
    image[60::8, ::2] = 200
    return image


def sharpness(image: np.ndarray) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std())


@pytest.mark.parametrize('name', CORRUPTIONS)
@pytest.mark.parametrize('size', [(120, 200), (37, 53), (375, 1242)])
def test_the_same_frame_is_always_corrupted_alike(street, name, size) -> None:
    image = cv2.resize(street, size[::-1])
    before = image.copy()
    found = corrupt(image, name, frame='a')
    assert found.shape == image.shape and found.dtype == np.uint8
    assert np.array_equal(image, before)
    assert np.array_equal(found, corrupt(image, name, frame='a'))
    assert not np.array_equal(found, image)
    if name not in ('jpeg', 'blur'):
        assert not np.array_equal(found, corrupt(image, name, frame='b'))


def test_each_does_what_it_is_called(street) -> None:
    found = {name: corrupt(street, name, frame='a').astype(float) for name in CORRUPTIONS}
    # Fog takes contrast from what is far: at the horizon more than at the bottom.
    far, near = np.s_[55:70, 60:140], np.s_[105:, 60:140]
    lost = [found['fog'][part].std() / street[part].std() for part in (far, near)]
    assert lost[0] < 0.75 * lost[1]
    # At night the sky is darkest, and headlights find the road.
    assert found['night'].mean() < 0.5 * street.mean()
    assert found['night'][:30, 70:130].mean() < found['night'][75:95, 80:120].mean()
    # Glare saturates what it shines on, and darkens nothing much.
    assert (found['glare'] >= 254).all(2).sum() > 50
    assert found['rain'].std() < street.std()
    for name in ('blur', 'jpeg'):
        assert abs(found[name].mean() - street.mean()) < 4
    assert sharpness(found['blur'].astype(np.uint8)) < 0.5 * sharpness(street)
