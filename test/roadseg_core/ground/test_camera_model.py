from __future__ import annotations

import numpy as np
import pytest
from ground_fixtures import cameras, rays
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.geometry import Geometry
from roadseg_core.ground import CameraModel

K = [100.0, 0, 79.5, 0, 100, 59.5, 0, 0, 1]
GOOD = {'width': 160, 'height': 120, 'distortion_model': 'plumb_bob', 'd': [0] * 5, 'k': K}


def pixel_grid(camera: CameraModel) -> np.ndarray:
    x, y = np.meshgrid(np.arange(0, camera.width, 9), np.arange(0, camera.height, 9))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(float)


@settings(deadline=None)
@given(cameras(), st.floats(0.1, 50))
def test_pixels_and_rays_invert_each_other(camera: CameraModel, distance: float) -> None:
    pixels = pixel_grid(camera)
    found = rays(camera, pixels)
    met = ~np.isnan(found[:, 0])
    assert met.mean() > 0.25
    back, seen = camera.project(found[met] * distance)
    assert seen.all()
    np.testing.assert_allclose(back, pixels[met], atol=0.02)


def test_a_fisheye_sees_beside_itself() -> None:
    camera = CameraModel(201, 201, 'equidistant', (60.0, 0, 100, 0, 60, 100, 0, 0, 1), (0,) * 4)
    pixels, seen = camera.project(np.array([[1.0, 0, -0.01], [0, 0, 1], [0, 0, -1]]))
    assert seen.tolist() == [True, True, False]
    np.testing.assert_allclose(pixels[0], (100 + 60 * (np.pi / 2 + 0.01), 100), atol=1e-3)


def test_what_folds_back_into_the_image_is_not_seen() -> None:
    """With k1 = -0.3 the model turns back at a tangent of 1.05."""
    camera = CameraModel.from_camera_info(**{**GOOD, 'd': [-0.3, 0, 0, 0, 0]})
    pixels, seen = camera.project(np.array([[0.5, 0, 1], [1.7, 0, 1]]))
    assert abs(pixels[1, 0] - 80) < 60
    assert seen.tolist() == [True, False]


@settings(deadline=None)
@given(cameras(), st.sampled_from(('stretch', 'letterbox', 'crop')))
def test_the_network_sees_the_same_through_its_own_image(camera: CameraModel, mode: str) -> None:
    view = Geometry(mode, (60, 96)).view((camera.height, camera.width))
    small = camera.viewed(view)
    pixels = pixel_grid(camera)
    padded = np.column_stack([pixels, np.ones(len(pixels))])
    expected = (padded @ view.matrix().T)[:, :2]
    found = rays(camera, pixels)
    met = ~np.isnan(found[:, 0])
    moved, seen = small.project(found[met])
    np.testing.assert_allclose(moved, expected[met], atol=0.02)
    left, top, width, height = view.target
    u, v = expected[met].T
    inside = (
        (u > left - 0.4) & (u < left + width - 0.6) & (v > top - 0.4) & (v < top + height - 0.6)
    )
    assert seen[inside].all()
    beyond = (
        (u < left - 0.6) | (u > left + width - 0.4) | (v < top - 0.6) | (v > top + height - 0.4)
    )
    assert not seen[beyond].any()


def test_images_are_cut_and_binned_as_the_info_says() -> None:
    whole = CameraModel.from_camera_info(**GOOD)
    cut = CameraModel.from_camera_info(**GOOD, roi=(40, 20, 80, 60), binning=(2, 2))
    assert (cut.width, cut.height) == (40, 30)
    point = np.array([[0.1, 0.05, 1.0]])
    expected = (whole.project(point)[0] - (40, 20) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(cut.project(point)[0], expected)


def test_rectified_images_have_the_projection_matrix_and_no_distortion() -> None:
    p = [90.0, 0, 80, -7, 0, 90, 60, 0, 0, 0, 1, 0]
    camera = CameraModel.from_camera_info(**{**GOOD, 'd': [-0.3] * 5}, p=p, rectified=True)
    np.testing.assert_allclose(camera.project(np.array([[1.0, 0, 2]]))[0], [[125, 60]])


def test_the_hood_is_not_seen() -> None:
    camera = CameraModel.from_camera_info(**GOOD).without_hood(0.1)
    found = rays(camera, np.array([[80.0, 107], [80, 108]]))
    assert camera.project(found)[1].tolist() == [True, False]


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'k': [0.0] * 9}, 'not calibrated'),
        ({'k': [100.0, 0, 80, 0, 0, 60, 0, 0, 1]}, 'focal lengths over 0'),
        ({'k': K[:6]}, 'expected 9'),
        ({'k': [float('nan'), *K[1:]]}, 'finite'),
        ({'width': 0}, 'size of the images'),
        ({'distortion_model': 'inverse_brown_conrady'}, 'expected plumb_bob'),
        ({'distortion_model': ''}, 'expected plumb_bob'),
        ({'d': [0.1] * 8}, 'expected 5 or 4 or 0'),
        ({'distortion_model': 'equidistant'}, 'expected 4'),
        ({'distortion_model': 'rational_polynomial'}, 'expected 8'),
        ({'rectified': True}, 'numbers in p; expected 12'),
    ],
)
def test_wrong_info_is_refused_with_the_reason(change: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CameraModel.from_camera_info(**{**GOOD, 'd': [0.1] * 5, **change})


def test_a_view_of_other_images_is_refused() -> None:
    view = Geometry('stretch', (60, 80)).view((480, 640))
    with pytest.raises(ValueError, match='160x120 for images of 640x480'):
        CameraModel.from_camera_info(**GOOD).viewed(view)
