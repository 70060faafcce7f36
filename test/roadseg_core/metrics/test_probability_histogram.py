"""Tests of calibration, of risk over coverage and of how well confidence finds wrong pixels."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings, strategies

from roadseg_core.labels import IGNORE, SEVEN
from roadseg_core.metrics import MetricsError, ProbabilityHistogram, Tally

TRUTH = arrays.arrays(np.uint8, 40, elements=strategies.sampled_from([0, 1, IGNORE]))
LEVELS = arrays.arrays(np.uint8, 40, elements=strategies.integers(0, 255))


def histogram(truth: list | np.ndarray, probability: list | np.ndarray) -> ProbabilityHistogram:
    made = ProbabilityHistogram()
    made.update(np.asarray(truth, np.uint8), np.asarray(probability, np.uint8))
    return made


def test_figures_by_hand() -> None:
    # 0.8 is true three times of four, 0.2 once of two.
    counted = histogram([1, 1, 1, 0, 0, 1], [204, 204, 204, 204, 51, 51])
    found = counted.calibration()
    assert found.ece == pytest.approx((4 * 0.05 + 2 * 0.3) / 6)
    assert found.brier == pytest.approx((3 * 0.04 + 0.64 + 0.04 + 0.64) / 6)
    assert found.auroc == pytest.approx((3 * 1 + 3 * 0.5 + 1 * 0.5) / 8)
    coverage, risk = counted.risk_coverage()
    assert coverage.tolist() == pytest.approx([4 / 6, 1]) and risk.tolist() == [0.25, 2 / 6]
    assert found.aurc == pytest.approx(4 / 6 * 0.25 + 2 / 6 * 2 / 6)


def test_what_holds_as_often_as_it_says_is_calibrated() -> None:
    rng = np.random.default_rng(1)
    level = rng.integers(0, 256, 200_000, np.uint8)
    true = (rng.random(level.size) < level / 255).astype(np.uint8)
    assert histogram(true, level).calibration().ece < 0.01
    # What says 100 % and holds half the time is half a share off, and ranks nothing.
    blind = histogram([0, 1] * 50, [255] * 100).calibration()
    assert (blind.ece, blind.brier, blind.auroc, blind.aurc) == (0.5, 0.5, 0.5, 0.5)


@settings(max_examples=60, deadline=None)
@given(TRUTH, LEVELS, strategies.integers(0, 40))
def test_equals_the_definitions_and_adds_up(truth, probability, cut) -> None:
    counted = histogram(truth[:cut], probability[:cut])
    counted.merge(histogram(truth[cut:], probability[cut:]))
    found = counted.calibration()
    known = truth != IGNORE
    true, stated = truth[known].astype(float), probability[known] / 255
    if not known.any():
        assert set(found.to_dict().values()) == {None}
        return
    place = np.minimum((stated * 15 + 1e-9).astype(int), 14)
    off = sum(abs((true - stated)[place == i].sum()) for i in range(15)) / len(true)
    assert found.ece == pytest.approx(off)
    assert found.brier == pytest.approx(((true - stated) ** 2).mean())
    above, below = stated[true == 1][:, None], stated[true == 0]
    if above.size and below.size:
        ranked = (above > below).mean() + (above == below).mean() / 2
        assert found.auroc == pytest.approx(ranked)
    risk = sum((1 - true[stated >= value]).mean() for value in stated) / len(true)
    assert found.aurc == pytest.approx(risk)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(MetricsError, match='id 2'):
        histogram([2], [0])
    with pytest.raises(MetricsError, match='one shape'):
        histogram([1, 0], [0])


def test_a_tally_counts_whether_labels_are_right() -> None:
    tally = Tally(SEVEN, road_only=False)
    truth, labels, confidence = [0, 2, 3, 6, IGNORE], [0, 3, 3, 2, 2], [250, 90, 200, 10, 20]
    tally.count(*(np.array(values, np.uint8) for values in (truth, labels, [0] * 5, confidence)))
    # Void truth and none are left out.
    assert tally.confidence.counts.sum() == 3
    assert [np.flatnonzero(row).tolist() for row in tally.confidence.counts] == [[90], [200, 250]]
    assert tally.to_dict()['calibration']['confidence']['auroc'] == 1.0


def test_confidence_of_road_or_not_is_that_of_the_call() -> None:
    tally = Tally(SEVEN, road_only=True)
    truth, labels, road = [2, 2, IGNORE], [2, 1, 2], [220, 55, 10]
    tally.count(*(np.array(values, np.uint8) for values in (truth, labels, road, [9, 9, 9])))
    assert [np.flatnonzero(row).tolist() for row in tally.confidence.counts] == [[200], [220]]
