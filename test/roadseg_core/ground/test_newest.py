"""The newest grids: cameras that are of now, those that stopped, and those with another clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.ground.grid import GridSpec
from roadseg_core.ground.newest import NewestGrids, middle

SPEC = GridSpec(length=2.0, width=1.0, resolution=0.5)
SECOND = 1_000_000_000


def cells(value: int) -> np.ndarray:
    return np.full(SPEC.shape, value, np.int8)


def put(grids: NewestGrids, name: str, value: int, *, arrived: float, stamp: float) -> None:
    grids.put(
        name, cells(value), stamp_ns=round(stamp * SECOND), arrival_ns=round(arrived * SECOND)
    )


def fused(grids: NewestGrids, now: float, clock: float):
    return grids.fused(
        now_ns=round(now * SECOND), clock_ns=round(clock * SECOND), max_age_ns=SECOND // 2
    )


@pytest.mark.parametrize('start', [0.0, 1e9, -1e9])
def test_stamps_of_any_clock_fuse_as_long_as_cameras_agree(start):
    grids = NewestGrids(SPEC)
    for number, name in enumerate(('front', 'left', 'right', 'rear')):
        put(grids, name, number, arrived=10 + 0.01 * number, stamp=start + 0.01 * number)
    grid, reasons = fused(grids, 10.1, clock=5e8)
    assert grid.used == ('front', 'left', 'rear', 'right') and not reasons
    assert grid.stamp_ns == round(start * SECOND)
    assert (grid.cells == 3).all()


def test_a_camera_that_stopped_drops_out_and_comes_back():
    grids = NewestGrids(SPEC)
    put(grids, 'front', 100, arrived=10.0, stamp=0.0)
    put(grids, 'left', 0, arrived=10.0, stamp=0.0)
    put(grids, 'left', 0, arrived=12.0, stamp=2.0)
    grid, reasons = fused(grids, 12.1, clock=0.0)
    assert (grid.cells == 0).all() and grid.stamp_ns == 2 * SECOND
    assert reasons == {'front': 'its newest frame is 2.1 s old'}
    # Where no camera sends anything, nobody fuses, but all can be told of.
    silent = grids.overdue(now_ns=15 * SECOND, max_age_ns=SECOND // 2)
    assert silent == {
        'front': 'its newest frame is 5.0 s old',
        'left': 'its newest frame is 3.0 s old',
    }
    put(grids, 'front', 100, arrived=12.2, stamp=2.2)
    assert fused(grids, 12.3, clock=0.0)[0].used == ('front', 'left')


def test_the_camera_of_another_time_is_left_out_and_named():
    grids = NewestGrids(SPEC)
    for name, stamp in (('front', 100.0), ('left', 100.0), ('right', 160.0)):
        put(grids, name, 0, arrived=10.0, stamp=stamp)
    grid, reasons = fused(grids, 10.1, clock=0.0)
    assert grid.used == ('front', 'left')
    assert 'right' in reasons and '60.0 s ahead of the other cameras' in reasons['right']


@pytest.mark.parametrize(('clock', 'used'), [(100.0, 'front'), (40.0, 'left')])
def test_of_two_cameras_the_one_counts_that_agrees_with_the_node(clock, used):
    grids = NewestGrids(SPEC)
    put(grids, 'front', 0, arrived=10.0, stamp=100.0)
    put(grids, 'left', 0, arrived=10.0, stamp=40.0)
    assert fused(grids, 10.0, clock=clock)[0].used == (used,)


def test_one_camera_alone_is_never_of_another_time():
    grids = NewestGrids(SPEC)
    put(grids, 'front', 0, arrived=10.0, stamp=77.0)
    assert fused(grids, 10.2, clock=1e9)[0].used == ('front',)
    grids.remove('front')
    grid, reasons = fused(grids, 10.2, clock=1e9)
    assert grid.stamp_ns is None and (grid.cells == -1).all() and not reasons


@given(st.lists(st.integers(), max_size=6), st.integers())
def test_the_middle_has_as_many_votes_below_as_above(votes, casting):
    found = middle(votes, casting)
    assert found in [*votes, casting]
    assert sum(v < found for v in votes) <= len(votes) / 2
    assert sum(v > found for v in votes) <= len(votes) / 2
