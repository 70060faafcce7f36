"""Figures without truth, on frames made to have them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from roadseg_core.evaluation.drives.measures import NEIGHBOUR_NS, Neighbours, is_blackout
from roadseg_core.geometry import Geometry
from roadseg_core.pipeline.frame import Frame

HEIGHT, WIDTH = 120, 160
PERIOD_NS = 100_000_000


def texture(seed: int = 3) -> np.ndarray:
    """Return uint8 [H, 2 W, 3]: smooth spots that optical flow can follow."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (HEIGHT // 8, 2 * WIDTH // 8, 3), np.uint8)
    return cv2.resize(coarse, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def placed(
    image: np.ndarray,
    *,
    mode: str = 'stretch',
    size: tuple[int, int] = (HEIGHT, WIDTH),
) -> Frame:
    return Frame.placed(
        np.ascontiguousarray(image), Geometry(mode, size), np.empty((*size, 3), np.uint8)
    )


def moving(step: int) -> tuple[Frame, np.ndarray]:
    """Return a picture that moves by four pixels a step, and labels that move with it."""
    left = 4 * step
    wide = np.tile(np.arange(2 * WIDTH, dtype=np.int64) // 10 % 2, (HEIGHT, 1)).astype(np.uint8)
    return (
        placed(texture()[:, left : left + WIDTH]),
        np.ascontiguousarray(wide[:, left : left + WIDTH]),
    )


def update(near: Neighbours, number: int, frame: Frame, labels: np.ndarray) -> None:
    near.update(
        frame, stamp_ns=number * PERIOD_NS, labels=labels, mask=(labels * 255).astype(np.uint8)
    )


def test_labels_that_move_with_the_picture_are_consistent() -> None:
    near = Neighbours(flow=True)
    for step in range(4):
        update(near, step, *moving(step))
        assert near.consistency is None if step == 0 else near.consistency > 0.95


def test_labels_that_stay_while_the_picture_moves_are_not() -> None:
    near = Neighbours(flow=True)
    labels = moving(0)[1]
    for step in range(3):
        update(near, step, moving(step)[0], labels)
    assert near.consistency < 0.8


def test_noise_in_the_labels_is_inconsistent_and_flickers() -> None:
    near = Neighbours(flow=True)
    rng = np.random.default_rng(1)
    for step in range(3):
        update(near, step, moving(step)[0], rng.integers(0, 2, (HEIGHT, WIDTH), np.uint8))
    assert near.consistency == pytest.approx(0.5, abs=0.05)
    assert near.flicker == pytest.approx(2 / 7, abs=0.02)  # 2 of the 7 patterns with any road


def test_a_road_that_appears_for_one_frame_flickers_and_one_that_moves_does_not() -> None:
    near = Neighbours(flow=False)
    frame = moving(0)[0]
    for number, rows in enumerate((10, 20, 30, 40)):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[:rows] = 1
        update(near, number, frame, mask)
    assert near.flicker == 0.0 and near.consistency is None
    lost = np.zeros((HEIGHT, WIDTH), np.uint8)
    lost[:20] = 1
    update(near, 4, frame, lost)
    update(near, 5, frame, mask)
    assert near.flicker == 0.5


def test_frames_far_apart_of_another_size_or_back_in_time_are_no_neighbours() -> None:
    for stamp_ns, backwards in ((NEIGHBOUR_NS + 1, 0), (-1, 1)):
        near = Neighbours(flow=True)
        frame, labels = moving(0)
        update(near, 0, frame, labels)
        near.update(frame, stamp_ns=stamp_ns, labels=labels, mask=labels)
        assert not near.follows and not near.frozen and near.consistency is None
        assert near.backwards == backwards
    near = Neighbours(flow=True)
    update(near, 0, frame, labels)
    update(near, 1, placed(texture()), labels)
    assert not near.follows and near.consistency is None


def test_the_same_picture_again_is_frozen_and_noise_is_not() -> None:
    near = Neighbours(flow=False)
    frame, labels = moving(0)
    update(near, 0, frame, labels)
    assert not near.frozen
    update(near, 1, placed(frame.image.copy()), labels)
    assert near.frozen
    noisy = frame.image.copy()
    noisy[5, 5, 1] ^= 1
    update(near, 2, placed(noisy), labels)
    assert not near.frozen


@pytest.mark.parametrize('mode', ['stretch', 'letterbox', 'crop'])
@pytest.mark.parametrize('size', [(HEIGHT, WIDTH), (96, 96), (48, 160)])
def test_dark_and_flat_pictures_are_blackouts_and_nights_are_not(
    mode: str, size: tuple[int, int]
) -> None:
    def blackout(image: np.ndarray) -> bool:
        return is_blackout(placed(image, mode=mode, size=size))

    rng = np.random.default_rng(2)
    assert blackout(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert blackout(np.full((HEIGHT, WIDTH, 3), (255, 0, 0), np.uint8))
    assert blackout(rng.integers(0, 9, (HEIGHT, WIDTH, 3), np.uint8))
    night = rng.integers(0, 9, (HEIGHT, WIDTH, 3), np.uint8)
    night[60:70, 40:60] = 255  # a head lamp
    assert not blackout(night)
    assert not blackout(texture()[:, :WIDTH])
