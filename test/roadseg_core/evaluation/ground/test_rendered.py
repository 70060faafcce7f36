from __future__ import annotations

import numpy as np

from roadseg_core.evaluation.ground.cost import ground_to_image
from roadseg_core.evaluation.ground.picture import draw_grid, draw_grids
from roadseg_core.evaluation.ground.rendered import Mounted, camera_model, camera_pose
from roadseg_core.ground import GridSpec
from roadseg_core.metrics import GroundCounts
from roadseg_core.rendering import Drive, DriveConfig
from roadseg_core.rendering.config import ROAD

SPEC = GridSpec()


def test_exact_labels_give_the_exact_road() -> None:
    drive = Drive(DriveConfig(7, 'urban', seconds=1, fps=2))
    centres = SPEC.centres()
    truth = (drive.ground_truth(0, centres) == ROAD).astype(np.uint8)
    found = {}
    for error in (0.0, -1.0):
        mounted = Mounted(drive, SPEC, error=error)
        labels = {name: (drive.render(name, 0).labels,) for name in drive.cameras}
        counts = GroundCounts()
        counts.update(truth, mounted.fused(labels)[0], np.hypot(*centres.transpose(2, 0, 1)))
        found[error] = counts.figures(20)
    assert found[0.0]['iou'] > 0.97
    assert found[0.0]['false_free'] < 0.01
    assert found[0.0]['road_seen'] > 0.4
    assert found[-1.0]['iou'] < found[0.0]['iou'] - 0.02


def test_the_warp_that_is_timed_maps_cells_to_the_same_pixels() -> None:
    drive = Drive(DriveConfig(7, 'urban', seconds=1, fps=1, height=120, width=160))
    grid = Mounted(drive, SPEC).grids['left']
    row, column = np.mgrid[: SPEC.rows, : SPEC.columns].reshape(2, -1)
    pixels = np.stack([column, row, np.ones_like(row)], axis=1) @ ground_to_image(grid).T
    pixels = pixels[:, :2] / pixels[:, 2:]
    np.testing.assert_allclose(pixels[grid.seen], grid.pixels[grid.seen], atol=1e-6)


def test_the_camera_model_is_that_of_the_drive() -> None:
    drive = Drive(DriveConfig(7, 'urban', seconds=1, fps=1, height=120, width=160))
    view = drive.view('right', 0)
    point = np.array([[1.0, -6.0, 0.0]])
    ahead, mount = drive.view('front', 0), drive.camera('front').mount
    (cosine, sine), (x, y) = (
        ahead.rotation[2, :2] / np.hypot(*ahead.rotation[2, :2]),
        ahead.centre[:2],
    )
    x, y = x - mount.x * cosine, y - mount.x * sine
    world = np.array([[x + cosine + 6 * sine, y + sine - 6 * cosine, 0.0]])
    pixels, seen = camera_model(drive, 'right').project(
        camera_pose(drive, 'right').to_optical(point)
    )
    np.testing.assert_allclose(pixels, view.to_pixels(view.to_camera(world)))
    assert seen.all()
    assert (
        not camera_model(drive, 'right')
        .without_hood(0.9)
        .project(camera_pose(drive, 'right').to_optical(point))[1]
        .any()
    )


def test_a_picture_has_ahead_above_and_left_at_the_left() -> None:
    cells, truth = SPEC.empty(), np.zeros(SPEC.shape, np.uint8)
    cells[300, 390] = 100  # 10 m to the left, 19 m ahead
    picture = draw_grid(cells, truth)
    row, column = np.argwhere((picture != picture[0, 0]).any(axis=-1))[0]
    assert (row, column) == (9, 99)
    assert draw_grids([('one', cells), ('two', cells)], truth).shape[1] > 1600
