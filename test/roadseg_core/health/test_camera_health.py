"""Camera health: faults are found in time, whatever the scene; a healthy camera stays usable."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.health import CameraHealth, HealthSettings
from roadseg_core.labels import SEVEN, TWO

FPS = 15.0
SIZE = (160, 240)


def street(seed: int, count: int) -> list[np.ndarray]:
    """Return pictures of a textured surface that passes by."""
    rng = np.random.default_rng(seed)
    wide = np.full((SIZE[0], SIZE[1] + 4 * count, 3), 120.0, np.float32)
    for step in (2, 4, 8, 16, 32):
        # As in nature, each octave has as much contrast as the others.
        field = rng.normal(0, 18, (SIZE[0] // step + 1, wide.shape[1] // step + 1, 1))
        wide += cv2.resize(field, wide.shape[1::-1], interpolation=cv2.INTER_CUBIC)[..., None]
    wide = wide.clip(0, 255).astype(np.uint8)
    return [wide[:, 4 * i : 4 * i + SIZE[1]].copy() for i in range(count)]


def seen(
    health: CameraHealth, pictures: list[np.ndarray], start: float = 0.0, fps: float = FPS
) -> list[tuple[str, tuple[str, ...]]]:
    """Show pictures to a camera's health, and return what it said of each."""
    said = [health.look(p, None, None, start + i / fps) for i, p in enumerate(pictures)]
    return [(one.level, one.reasons) for one in said]


def mud(picture: np.ndarray) -> np.ndarray:
    """Cover the left 40 % by something dark."""
    dirty = picture.copy()
    dirty[:, : int(0.4 * SIZE[1])] = (20, 28, 35)
    return dirty


FAULTS = {
    'frozen': (lambda p: None, 1.0, 'unusable'),
    'black': (lambda p: np.zeros_like(p), 3 / FPS, 'unusable'),
    'over-exposed': (lambda p: np.full_like(p, 255), 3 / FPS, 'unusable'),
    'covered': (lambda p: np.full_like(p, 90), 3 / FPS, 'unusable'),
    'out of focus': (lambda p: cv2.GaussianBlur(p, (0, 0), 2.0), 2.0, 'degraded'),
    'partly blocked': (mud, 2.0, 'degraded'),
}


@pytest.mark.parametrize('reason', FAULTS)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), start=st.floats(0, 1e6), gain=st.floats(0.6, 1.2))
def test_a_fault_is_found_in_time_and_goes(reason, seed, start, gain):
    change, within, level = FAULTS[reason]
    pictures = [cv2.convertScaleAbs(p, alpha=gain) for p in street(seed, 120)]
    before, after, again = pictures[:45], pictures[45:80], pictures[80:]
    if reason == 'frozen':
        faulty = [before[-1]] * len(after)
    else:
        rng = np.random.default_rng(seed)
        noise = rng.integers(0, 3, (len(after), *SIZE, 3), np.uint8)
        # Constant pictures are no frozen ones: each has its noise.
        faulty = [cv2.add(change(p), n) for p, n in zip(after, noise)]
    camera = CameraHealth(SEVEN)
    assert {said for said, _ in seen(camera, before, start)} == {'usable'}
    said = seen(camera, faulty, start + 45 / FPS)
    first = next(i for i, (_, reasons) in enumerate(said) if reason in reasons)
    assert (first + 1) / FPS <= within + 1e-6
    assert said[-1][0] == level
    assert 0.0 <= camera.health.trusted < 1.0
    assert seen(camera, again, start + 80 / FPS)[-1] == ('usable', ())


def test_trusted_is_what_is_not_blocked():
    pictures = street(1, 90)
    camera = CameraHealth(SEVEN)
    seen(camera, pictures[:45])
    seen(camera, [mud(p) for p in pictures[45:]], 45 / FPS)
    assert camera.health.trusted == pytest.approx(0.6, abs=0.1)


def test_a_slow_camera_is_not_frozen_before_it_repeats_itself():
    pictures = street(3, 20)
    assert {level for level, _ in seen(CameraHealth(SEVEN), pictures, fps=0.5)} == {'usable'}


def test_zero_turns_checks_off():
    off = HealthSettings(
        frozen_after=0.0,
        black_level=0.0,
        overexposed_share=0.0,
        covered_detail=0.0,
        focus_ratio=0.0,
        blocked_share=0.0,
    )
    for picture in (np.zeros((*SIZE, 3), np.uint8), np.full((*SIZE, 3), 255, np.uint8)):
        said = seen(CameraHealth(SEVEN, off), [picture] * 40)
        assert {level for level, _ in said} == {'usable'}


def labels_of(*shares: float) -> np.ndarray:
    rows = np.repeat(np.arange(len(shares)), [round(s * SIZE[0]) for s in shares])
    return np.repeat(rows[:, None], SIZE[1], axis=1).astype(np.uint8)


def output(health: CameraHealth, frames: list[tuple[Callable, Callable]]) -> list[tuple[str, ...]]:
    pictures = street(5, len(frames))
    return [
        health.look(picture, labels, confidence, i / FPS).reasons
        for i, (picture, (labels, confidence)) in enumerate(zip(pictures, frames))
    ]


SURE, UNSURE = np.full(SIZE, 240, np.uint8), np.full(SIZE, 120, np.uint8)


@pytest.mark.parametrize(
    ('labels', 'confidence', 'reason'),
    [
        (labels_of(1.0), SURE, 'one class everywhere'),
        (labels_of(0.3, 0.2, 0.5), np.zeros(SIZE, np.uint8), 'NaN'),
        (labels_of(0.05, 0.9, 0.05), SURE, 'class shares unlike the past'),
        (labels_of(0.3, 0.2, 0.5), UNSURE, 'confidence unlike the past'),
    ],
)
def test_outputs_unlike_any_road_are_found(labels, confidence, reason):
    usual = labels_of(0.3, 0.2, 0.5)
    said = output(CameraHealth(SEVEN), [(usual, SURE)] * 150 + [(labels, confidence)] * 30)
    assert set(said[:150]) == {()}
    assert reason in said[-1]


def test_no_road_in_sight_is_no_fault_of_a_model_of_two_classes():
    assert set(output(CameraHealth(TWO), [(labels_of(1.0), SURE)] * 30)) == {()}
    said = output(CameraHealth(TWO), [(labels_of(0.0, 1.0), SURE)] * 30)
    assert said[-1] == ('one class everywhere',)


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 300), st.integers(1, 500)), min_size=1, max_size=4),
    seed=st.integers(0, 99),
)
def test_pictures_of_any_size_and_content_are_judged(sizes, seed):
    rng = np.random.default_rng(seed)
    health = CameraHealth(SEVEN)
    for number, size in enumerate(sizes):
        picture = rng.integers(0, rng.integers(1, 257), (*size, 3), np.uint8)
        confidence = rng.integers(0, 256, size, np.uint8)
        # A clock that stands still or a label that no class has must not stop the node.
        labels = rng.integers(0, 256, size, np.uint8)
        now = health.look(picture, labels, confidence, float(number // 2))
        assert 0.0 <= now.trusted <= 1.0
        assert all(np.isfinite(value) for value in health.values.values())
