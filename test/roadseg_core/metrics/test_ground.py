from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from roadseg_core.metrics import GroundCounts


def test_figures_of_a_few_cells() -> None:
    cells = np.array([0, 49, 7, 100, 100, -1, -1, 3], np.int8)
    truth = np.array([1, 1, 0, 1, 0, 1, 0, 255], np.uint8)
    counts = GroundCounts()
    counts.update(truth, cells, np.full(8, 4.0))
    assert counts.figures(10) == {'iou': 0.5, 'false_free': 0.2, 'road_seen': 0.75}
    assert counts.figures(40, near=5) == {'iou': None, 'false_free': None, 'road_seen': None}
    assert counts.by_distance() == [
        {'from_m': 0.0, 'to_m': 5.0, 'iou': 0.5, 'false_free': 0.2, 'road_seen': 0.75}
    ]


@settings(deadline=None)
@given(
    arrays(np.uint8, 60, elements=st.sampled_from([0, 1, 255])),
    arrays(np.int8, 60, elements=st.sampled_from([-1, 0, 30, 49, 100])),
    arrays(np.float64, 60, elements=st.floats(0, 40)),
)
def test_parts_add_up(truth: np.ndarray, cells: np.ndarray, distance: np.ndarray) -> None:
    whole, parts = GroundCounts(), GroundCounts()
    whole.update(truth, cells, distance)
    for part in (slice(25), slice(25, None)):
        own = GroundCounts()
        own.update(truth[part], cells[part], distance[part])
        parts.merge(own)
    np.testing.assert_array_equal(whole.counts, parts.counts)
    assert whole.counts.sum() == np.count_nonzero((truth <= 1) & (distance <= 30))
