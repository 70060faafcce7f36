from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from ground_fixtures import cameras, pixels_to_ground, poses
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from roadseg_core.ground import CameraGrid, CameraModel, GridSpec, Pose
from roadseg_core.ground.projection import ground_to_pixels
from roadseg_core.labels import IGNORE, SEVEN

SPEC = GridSpec(12, 12, 0.2)
ROAD, WALL, CAR, VOID = 2, 1, 4, 6


def pixel_grid(camera: CameraModel) -> np.ndarray:
    x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def made(camera: CameraModel, pose: Pose, spec: GridSpec = SPEC) -> CameraGrid:
    try:
        return CameraGrid(camera, pose, spec, SEVEN)
    except ValueError:
        assume(False)


def painted(camera: CameraModel, pose: Pose, paint: object) -> np.ndarray:
    """Return a label image: ``paint`` gives the classes of ground points, the sky is 0."""
    points, meets = pixels_to_ground(camera, pose, pixel_grid(camera))
    return (
        np.where(meets, paint(np.nan_to_num(points)), 0).astype(np.uint8).reshape(camera.height, -1)
    )


@settings(deadline=None)
@given(cameras(), poses())
def test_any_camera_sees_a_chequered_plane(camera: CameraModel, pose: Pose) -> None:
    def squares(points: np.ndarray) -> np.ndarray:
        return np.floor(points).astype(np.int64).sum(axis=1) % 2

    grid = made(camera, pose)
    found = grid.from_above(painted(camera, pose, squares), 9).reshape(-1)
    np.testing.assert_array_equal(found != 9, grid.seen)
    centres = SPEC.centres().reshape(-1, 2)
    # A pixel says what is at its middle: near a line, the cell's own middle may differ.
    looked, _ = pixels_to_ground(camera, pose, np.floor(grid.pixels + 0.5))
    far_from_lines = np.abs(centres - np.rint(centres)).min(axis=1)
    sure = grid.seen & (np.abs(looked - centres).max(axis=1) < far_from_lines)
    np.testing.assert_array_equal(found[sure], squares(centres)[sure])


@settings(deadline=None)
@given(cameras(), poses())
def test_cells_and_pixels_invert_each_other(camera: CameraModel, pose: Pose) -> None:
    points = SPEC.centres().reshape(-1, 2)
    pixels, seen = ground_to_pixels(camera, pose, points)
    back, meets = pixels_to_ground(camera, pose, pixels[seen])
    met = ~np.isnan(back[:, 0])
    assert meets[met].all()
    again, visible = ground_to_pixels(camera, pose, back[met])
    np.testing.assert_allclose(again[visible], pixels[seen][met][visible], atol=0.01)
    # Where a lens all but folds back, one pixel sees metres.
    away = np.hypot(*(back[met] - points[seen][met]).T)
    assert (away >= 0.01).sum() <= 0.05 * len(away)


@settings(deadline=None)
@given(cameras(), poses(), st.integers(0, 2**32 - 1))
def test_an_unseen_cell_is_unknown_whatever_the_labels(
    camera: CameraModel, pose: Pose, seed: int
) -> None:
    grid = made(camera, pose)
    rng = np.random.default_rng(seed)
    blocks = rng.choice([ROAD, ROAD, ROAD, WALL, VOID, IGNORE], (18, 25)).astype(np.uint8)
    labels = np.kron(blocks, np.ones((8, 8), np.uint8))[: camera.height, : camera.width]
    probability = rng.integers(0, 256, labels.shape, np.uint8)
    cells, edge = grid.project(labels, probability)
    cells = cells.reshape(-1)
    assert set(np.unique(cells)) <= {-1, *range(50), 100}
    assert (cells[~grid.seen] == -1).all()
    assert set(np.unique(edge['label'])) <= {WALL}
    assert ((edge['confidence'] >= 0) & (edge['confidence'] <= 1)).all()


AHEAD = CameraModel(640, 480, 'plumb_bob', (400.0, 0, 319.5, 0, 400, 239.5, 0, 0, 1))
MOUNT = Pose.mounted(1.0, 0.2, 1.5, down=math.radians(10))
FINE = GridSpec()


def street(points: np.ndarray, beyond: int = ROAD, wall: int = WALL) -> np.ndarray:
    """Paint road up to 9 m from the camera, one metre of something, and more behind it."""
    distance = np.hypot(*(points - (MOUNT.x, MOUNT.y)).T)
    return np.select([distance < 9, distance < 10], [ROAD, wall], beyond)


@pytest.mark.parametrize('down', [10, 40])
def test_a_ray_ends_at_the_first_pixel_that_is_not_road(down: float) -> None:
    pose = Pose.mounted(MOUNT.x, MOUNT.y, MOUNT.z, down=math.radians(down))
    grid = CameraGrid(AHEAD, pose, FINE, SEVEN)
    cells, edge = grid.project(painted(AHEAD, pose, street))
    distance = np.hypot(*(FINE.centres() - (MOUNT.x, MOUNT.y)).transpose(2, 0, 1))
    seen = grid.seen.reshape(FINE.shape)
    assert (cells[seen & (distance < 8.8)] == 0).all()
    assert (cells[distance > 9.3] == -1).all()
    np.testing.assert_allclose(distance[cells == 100], 9, atol=0.2)
    np.testing.assert_allclose(np.hypot(edge['x'] - MOUNT.x, edge['y'] - MOUNT.y), 9, atol=0.1)
    assert (edge['label'] == WALL).all() and (edge['confidence'] == 1).all()
    # The ends leave no gap between them.
    x = np.unique(FINE.centres()[cells == 100][:, 1])
    assert np.diff(x).max() < 0.11


