"""Fixtures of evaluations on data sets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

CALIBRATION = """P2: 60 0 60 0 0 60 12 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_cam_to_road: 1 0 0 0 0 1 0 -1.5 0 0 1 0
"""


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    """Write KITTI Road with calibrations: road is the lower half, the left edge is not valid."""
    training = tmp_path / 'kitti_road' / 'training'
    for name in ('image_2', 'gt_image_2', 'calib'):
        (training / name).mkdir(parents=True)
    rng = np.random.default_rng(5)
    truth = np.zeros((48, 120, 3), np.uint8)
    truth[..., 2] = 255
    truth[24:, :, 0] = 255
    truth[:, :10] = 0
    for category in ('um', 'umm'):
        for number in range(5):
            image = rng.integers(0, 120, (48, 120, 3), np.uint8)
            image[24:] += 100
            cv2.imwrite(str(training / 'image_2' / f'{category}_{number:06d}.png'), image)
            cv2.imwrite(str(training / 'gt_image_2' / f'{category}_road_{number:06d}.png'), truth)
            (training / 'calib' / f'{category}_{number:06d}.txt').write_text(CALIBRATION)
    return tmp_path
