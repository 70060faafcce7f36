from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.ground import GridSpec, StampedGrid, fuse

SPEC = GridSpec(0.3, 0.2, 0.1)
VALUE = st.one_of(st.integers(-1, 49), st.just(100))
GRID = st.builds(
    lambda values, stamp: StampedGrid(np.array(values, np.int8).reshape(SPEC.shape), stamp),
    st.lists(VALUE, min_size=6, max_size=6),
    st.integers(0, 2000),
)


@settings(deadline=None)
@given(st.dictionaries(st.text('abcd', min_size=1), GRID, max_size=5), st.randoms())
def test_the_order_of_cameras_changes_nothing(grids: dict, random: object) -> None:
    names = list(grids)
    random.shuffle(names)
    shuffled = {name: grids[name] for name in names}
    first, second = (fuse(g, SPEC, now_ns=1000, max_age_ns=500) for g in (grids, shuffled))
    np.testing.assert_array_equal(first.cells, second.cells)
    assert (first.stamp_ns, first.used, first.dropped) == (
        second.stamp_ns,
        second.used,
        second.dropped,
    )
    assert set(first.used) == {n for n, g in grids.items() if 500 <= g.stamp_ns <= 1500}
    assert set(first.used) | set(first.dropped) == set(grids)


def test_ends_outdo_road_and_road_the_unknown_and_the_oldest_stamp_counts() -> None:
    one = StampedGrid(np.array([[-1, 3, 100], [-1, 0, -1]], np.int8), 70)
    two = StampedGrid(np.array([[7, 20, 4], [-1, -1, 100]], np.int8), 50)
    old = StampedGrid(np.full((2, 3), 100, np.int8), 5)
    fused = fuse({'two': two, 'old': old, 'one': one}, SPEC, now_ns=100, max_age_ns=60)
    assert fused.cells.tolist() == [[7, 20, 100], [-1, 0, 100]]
    assert (fused.stamp_ns, fused.used, fused.dropped) == (50, ('one', 'two'), ('old',))


def test_without_cameras_nothing_is_known() -> None:
    fused = fuse({}, SPEC, now_ns=0, max_age_ns=1)
    assert (fused.cells == -1).all()
    assert fused.stamp_ns is None


def test_another_grid_is_refused() -> None:
    with pytest.raises(ValueError, match=r'grid of one .*expected \(2, 3\)'):
        fuse({'one': StampedGrid(np.zeros((2, 2), np.int8), 0)}, SPEC, now_ns=0, max_age_ns=1)
