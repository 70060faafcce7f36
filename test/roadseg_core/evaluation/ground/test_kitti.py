from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roadseg_core.evaluation.datasets.birds_eye import SIZE, read_calibration
from roadseg_core.evaluation.ground.kitti import PROTOCOL, read_camera
from roadseg_core.ground import CameraGrid
from roadseg_core.labels import TWO

CALIBRATION = """\
P2: 721.5 0 609.6 44.86 0 721.5 172.9 0.2164 0 0 1 0.002746
R0_rect: 0.9999239 0.00983776 -0.007445048 -0.009869795 0.9999421 -0.004278459 0.007402527 \
0.004351614 0.9999631
Tr_cam_to_road: 0.9999570839814 -0.005508724949246 -0.007452906591504 0.00961 0.005425697507328 \
0.9999234779341 -0.01111504746388 -1.5971344 0.007513565886504 0.01107413 0.99991045 0.27
"""


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / 'um_000000.txt'
    path.write_text(CALIBRATION)
    return path


def test_a_grid_of_the_protocol_is_its_birds_eye_view(calibration: Path) -> None:
    size = (375, 1242)
    rows, columns = np.mgrid[: size[0], : size[1]]
    image = ((rows // 8 + columns // 8) % 200).astype(np.uint8)
    above = read_calibration(calibration).warp(image, outside=255)
    grid = CameraGrid(*read_camera(calibration, size), PROTOCOL, TWO)
    cells = grid.from_above(image, 255)
    assert PROTOCOL.shape == SIZE[::-1]
    # The view's rows run towards the camera, its columns to the right.
    assert (cells.T[::-1, ::-1] == above).mean() > 0.999
    assert grid.pose.z == pytest.approx(1.6, abs=0.03)
