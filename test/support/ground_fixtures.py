"""Cameras and poses that a vehicle may have, for hypothesis, and where their pixels look."""

from __future__ import annotations

import math

import cv2
import numpy as np
from hypothesis import strategies as st

from roadseg_core.ground import CameraModel, Pose


def _share(most: float) -> st.SearchStrategy[float]:
    return st.floats(-most, most)


@st.composite
def cameras(draw: st.DrawFn) -> CameraModel:
    """Draw a camera of one of the three models, of 30 to 110 degrees."""
    width, height = draw(st.integers(64, 200)), draw(st.integers(48, 140))
    kind = draw(st.sampled_from(('plumb_bob', 'rational_polynomial', 'equidistant')))
    field = math.radians(draw(st.floats(30, 110)))
    if kind == 'equidistant':
        focal = width / field
        d = [draw(_share(0.02)) for _ in range(4)]
    else:
        focal = width / 2 / math.tan(field / 2)
        d = [draw(_share(0.08)), draw(_share(0.02)), draw(_share(0.002)), draw(_share(0.002))]
        d += [draw(_share(0.005))]
        if kind == 'rational_polynomial':
            d += [draw(_share(0.05)), draw(_share(0.01)), draw(_share(0.002))]
    x, y = width / 2 + draw(_share(8)), height / 2 + draw(_share(8))
    return CameraModel.from_camera_info(
        width=width,
        height=height,
        distortion_model=kind,
        d=d,
        k=[focal, 0, x, 0, focal * draw(st.floats(0.9, 1.1)), y, 0, 0, 1],
    )


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    """Draw a pose from which the ground is seen."""
    return Pose.mounted(
        draw(_share(3)),
        draw(_share(1.5)),
        draw(st.floats(0.4, 4)),
        yaw=draw(_share(math.pi)),
        down=draw(st.floats(0.1, 1.5)),
        lean=draw(_share(0.3)),
    )


def rays(camera: CameraModel, pixels: np.ndarray) -> np.ndarray:
    """
    Return the directions in which pixels look.

    :param pixels: [N, 2] (x, y)
    :returns: float64 [N, 3], unit vectors in the optical frame; NaN where the model has none
    """
    pixels = np.asarray(pixels, np.float64).reshape(-1, 2)
    padded = np.column_stack([pixels, np.ones(len(pixels))])
    plane = np.linalg.solve(camera._matrix, padded.T).T[:, :2]
    if camera.distortion_model == 'equidistant':
        bent = np.hypot(*plane.T)
        angles = np.linspace(0, camera._limit, 4096)
        angle = np.interp(bent, camera._bend(angles), angles, right=np.nan)
        for _ in range(3):  # Newton, from a table that is close already
            slope = (camera._bend(angle + 1e-6) - camera._bend(angle - 1e-6)) / 2e-6
            angle = angle - (camera._bend(angle) - bent) / slope
        scale = np.divide(np.sin(angle), bent, out=np.ones_like(bent), where=bent > 0)
        return np.column_stack([plane * scale[:, None], np.cos(angle)])
    if any(camera.d) and len(plane):
        stop = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 200, 1e-12)
        flat = cv2.undistortPointsIter(
            plane[:, None], np.eye(3), np.array(camera.d), None, None, stop
        )[:, 0]
        back = np.stack(camera._distort(*flat.T), axis=1)
        wrong = np.abs(back - plane).max(axis=1) > 1e-6
        flat[wrong | (np.hypot(*flat.T) >= camera._limit)] = np.nan
        plane = flat
    found = np.column_stack([plane, np.ones(len(plane))])
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def pixels_to_ground(
    camera: CameraModel, pose: Pose, pixels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return where pixels look at the ground: the inverse of ``ground_to_pixels``.

    :param pixels: [N, 2]
    :returns: float64 [N, 2], x and y in metres of ``base_link``, of no meaning where bool [N] is
        False: at or above the horizon
    """
    looks = rays(camera, pixels) @ pose.matrix[:3, :3].T
    meets = looks[:, 2] < -1e-9
    reach = pose.z / np.where(meets, -looks[:, 2], 1.0)
    return (pose.x, pose.y) + looks[:, :2] * reach[:, None], meets
