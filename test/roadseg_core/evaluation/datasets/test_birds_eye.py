"""The bird's-eye view: its geometry against examples worked out by hand."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from roadseg_core.evaluation.datasets.birds_eye import (
    SIZE,
    BirdsEyeView,
    CalibrationError,
    read_calibration,
)

LEVEL = """P2: 100 0 60 0 0 100 20 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_cam_to_road: 1 0 0 0 0 1 0 -1.5 0 0 1 0
"""
"""A camera 1.5 m over a level road, looking ahead; focal length 100, principal point (60, 20)."""


@pytest.fixture
def level(tmp_path: Path) -> BirdsEyeView:
    """Return the view of the level camera."""
    (tmp_path / 'calib.txt').write_text(LEVEL, encoding='ascii')
    return read_calibration(tmp_path / 'calib.txt')


@pytest.mark.parametrize(
    ('x', 'z', 'u', 'v'),
    [
        # u = 60 + 100 x / z, v = 20 + 100 * 1.5 / z
        (0.0, 10.0, 60.0, 35.0),
        (2.0, 10.0, 80.0, 35.0),
        (-3.0, 6.0, 10.0, 45.0),
        (4.0, 40.0, 70.0, 23.75),
    ],
)
def test_a_point_of_the_road_is_seen_where_it_should(level, x, z, u, v):
    point = level.road_to_image @ (x, z, 1.0)
    assert point[:2] / point[2] == pytest.approx((u, v))


def test_the_view_is_twenty_metres_wide_and_ends_46_ahead(level):
    assert SIZE == (800, 400)
    assert level.distances[[0, -1]] == pytest.approx((45.975, 6.025))
    rows, columns = np.mgrid[:46, :120].astype(np.uint8)
    for image, centre in ((rows, 20), (columns, 60)):
        warped = level.warp(image, outside=255)
        for row, column in ((799, 200), (500, 150), (100, 300)):
            # The pixel's middle, worked out from its place.
            z = 46 - (row + 0.5) / 20
            x = -10 + (column + 0.5) / 20
            expected = centre + 100 * (1.5 if image is rows else x) / z
            assert warped[row, column] == pytest.approx(expected, abs=0.51)


def test_what_the_camera_does_not_see_is_outside(level):
    warped = level.warp(np.zeros((46, 120), np.uint8), outside=255)
    # 6 m ahead the camera sees 3.6 m to each side: 60 of 100 pixels of focal length.
    assert warped[799, 0] == warped[799, 399] == 255 and warped[799, 200] == 0
    seen = np.flatnonzero(warped[799] == 0)
    assert len(seen) / 20 == pytest.approx(2 * 0.6 * 6.025, abs=0.15)


def test_a_lane_is_as_wide_near_and_far(level):
    image = np.zeros((46, 120), np.uint8)
    lane = level.road_to_image @ np.array([[-2, 2, 2, -2], [6.1, 6.1, 46, 46], [1, 1, 1, 1]])
    cv2.fillPoly(image, [(lane[:2] / lane[2]).T.round().astype(np.int32)], 1)
    near, middle = (int((level.warp(image, outside=0)[row] == 1).sum()) / 20 for row in (780, 600))
    # Pixels of the camera are up to 16 cm wide here.
    assert near == pytest.approx(4.0, abs=0.2) and middle == pytest.approx(4.0, abs=0.35)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (LEVEL.replace('R0_rect', 'R1_rect'), 'no R0_rect; expected a file of KITTI Road'),
        (LEVEL.replace(' -1.5', ''), 'no readable calibration'),
        (LEVEL.replace('Tr_cam_to_road: 1 0 0 0 0 1', 'Tr_cam_to_road: 1 0 0 0 1 0'), 'no inverse'),
    ],
)
def test_a_calibration_that_is_none_is_named(tmp_path, text, message):
    path = tmp_path / 'um_000000.txt'
    path.write_text(text, encoding='ascii')
    with pytest.raises(CalibrationError, match=f'um_000000.txt: .*{message}'):
        read_calibration(path)
    with pytest.raises(CalibrationError, match='no such file|No such file'):
        read_calibration(tmp_path / 'nowhere.txt')


def test_kitti_sees_its_road_where_the_car_drives():
    root = Path(os.environ.get('ROADSEG_DATA') or Path(__file__).parents[5] / 'shared' / 'data')
    training = root / 'kitti_road' / 'training'
    if not (training / 'calib' / 'um_000000.txt').is_file():
        pytest.skip(f'no KITTI Road in {root}; set ROADSEG_DATA')
    view = read_calibration(training / 'calib' / 'um_000000.txt')
    point = view.road_to_image @ (0.0, 6.0, 1.0)
    # By hand, with the rotation's transpose: (0.042, 1.660, 5.703) m from the camera, rectified
    # (0.016, 1.636, 5.710); u = 609.56 + (721.54 * 0.016 + 44.86) / 5.713, v likewise.
    assert point[:2] / point[2] == pytest.approx((619.13, 379.37), abs=0.02)
    truth = cv2.imread(str(training / 'gt_image_2' / 'um_road_000000.png'))
    above = view.warp((truth[..., 0] > 0).astype(np.uint8), outside=0)
    # The street is straight: seen right, it is as wide 40 m ahead as beside the car.
    assert above[100:780].sum(1) * 0.05 == pytest.approx(np.full(680, 5.25), abs=0.35)
