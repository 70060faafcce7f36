"""Tests of the boundary figures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from roadseg_core.labels import IGNORE
from roadseg_core.metrics import BoundaryCounts


def road(left: int, right: int, size: tuple[int, int] = (240, 320)) -> np.ndarray:
    """Return a mask with road in the columns left to right."""
    mask = np.zeros(size, np.uint8)
    mask[:, left:right] = 1
    return mask


def counts(truth: np.ndarray, prediction: np.ndarray) -> BoundaryCounts:
    made = BoundaryCounts()
    made.update(truth, prediction)
    return made


def test_an_edge_within_the_tolerance_is_met() -> None:
    # The diagonal is 400 pixels: 0.0075 of it are 3.
    for shift, expected in ((0, 1.0), (3, 1.0), (4, 0.0)):
        scores = counts(road(20, 50), road(20 + shift, 50 + shift)).scores()
        assert scores.f1 == pytest.approx(expected)
    missed = counts(road(20, 50), road(0, 0)).scores()
    assert missed.f1 == missed.recall == 0 and np.isnan(missed.precision)


def test_precision_and_recall_differ_by_hand() -> None:
    # The left edge is met, the right one is not predicted: it lies at the image's border.
    scores = counts(road(20, 50), road(20, 320)).scores()
    assert (scores.precision, scores.recall) == (1.0, 0.5)
    assert scores.f1 == pytest.approx(2 / 3)


def test_edges_beside_no_label_do_not_count() -> None:
    truth = road(20, 50)
    truth[:, 50:] = IGNORE
    scores = counts(truth, road(20, 50)).scores()
    assert scores.f1 == 1.0
    assert counts(truth, road(20, 50)).counts[0, 1] == 240


def test_no_edge_is_no_figure() -> None:
    assert counts(road(0, 320), road(0, 320)).scores().to_dict() == {
        'precision': None,
        'recall': None,
        'f1': None,
    }


@settings(max_examples=30, deadline=None)
@given(strategies.integers(0, 2**31))
def test_bounds_symmetry_and_addition(seed: int) -> None:
    first, second = np.random.default_rng(seed).integers(0, 2, (2, 12, 16), np.uint8)
    one, other = counts(first, second), counts(second, first)
    assert np.array_equal(one.counts, other.counts[::-1])
    assert (one.counts[:, 0] <= one.counts[:, 1]).all()
    total = one.counts + other.counts
    one.merge(other)
    assert np.array_equal(one.counts, total)
