"""Tests of AUC, MaxF and AP."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings, strategies

from roadseg_core.labels import IGNORE
from roadseg_core.metrics import RoadHistogram

TRUTH = arrays.arrays(np.uint8, 40, elements=strategies.sampled_from([0, 1, IGNORE]))
LEVELS = arrays.arrays(np.uint8, 40, elements=strategies.integers(0, 255))


def histogram(truth: list | np.ndarray, probability: list | np.ndarray) -> RoadHistogram:
    made = RoadHistogram()
    made.update(np.asarray(truth, np.uint8), np.asarray(probability, np.uint8))
    return made


def test_figures_by_hand() -> None:
    # Thresholds: above 100 is road 3 of 4 times, above 50 it is 4 of 6 times.
    scores = histogram([1, 1, 0, 1, 0, 1, 0, 0], [200, 180, 150, 120, 90, 60, 30, 0]).scores()
    assert scores.threshold == 31
    assert scores.max_f == pytest.approx(8 / 10)
    assert (scores.precision, scores.recall) == pytest.approx((4 / 6, 1.0))
    assert (scores.fpr, scores.fnr) == pytest.approx((2 / 4, 0.0))
    # Best precision: 1 up to recall 0.5, 3/4 up to 0.75 and 4/6 from there on.
    assert scores.average_precision == pytest.approx((6 * 1 + 2 * 3 / 4 + 3 * 4 / 6) / 11)
    # Of 16 pairs, road ranks below not-road in 3.
    assert scores.auc == pytest.approx(13 / 16)


def test_a_perfect_and_a_blind_ranking() -> None:
    perfect = histogram([1, 1, 0, 0], [255, 255, 0, 0]).scores()
    assert perfect.max_f == perfect.auc == perfect.average_precision == 1.0
    blind = histogram([1, 0, 0, 0], [7, 7, 7, 7]).scores()
    assert blind.auc == 0.5
    assert blind.max_f == pytest.approx(0.4)


@settings(max_examples=60, deadline=None)
@given(TRUTH, LEVELS)
def test_equals_the_definitions(truth: np.ndarray, probability: np.ndarray) -> None:
    scores = histogram(truth, probability).scores()
    road = probability[truth == 1].astype(int)
    others = probability[truth == 0].astype(int)
    assert scores.pixels == len(road) + len(others)
    if len(road):
        f1 = [
            2 * (road >= t).sum() / ((road >= t).sum() + (others >= t).sum() + len(road))
            for t in range(256)
        ]
        assert scores.max_f == pytest.approx(max(f1))
        assert f1[scores.threshold] == pytest.approx(max(f1))
        assert 0.0 <= scores.average_precision <= 1.0
    else:
        assert scores.to_dict()['max_f'] is None
