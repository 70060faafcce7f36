"""Figures without truth, on frames made to have them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from roadseg_core.evaluation.drives.measures import (
    NEIGHBOUR_NS,
    Flicker,
    Neighbours,
    Pair,
    is_blackout,
)
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


def pairs(
    frames: Iterable[tuple[Frame, np.ndarray]],
    *,
    flow_every: int = 1,
    flow_width: int = 320,
    step_ns: int = PERIOD_NS,
) -> list[Pair]:
    near = Neighbours(flow_every=flow_every, flow_width=flow_width)
    return [
        near.pair(frame, stamp_ns=number * step_ns, labels=labels)
        for number, (frame, labels) in enumerate(frames)
    ]


def test_labels_that_move_with_the_picture_are_consistent() -> None:
    first, *others = pairs(moving(step) for step in range(4))
    assert first.consistency() is None
    assert all(pair.consistency() > 0.95 for pair in others)


@pytest.mark.parametrize('flow_width', [64, 80, 100, 320])
def test_labels_that_stay_while_the_picture_moves_are_not(flow_width: int) -> None:
    frames = [(moving(step)[0], moving(0)[1]) for step in range(3)]
    assert pairs(frames, flow_width=flow_width)[-1].consistency() < 0.8


def test_flow_on_images_of_half_the_size_finds_nearly_the_same() -> None:
    noise = np.random.default_rng(4).random((5, HEIGHT, WIDTH)) < 0.02
    frames = [(moving(step)[0], moving(step)[1] ^ noise[step]) for step in range(5)]
    whole, half = (
        [pair.consistency() for pair in pairs(frames, flow_width=width)[1:]]
        for width in (WIDTH, WIDTH // 2)
    )
    assert half == pytest.approx(whole, abs=0.03)
    assert half != whole


def test_noise_in_the_labels_is_inconsistent_and_flickers() -> None:
    rng = np.random.default_rng(1)
    labels = [rng.integers(0, 2, (HEIGHT, WIDTH), np.uint8) for _ in range(3)]
    found = pairs((moving(step)[0], labels[step]) for step in range(3))
    assert found[-1].consistency() == pytest.approx(0.5, abs=0.05)
    flicker = Flicker()
    shares = [flicker.share(each * 255, follows=number > 0) for number, each in enumerate(labels)]
    assert shares == [None, None, pytest.approx(2 / 7, abs=0.02)]  # of the 7 patterns with road


def test_every_nth_frame_is_compared_with_its_neighbour_and_gives_what_all_give() -> None:
    frames = [moving(step) for step in range(7)]
    every, third = pairs(frames), pairs(frames, flow_every=3)
    assert [pair.consistency() for pair in third] == [
        every[number].consistency() if number in (2, 5) else None for number in range(7)
    ]
    assert not any(pair.consistency() for pair in pairs(frames, flow_every=0))


def test_pairs_may_be_compared_by_many_threads_at_once() -> None:
    found = pairs(moving(step % 30) for step in range(60))
    with ThreadPoolExecutor(4) as executor:
        at_once = list(executor.map(Pair.consistency, found))
    assert at_once == [pair.consistency() for pair in found]


def test_a_road_that_appears_for_one_frame_flickers_and_one_that_moves_does_not() -> None:
    def road(rows: int) -> np.ndarray:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[:rows] = 255
        return mask

    flicker = Flicker()
    shares = [flicker.share(road(rows), follows=True) for rows in (10, 20, 30, 40, 20, 40)]
    assert shares == [None, None, 0.0, 0.0, 0.25, 0.5]
    assert flicker.share(road(20), follows=False) is None  # after a gap


def test_frames_far_apart_of_another_size_or_back_in_time_are_no_neighbours() -> None:
    for step_ns, backwards in ((NEIGHBOUR_NS + 1, 0), (-1, 1)):
        near = Neighbours(flow_every=1, flow_width=320)
        near.pair(moving(0)[0], stamp_ns=0, labels=moving(0)[1])
        pair = near.pair(moving(0)[0], stamp_ns=step_ns, labels=moving(0)[1])
        assert pair.before is None and not pair.is_frozen() and pair.consistency() is None
        assert near.backwards == backwards
    assert pairs([moving(0), (placed(texture()), moving(0)[1])])[1].before is None


def test_the_same_picture_again_is_frozen_and_noise_is_not() -> None:
    frame, labels = moving(0)
    noisy = frame.image.copy()
    noisy[5, 5, 1] ^= 1
    frames = [(frame, labels), (placed(frame.image.copy()), labels), (placed(noisy), labels)]
    assert [pair.is_frozen() for pair in pairs(frames)] == [False, True, False]


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
