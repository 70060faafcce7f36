from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.ground import Pose

ANGLE = st.floats(-math.pi, math.pi)


@settings(deadline=None)
@given(ANGLE, st.one_of(ANGLE, st.sampled_from((math.pi / 2, -math.pi / 2))), ANGLE)
def test_a_pose_is_read_back_from_its_matrix(roll: float, pitch: float, yaw: float) -> None:
    matrix = Pose(1, 2, 3, roll, pitch, yaw).matrix
    np.testing.assert_allclose(Pose.from_matrix(matrix).matrix, matrix, atol=1e-6)


def test_a_camera_that_looks_ahead_has_the_angles_of_an_optical_frame() -> None:
    pose = Pose.mounted(1.0, 0.0, 1.5)
    found = (pose.roll, pose.pitch, pose.yaw)
    np.testing.assert_allclose(found, (-math.pi / 2, 0, -math.pi / 2), atol=1e-12)


def test_mounting_angles_turn_left_down_and_clockwise() -> None:
    right, _, forward = Pose.mounted(0, 0, 1, yaw=0.3, down=0.2).matrix[:3, :3].T
    assert forward[1] > 0 > forward[2]
    assert right[2] == pytest.approx(0)
    assert Pose.mounted(0, 0, 1, lean=0.1).matrix[2, 0] < 0


def test_points_come_into_the_optical_frame() -> None:
    pose = Pose.mounted(1.0, 0.5, 1.5)
    np.testing.assert_allclose(pose.to_optical(np.array([[11.0, 2.5, 0]])), [[-2, 1.5, 10]])


@pytest.mark.parametrize(
    ('z', 'roll', 'said'),
    [(0, 0, 'not over the ground'), (-1.5, 0, 'not over'), (1, math.nan, 'six finite')],
)
def test_impossible_poses_are_refused(z: float, roll: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Pose(0, 0, z, roll, 0, 0)


@pytest.mark.parametrize('matrix', [2 * np.eye(4), np.diag([1, 1, -1, 1]), np.eye(3)])
def test_what_is_no_transform_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match='expected a rotation'):
        Pose.from_matrix(matrix)
