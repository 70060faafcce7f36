"""Truth against labels."""

from __future__ import annotations

import numpy as np
import pytest

from roadseg_core.labels import SEVEN, TWO
from roadseg_ros.demonstration.moments import choose_stamps
from roadseg_ros.demonstration.scoring import Comparison, pairs


def image(value: int) -> np.ndarray:
    return np.full((2, 2), value, np.uint8)


def test_truth_and_labels_meet_by_stamp() -> None:
    truth = iter([(1, image(1)), (2, image(2)), (3, image(3)), (5, image(5))])
    labels = iter([(2, image(12)), (4, image(14)), (5, image(15)), (6, image(16))])
    met = [(int(a[0, 0]), int(b[0, 0])) for a, b in pairs(truth, labels)]
    assert met == [(2, 12), (5, 15)]


def test_the_same_classes_are_compared_one_by_one() -> None:
    comparison = Comparison(SEVEN)
    comparison.update(np.array([[2, 2, 0, 6]], np.uint8), np.array([[2, 0, 0, 1]], np.uint8))
    scores = comparison.scores()
    assert comparison.by_class
    assert scores.iou == {'sky': 0.5, 'road': 0.5}
    assert scores.pixels == 3


def test_other_classes_are_compared_as_road_and_not_road() -> None:
    comparison = Comparison(TWO)
    comparison.update(np.array([[2, 2, 0, 1, 6]], np.uint8), np.array([[1, 1, 1, 0, 1]], np.uint8))
    assert not comparison.by_class
    assert comparison.scores().road_iou == pytest.approx(2 / 3)
    assert comparison.scores().pixels == 4


def test_moments_are_spread() -> None:
    assert choose_stamps(list(range(100)), 4) == [12, 37, 62, 87]
    assert choose_stamps([3, 1, 2], 4) == [1, 2, 3]
