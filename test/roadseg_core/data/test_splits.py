"""Draws: even, disjoint, the same on every machine."""

from __future__ import annotations

from hypothesis import given, settings, strategies

from roadseg_core.data.splits import draw_evenly, draw_parts, hold_out, spread

SIZES = strategies.dictionaries(
    strategies.text(min_size=1, max_size=4), strategies.integers(0, 20), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=50)
@given(SIZES, strategies.integers(0, 80), strategies.integers(0, 9))
def test_draws_are_as_even_as_can_be(sizes, count, seed):
    groups = {name: [(name, i) for i in range(size)] for name, size in sizes.items()}
    drawn = draw_evenly(groups, count, seed=seed)
    assert len(drawn) == len(set(drawn)) == min(count, sum(sizes.values()))
    taken = {name: sum(item[0] == name for item in drawn) for name in groups}
    largest = max(taken.values())
    # Only a group that gave all it has gives fewer.
    assert all(taken[name] >= largest - 1 or taken[name] == sizes[name] for name in groups)
    assert drawn == draw_evenly(dict(reversed(groups.items())), count, seed=seed)


@given(strategies.integers(0, 50), strategies.integers(0, 5))
def test_parts_are_a_partition(count, seed):
    parts = draw_parts(range(count), {'train': 0.7, 'val': 0.15, 'test': 0.15}, seed=seed)
    assert sorted(item for part in parts.values() for item in part) == list(range(count))
    both = hold_out(range(count), 'train') + hold_out(range(count), 'val')
    assert sorted(both) == list(range(count))


@given(strategies.integers(1, 50), strategies.integers(1, 50))
def test_spread_keeps_order_and_number(count, wanted):
    chosen = spread(range(count), wanted)
    assert len(chosen) == min(count, wanted) and chosen == sorted(set(chosen))
