"""A camera over the ground: maps are made once, beside the frames, and anew after a change."""

from __future__ import annotations

import time
import traceback

import numpy as np
import pytest

from roadseg_core.geometry import Geometry
from roadseg_core.ground import Pose
from roadseg_core.ground.camera import GroundCamera, NotReadyError, map_maker
from roadseg_core.ground.grid import GridSpec
from roadseg_core.labels import SEVEN

SPEC = GridSpec(length=20.0, width=20.0, resolution=0.5)
VIEW = Geometry('stretch', (60, 80)).view((120, 160))
INFO = {
    'width': 160,
    'height': 120,
    'distortion_model': 'plumb_bob',
    'd': (0.0,) * 5,
    'k': (100.0, 0.0, 79.5, 0.0, 100.0, 59.5, 0.0, 0.0, 1.0),
    'p': (0.0,) * 12,
    'binning': (0, 0),
    'roi': (0, 0, 0, 0),
}
POSE = Pose.mounted(0.0, 0.0, 1.5, down=0.2).matrix


@pytest.fixture(scope='module')
def making():
    with map_maker() as executor:
        yield executor


def made(camera: GroundCamera, info: dict = INFO, pose: np.ndarray = POSE):
    """Ask for maps, as frames do, until they are made."""
    end = time.monotonic() + 30.0
    while time.monotonic() < end:
        try:
            return camera.maps(info, pose, VIEW, SEVEN)
        except NotReadyError:
            time.sleep(0.005)
    raise AssertionError('no maps within 30 s')


def test_maps_are_made_once_and_anew_when_calibration_or_pose_change(making):
    camera = GroundCamera(SPEC, making)
    first = made(camera)
    trembling = POSE.copy()
    trembling[0, 3] += 0.001
    assert made(camera, {**INFO}, trembling) is first
    other = made(camera, {**INFO, 'k': (90.0, 0.0, 79.5, 0.0, 90.0, 59.5, 0.0, 0.0, 1.0)})
    assert other is not first
    moved = Pose.mounted(0.0, 0.0, 1.6, down=0.2).matrix
    assert made(camera, pose=moved).pose.z == pytest.approx(1.6)


def test_old_maps_are_not_used_with_another_calibration(making):
    camera = GroundCamera(SPEC, making)
    made(camera)
    with pytest.raises(NotReadyError, match='maps are being made'):
        camera.maps({**INFO, 'k': (50.0, *INFO['k'][1:])}, POSE, VIEW, SEVEN)


def test_the_hood_ends_no_rays(making):
    labels = np.full((60, 80), SEVEN.road_ids[0], np.uint8)
    labels[48:] = SEVEN.names.index('vehicles')
    blind = made(GroundCamera(SPEC, making)).project(labels)
    seeing = made(GroundCamera(SPEC, making, hood=0.2)).project(labels)
    assert not (blind.cells == 0).any() and (blind.cells == 100).any()
    assert (seeing.cells == 0).any() and not (seeing.cells == 100).any()


SKY = Pose.mounted(0.0, 0.0, 1.5, down=-1.2).matrix
UNDER = POSE.copy()
UNDER[2, 3] = -1.5


@pytest.mark.parametrize(
    ('info', 'pose', 'said'),
    [
        ({**INFO, 'k': (0.0,) * 9}, POSE, 'not calibrated'),
        ({**INFO, 'width': 0, 'height': 0}, POSE, 'camera info of 0x0 pixels'),
        ({**INFO, 'k': (0.0, *INFO['k'][1:])}, POSE, 'focal lengths over 0'),
        ({**INFO, 'k': (np.nan, *INFO['k'][1:])}, POSE, 'expected 9 finite numbers'),
        ({**INFO, 'width': 320}, POSE, 'camera info of 320x120 for images of 160x120'),
        ({**INFO, 'distortion_model': 'fov'}, POSE, "distortion model 'fov'"),
        (INFO, SKY, 'it sees no cell of the ground grid'),
        (INFO, UNDER, 'it is not over the ground'),
    ],
)
def test_what_no_maps_can_be_made_of_is_named_with_every_frame(making, info, pose, said):
    camera = GroundCamera(SPEC, making)
    for _ in range(2):
        with pytest.raises(ValueError, match=said):
            # New numbers, as each message has them: a NaN equals itself where it is one object.
            made(camera, {**info, 'k': tuple(np.array(info['k']).tolist())}, pose)
    made(camera)


def test_errors_keep_no_frames_alive(making):
    camera = GroundCamera(SPEC, making)
    depths = set()
    for _ in range(4):
        with pytest.raises(ValueError, match='not calibrated') as caught:
            made(camera, {**INFO, 'k': (0.0,) * 9})
        depths.add(len([*traceback.walk_tb(caught.value.__traceback__)]))
    assert len(depths) == 1
