"""Tests of the distance bands."""

from __future__ import annotations

import numpy as np

from roadseg_core.labels import IGNORE
from roadseg_core.metrics import DistanceBands


def test_recall_and_precision_by_band() -> None:
    bands = DistanceBands()
    distance = np.array([[6.0], [16.0], [46.0], [5.9]])  # one a row; the last two are outside
    truth = np.array([[1, 1, 0, 0], [1, 0, IGNORE, 1], [1, 1, 1, 1], [1, 1, 1, 1]], np.uint8)
    prediction = np.array([[1, 0, 1, 1], [1, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]], np.uint8)
    bands.update(truth, prediction, distance)
    near, far, *others = bands.to_list()
    assert near == {
        'from_m': 6.0,
        'to_m': 16.0,
        'recall': 0.5,
        'precision': 0.33333,
        'road_pixels': 2,
    }
    assert (far['recall'], far['precision'], far['road_pixels']) == (1.0, 1.0, 2)
    assert not any(band['road_pixels'] for band in others)


def test_merging_is_adding() -> None:
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 2, (2, 4, 50), np.uint8)
    distance = rng.uniform(0.0, 60.0, (4, 50))
    whole, parts = DistanceBands(), DistanceBands()
    whole.update(truth, prediction, distance)
    for half in (slice(0, 2), slice(2, 4)):
        part = DistanceBands()
        part.update(truth[half], prediction[half], distance[half])
        parts.merge(part)
    assert np.array_equal(whole.counts, parts.counts)
    assert whole.counts.sum() == ((distance >= 6.0) & (distance < 46.0)).sum()


def test_an_empty_band_has_no_figure() -> None:
    assert DistanceBands().to_list()[0]['recall'] is None