@pytest.mark.parametrize('silent', [IGNORE, VOID])
def test_what_says_nothing_ends_a_ray_without_an_end(silent: int) -> None:
    grid = CameraGrid(AHEAD, MOUNT, FINE, SEVEN)
    labels = painted(AHEAD, MOUNT, lambda points: street(points, wall=silent))
    cells, edge = grid.project(labels)
    distance = np.hypot(*(FINE.centres() - (MOUNT.x, MOUNT.y)).transpose(2, 0, 1))
    assert set(np.unique(cells)) == {-1, 0}
    assert distance[cells == 0].max() < 9.2
    assert len(edge) == 0


def test_road_to_the_end_of_sight_has_no_edge() -> None:
    grid = CameraGrid(AHEAD, MOUNT, FINE, SEVEN)
    cells, edge = grid.project(np.full((480, 640), ROAD, np.uint8))
    np.testing.assert_array_equal(cells.reshape(-1) == 0, grid.seen)
    assert len(edge) == 0


def test_road_is_not_taken_to_go_on_below_a_vehicle() -> None:
    """A body 0.25 m over the ground hides, from 1.5 m, what is a fifth farther than its bumper."""
    labels = painted(AHEAD, MOUNT, lambda points: street(points, wall=CAR))
    cells, edge = CameraGrid(AHEAD, MOUNT, FINE, SEVEN).project(labels)
    distance = np.hypot(*(FINE.centres() - (MOUNT.x, MOUNT.y)).transpose(2, 0, 1))
    assert distance[(cells >= 0) & (cells < 100)].max() < 7.9
    np.testing.assert_allclose(distance[cells == 100], 7.5, atol=0.35)
    np.testing.assert_allclose(np.hypot(edge['x'] - MOUNT.x, edge['y'] - MOUNT.y), 7.5, atol=0.2)
    whole, _ = CameraGrid(AHEAD, MOUNT, FINE, SEVEN, clearance=0).project(labels)
    np.testing.assert_allclose(distance[whole == 100], 9, atol=0.2)


def test_beyond_unsure_road_nothing_is_known() -> None:
    probability = painted(AHEAD, MOUNT, lambda points: street(points, wall=7)) * 25
    probability[probability == 50] = 255
    labels = np.full(probability.shape, ROAD, np.uint8)
    distance = np.hypot(*(FINE.centres() - (MOUNT.x, MOUNT.y)).transpose(2, 0, 1))
    cells, edge = CameraGrid(AHEAD, MOUNT, FINE, SEVEN, road_threshold=0.7).project(
        labels, probability
    )
    assert distance[cells >= 0].max() < 9.2
    assert (cells == 0).sum() > 100 * (cells > 0).sum()
    assert len(edge) == 0
    cells, _ = CameraGrid(AHEAD, MOUNT, FINE, SEVEN, road_threshold=0.6).project(
        labels, probability
    )
    assert distance[cells >= 0].max() > 15


def test_a_vehicle_behind_unsure_road_still_hides_what_is_below_it() -> None:
    labels = painted(AHEAD, MOUNT, lambda points: street(points, wall=CAR))
    probability = np.where(labels == ROAD, 255, 0).astype(np.uint8)
    cells, _ = CameraGrid(AHEAD, MOUNT, FINE, SEVEN, road_threshold=0.9).project(
        labels, cv2.erode(probability, np.ones((5, 5)))
    )
    distance = np.hypot(*(FINE.centres() - (MOUNT.x, MOUNT.y)).transpose(2, 0, 1))
    assert distance[(cells >= 0) & (cells < 100)].max() < 7.9
    np.testing.assert_allclose(distance[cells == 100], 7.5, atol=0.35)


@pytest.mark.parametrize(
    ('values', 'said'), [({'clearance': 1.5}, 'clearance'), ({'road_threshold': 75}, 'threshold')]
)
def test_impossible_rules_are_refused(values: dict, said: str) -> None:
    with pytest.raises(ValueError, match=f'{said} .*expected'):
        CameraGrid(AHEAD, MOUNT, FINE, SEVEN, **values)


def test_cells_are_valued_by_their_probability() -> None:
    grid = CameraGrid(AHEAD, MOUNT, FINE, SEVEN, road_threshold=0)
    labels = np.full((480, 640), ROAD, np.uint8)
    probability = np.full(labels.shape, 255, np.uint8)
    probability[:, 320:] = 128
    cells, _ = grid.project(labels, probability)
    assert set(np.unique(cells)) == {-1, 0, 24}
    labels[:] = WALL
    _, edge = grid.project(labels, probability)
    np.testing.assert_allclose(np.unique(edge['confidence']), [0, 1 - 128 / 255], atol=1e-6)


def test_other_images_are_refused() -> None:
    grid = CameraGrid(AHEAD, MOUNT, FINE, SEVEN)
    with pytest.raises(ValueError, match=r'labels uint8 \[240, 640\]; expected uint8 \[480, 640\]'):
        grid.project(np.zeros((240, 640), np.uint8))


@pytest.mark.parametrize('down', [-45, -90])
def test_a_camera_that_sees_the_sky_alone_is_refused(down: float) -> None:
    with pytest.raises(ValueError, match='sees no cell of the ground grid'):
        CameraGrid(AHEAD, Pose.mounted(0, 0, 1, down=math.radians(down)), FINE, SEVEN)
