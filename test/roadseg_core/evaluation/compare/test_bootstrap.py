"""Block bootstrap intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.evaluation.compare.bootstrap import (
    LEAST_BLOCKS,
    Blocks,
    _student_quantile,
    estimate,
    make_blocks,
    resample,
)

SECOND = 1_000_000_000


def mean(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid='ignore', divide='ignore'):
        return sums[..., 0] / sums[..., 1]


def addends(values: np.ndarray) -> np.ndarray:
    return np.stack((np.round(values * 1e6), np.full(len(values), 1e6)), 1).astype(np.int64)


def equal_blocks(frames: int, length: int) -> Blocks:
    return Blocks(np.arange(frames) // length, -(-frames // length))


def correlated(generator: np.random.Generator, frames: int) -> np.ndarray:
    """Return a series whose neighbours resemble each other (AR(1), 0.9)."""
    values = np.empty(frames)
    values[0] = generator.normal() / math.sqrt(1 - 0.81)
    for index in range(1, frames):
        values[index] = 0.9 * values[index - 1] + generator.normal()
    return values


def covered(length: int, trials: int = 150) -> float:
    """Return how often the interval of the mean holds the true mean, 0."""
    generator = np.random.default_rng(1)
    hits = 0
    for seed in range(trials):
        blocks = equal_blocks(1200, length)
        sums = blocks.sums(addends(correlated(generator, 1200)))
        interval = estimate(mean, sums, resample(blocks.count, 300, seed), confidence=0.95)
        hits += interval.low <= 0 <= interval.high
    return hits / trials


def test_blocks_cover_the_truth_as_often_as_they_say() -> None:
    assert covered(60) >= 0.88


def test_single_frames_would_cover_it_far_too_rarely() -> None:
    assert covered(1) <= 0.6


@pytest.mark.parametrize(
    ('share', 'freedom', 'expected'),
    [(0.975, 4, 2.7764), (0.975, 9, 2.2622), (0.95, 30, 1.6973), (0.995, 2, 9.9248)],
)
def test_student_quantiles_are_those_of_the_tables(
    share: float, freedom: int, expected: float
) -> None:
    assert _student_quantile(share, freedom) == pytest.approx(expected, abs=2e-4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=10, max_size=60), st.integers(0, 100))
def test_an_interval_holds_the_value_and_stays_within_the_data(
    values: list[float], seed: int
) -> None:
    blocks = equal_blocks(len(values), 2)
    sums = blocks.sums(addends(np.array(values)))
    interval = estimate(mean, sums, resample(blocks.count, 200, seed), confidence=0.9)
    assert min(values) - 1e-6 <= interval.low <= interval.high <= max(values) + 1e-6
    again = estimate(mean, sums, resample(blocks.count, 200, seed), confidence=0.9)
    assert again == interval


def test_cameras_of_one_moment_share_a_block_and_bags_never_do() -> None:
    stamps = np.array([0, 1, 2, 3, 0, 3, 5]) * SECOND + 7
    blocks = make_blocks(['a', 'a', 'a', 'a', 'a', 'a', 'b'], stamps, 2.0)
    assert blocks.count == 3
    assert blocks.ids.tolist() == [0, 0, 1, 1, 0, 1, 2]
    assert blocks.sums(np.ones((7, 1), np.int64)).ravel().tolist() == [3, 3, 1]


def test_few_blocks_give_no_interval() -> None:
    blocks = equal_blocks(LEAST_BLOCKS - 1, 1)
    sums = blocks.sums(addends(np.arange(LEAST_BLOCKS - 1) / 10))
    interval = estimate(mean, sums, resample(blocks.count, 100, 0), confidence=0.95)
    assert interval.value == pytest.approx(0.15) and math.isnan(interval.low)


def test_resamples_without_the_figure_are_left_out() -> None:
    sums = np.zeros((6, 2), np.int64)
    sums[0] = (500_000, 1_000_000)
    interval = estimate(mean, sums, resample(6, 300, 0), confidence=0.95)
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_blocks_need_a_length() -> None:
    with pytest.raises(ValueError, match='expected more than 0'):
        make_blocks(['a'], np.array([0]), 0.0)
