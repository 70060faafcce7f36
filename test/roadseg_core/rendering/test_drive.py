"""The rendered drive: the same bytes every time, and truth that is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.labels import SEVEN
from roadseg_core.rendering import CAMERAS, LAYOUTS, Drive, DriveConfig

ROAD = SEVEN.names.index('road')
SIDEWALK = SEVEN.names.index('sidewalk')
VEHICLES = SEVEN.names.index('vehicles')
SMALL = DriveConfig(seed=5, layout='urban', seconds=4.0, fps=2.0, height=120, width=160)


@pytest.fixture(scope='module')
def drive() -> Drive:
    return Drive(SMALL)


def test_frames_repeat_in_any_order(drive: Drive) -> None:
    jobs = [(camera, index) for camera in CAMERAS for index in (0, 7)]
    first = {job: drive.render(*job) for job in jobs}
    other = Drive(SMALL)
    for job in reversed(jobs):
        again = other.render(*job)
        assert again.image.tobytes() == first[job].image.tobytes(), job
        assert again.labels.tobytes() == first[job].labels.tobytes(), job
        assert again.stamp_ns == first[job].stamp_ns


def test_cameras_and_frames_differ(drive: Drive) -> None:
    frames = [drive.render(camera, index).image for camera in CAMERAS for index in (0, 5)]
    for number, frame in enumerate(frames):
        for other in frames[number + 1 :]:
            assert not np.array_equal(frame, other)


def test_stamps_follow_fps(drive: Drive) -> None:
    assert drive.frame_count == 8
    assert [drive.render('front', index).stamp_ns for index in (0, 1, 7)] == [
        0,
        500_000_000,
        3_500_000_000,
    ]


@pytest.mark.parametrize('layout', LAYOUTS)
def test_every_layout_shows_road_ahead(layout: str) -> None:
    drive = Drive(DriveConfig(3, layout, 0.5, 4.0, 96, 128))
    labels = drive.render('front', 1).labels
    assert labels.max() < len(SEVEN.names)
    # Just above the own bonnet, straight ahead, is road in every street.
    assert (labels[82:88, 58:70] == ROAD).all()
    assert 0.08 < (labels == ROAD).mean() < 0.7


def test_every_class_occurs(drive: Drive) -> None:
    seen = set()
    for camera in CAMERAS:
        for index in range(drive.frame_count):
            seen.update(np.unique(drive.render(camera, index).labels).tolist())
    assert seen == set(range(len(SEVEN.names)))


def test_side_cameras_see_road_and_sidewalk() -> None:
    drive = Drive(DriveConfig(5, 'suburb', 2.0, 2.0, 120, 160))
    for camera in ('left', 'right'):
        labels = np.stack([drive.render(camera, i).labels for i in range(drive.frame_count)])
        assert (labels == ROAD).mean() > 0.1
        assert (labels == SIDEWALK).mean() > 0.005


@pytest.mark.parametrize('camera', CAMERAS)
def test_labels_agree_with_projected_ground(camera: str) -> None:
    drive = Drive(DriveConfig(8, 'country', 1.0, 2.0, 240, 320))
    street = drive.street
    checked = 0
    view = drive.view(camera, 1)
    labels = drive.render(camera, 1).labels
    ahead = np.arange(view.centre[0] - 15, view.centre[0] + 15, 0.1)
    for d, expected in (
        (0.0, ROAD),
        (street.side * street.road_half * 0.6, ROAD),
        (-street.side * (street.walk_start + 0.8), SIDEWALK),
        (street.side * (street.walk_start + 0.8), SIDEWALK),
    ):
        plan = np.column_stack([ahead, np.full(len(ahead), d)])
        points = view.to_camera(street.points(plan))
        points = points[points[:, 2] > 1]
        pixels = np.round(view.to_pixels(points)).astype(int)
        pixels = pixels[((pixels >= 0) & (pixels < (320, 225))).all(axis=1)]
        found = labels[pixels[:, 1], pixels[:, 0]]
        # What stands there may hide the ground, but the ground itself is never another one.
        ground = found[np.isin(found, (ROAD, SIDEWALK))]
        assert (ground == expected).all()
        checked += len(ground)
    assert checked > 20


def test_known_point_hits_its_pixel(drive: Drive) -> None:
    view = drive.view('front', 0)
    fx, fy, cx, cy = drive.camera('front').intrinsics
    forward = view.rotation[2]
    pixel = view.to_pixels(view.to_camera((view.centre + 7 * forward)[None]))[0]
    assert pixel == pytest.approx((cx, cy))
    right = view.to_pixels(view.to_camera((view.centre + 7 * forward + view.rotation[0])[None]))
    assert right[0, 0] == pytest.approx(cx + fx / 7)
    assert fx == fy


@settings(max_examples=4, deadline=None)
@given(height=st.integers(32, 150), width=st.integers(32, 200), camera=st.sampled_from(CAMERAS))
def test_any_size(height: int, width: int, camera: str) -> None:
    frame = Drive(DriveConfig(2, 'village', 0.1, 10.0, height, width)).render(camera, 0)
    assert frame.image.shape == (height, width, 3)
    assert frame.labels.shape == (height, width)
    assert frame.image.dtype == frame.labels.dtype == np.uint8


def test_refusals(drive: Drive) -> None:
    with pytest.raises(ValueError, match='unknown camera'):
        drive.render('top', 0)
    with pytest.raises(IndexError, match='expected 0 to 7'):
        drive.render('front', 8)
    with pytest.raises(ValueError, match='unknown layout'):
        DriveConfig(1, 'moon')
    for values in (
        {'seed': -1},
        {'seed': 1, 'seconds': 0.0},
        {'seed': 1, 'fps': 0.0},
        {'seed': 1, 'height': 8},
        {'seed': 1, 'width': 100_000},
    ):
        with pytest.raises(ValueError, match=list(values)[-1]):
            DriveConfig(**values)


def test_the_ground_is_what_the_cameras_see_of_it() -> None:
    """Of ground that a camera sees, label and truth agree; vehicles stand where the truth says."""
    drive = Drive(DriveConfig(7, 'urban', seconds=1, fps=2, height=240, width=320))
    camera = drive.view('front', 0)
    x, y = np.meshgrid(np.linspace(4, 14, 101), np.linspace(-6, 6, 121))
    truth = drive.ground_truth(0, np.stack([x, y], axis=-1)).ravel()
    labels = drive.render('front', 0).labels
    mount = drive.camera('front').mount
    pitch = np.radians(mount.pitch)

    def seen(height: float) -> tuple[np.ndarray, np.ndarray]:
        """Return what is seen at points so high above the ground, and the truth below them."""
        ahead, low, right = x.ravel() - mount.x, mount.z - height, mount.y - y.ravel()
        down = low * np.cos(pitch) - ahead * np.sin(pitch)
        depth = ahead * np.cos(pitch) + low * np.sin(pitch)
        pixels = camera.to_pixels(np.stack([right, down, depth], axis=1))
        column, row = np.rint(pixels).astype(int).T
        inside = (column >= 0) & (column < 320) & (row >= 0) & (row < 225)
        return labels[row[inside], column[inside]], truth[inside]

    shown, there = seen(0.0)
    ground = np.isin(shown, (ROAD, SIDEWALK)) & np.isin(there, (ROAD, SIDEWALK))
    assert ground.sum() > 1000
    assert (shown[ground] == there[ground]).mean() > 0.98
    # A ray that ends inside a body is stopped by that body, or by something before it.
    shown, there = seen(0.5)
    assert (there == VEHICLES).sum() > 100
    assert (~np.isin(shown[there == VEHICLES], (ROAD, SIDEWALK))).mean() > 0.98
