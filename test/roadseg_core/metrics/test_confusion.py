"""Tests of the confusion matrix."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings, strategies

from roadseg_core.labels import IGNORE, SEVEN, TWO
from roadseg_core.metrics import ConfusionMatrix, MetricsError

IDS = strategies.sampled_from([*range(7), IGNORE])


@settings(max_examples=50, deadline=None)
@given(
    arrays.arrays(np.uint8, (2, 5, 6), elements=IDS),
    arrays.arrays(np.uint8, (2, 5, 6), elements=IDS),
)
def test_equals_a_naive_loop(truth: np.ndarray, prediction: np.ndarray) -> None:
    matrix = ConfusionMatrix(SEVEN)
    for t, p in zip(truth, prediction):
        matrix.update(t, p)
    counted = [
        (int(t), int(p))
        for t, p in zip(truth.ravel(), prediction.ravel())
        if t != IGNORE and t not in SEVEN.void_ids
    ]
    scores = matrix.scores()
    assert scores.pixels == len(counted)
    expected = {}
    for class_id in SEVEN.valid_ids:
        in_truth = sum(t == class_id for t, _ in counted)
        either = sum(class_id in pair for pair in counted)
        if in_truth:
            expected[SEVEN.names[class_id]] = counted.count((class_id, class_id)) / either
    assert scores.iou == pytest.approx(expected)
    if expected:
        assert scores.miou == pytest.approx(sum(expected.values()) / len(expected))
        assert scores.pixel_accuracy == pytest.approx(
            sum(t == p for t, p in counted) / len(counted)
        )
    assert {*expected, *scores.absent} == {SEVEN.names[i] for i in SEVEN.valid_ids}


def test_road_figures_by_hand() -> None:
    matrix = ConfusionMatrix(TWO)
    matrix.update(
        np.array([[1, 1, 1, 0, 0, IGNORE]], np.uint8), np.array([[1, 1, 0, 1, 0, 1]], np.uint8)
    )
    scores = matrix.scores()
    assert scores.road_iou == pytest.approx(2 / 4)
    assert scores.road_precision == scores.road_recall == scores.road_f1 == pytest.approx(2 / 3)
    assert scores.to_dict()['pixel_accuracy'] == 0.6
    assert scores.recall == pytest.approx({'not road': 1 / 2, 'road': 2 / 3})
    assert scores.mean_class_accuracy == pytest.approx(7 / 12)
    assert scores.precision == pytest.approx({'not road': 1 / 2, 'road': 2 / 3})
    assert scores.f1 == pytest.approx({'not road': 1 / 2, 'road': 2 / 3})


def test_merging_is_adding() -> None:
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 7, (2, 4, 8, 8), np.uint8)
    whole, first, second = ConfusionMatrix(SEVEN), ConfusionMatrix(SEVEN), ConfusionMatrix(SEVEN)
    whole.update(truth, prediction)
    first.update(truth[:1], prediction[:1])
    second.update(truth[1:], prediction[1:])
    first.merge(second)
    assert np.array_equal(first.counts, whole.counts)
    with pytest.raises(MetricsError, match='two'):
        first.merge(ConfusionMatrix(TWO))


def test_nothing_counted_is_no_figure() -> None:
    scores = ConfusionMatrix(TWO).scores().to_dict()
    assert scores['miou'] is None and scores['absent'] == ['not road', 'road']


@pytest.mark.parametrize(
    ('truth', 'prediction', 'message'),
    [
        ([[2]], [[0]], 'truth with the id 2'),
        ([[0]], [[9]], 'prediction with the id 9'),
        ([[0]], [[0, 1]], 'shape|size'),
    ],
)
def test_wrong_labels_are_refused(truth: list, prediction: list, message: str) -> None:
    with pytest.raises(MetricsError, match=message):
        ConfusionMatrix(TWO).update(np.array(truth, np.uint8), np.array(prediction, np.uint8))
