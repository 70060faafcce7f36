"""The batch rule and the accounting, with a fake clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.pipeline.scheduler import BatchRule, Outcome, Scheduler

CAMERAS = ('front', 'left', 'right', 'rear')

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(('put', 'take', 'settle', 'refuse', 'clear')),
        st.sampled_from(CAMERAS),
        st.sampled_from(tuple(Outcome)),
        st.floats(0.0, 0.2),
    ),
    max_size=80,
)


def assert_accounted(scheduler: Scheduler) -> None:
    for counts in scheduler.accounts().values():
        outcomes = sum(counts[outcome.value] for outcome in Outcome)
        assert counts['received'] == outcomes + counts['pending']
        assert min(counts.values()) >= 0


@given(EVENTS, st.floats(0.5, 100.0), st.floats(0.0, 0.1), st.floats(0.0, 0.3), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_every_frame_is_accounted_for(events, fps, batch_wait, max_frame_age, max_batch):
    scheduler = Scheduler(
        CAMERAS,
        BatchRule(fps=fps, batch_wait=batch_wait, max_frame_age=max_frame_age, max_batch=max_batch),
    )
    now, number, taken, seen = 0.0, 0, [], set()
    for kind, camera, outcome, step in events:
        now += step
        if kind == 'put':
            scheduler.put(camera, number, now)
            number += 1
        elif kind == 'take':
            tickets, again_at = scheduler.take(now)
            assert len(tickets) <= max_batch
            assert len({ticket.camera for ticket in tickets}) == len(tickets)
            assert not seen & {ticket.frame for ticket in tickets}
            assert again_at is None or (not tickets and again_at > now)
            seen |= {ticket.frame for ticket in tickets}
            taken += tickets
        elif kind == 'settle' and taken:
            scheduler.settle(taken.pop().camera, outcome)
        elif kind == 'refuse':
            scheduler.refuse(camera, outcome, now)
        elif kind == 'clear':
            scheduler.clear(outcome)
        assert_accounted(scheduler)


def simulate(rule: BatchRule, arrivals: list[tuple[float, str]], inference: float = 0.005) -> tuple:
    """Run arrivals through a scheduler; return it and (time, batch) of each batch."""
    scheduler = Scheduler(CAMERAS, rule)
    arrivals = sorted(arrivals)
    batches, index, free_at, wake = [], 0, 0.0, None
    while index < len(arrivals) or wake is not None:
        times = [wake] if wake is not None else []
        if index < len(arrivals):
            times.append(arrivals[index][0])
        now = min(times)
        wake = None if wake == now else wake
        while index < len(arrivals) and arrivals[index][0] <= now:
            scheduler.put(arrivals[index][1], arrivals[index], now)
            index += 1
        if now < free_at:
            wake = free_at
            continue
        tickets, again_at = scheduler.take(now)
        wake = again_at
        if tickets:
            for ticket in tickets:
                scheduler.settle(ticket.camera, Outcome.PROCESSED)
            batches.append((now, tickets))
            free_at = wake = now + inference
        assert_accounted(scheduler)
    return scheduler, batches


def steady(camera: str, rate: float, seconds: float, phase: float = 0.0) -> list:
    return [(phase + i / rate, camera) for i in range(int(rate * seconds))]


@pytest.mark.parametrize('rate', [5.0, 10.0, 14.9, 15.0, 15.05, 15.25, 20.0, 29.97, 60.0])
def test_a_camera_is_processed_at_its_rate_or_fps(rate):
    scheduler, _ = simulate(BatchRule(fps=15.0), steady('front', rate, 60.0))
    processed = scheduler.accounts()['front']['processed']
    expected = min(rate, 15.0) * 60.0
    # The bucket starts with one token: one frame more, once.
    assert 0.98 * expected <= processed <= 1.02 * expected + 1
    if rate <= 15.3:
        assert processed == scheduler.accounts()['front']['received']


def test_jitter_loses_nothing():
    arrivals = [(i / 15 + 0.008 * ((i * 7) % 5 - 2) / 2 + 0.1, 'front') for i in range(900)]
    scheduler, _ = simulate(BatchRule(fps=15.0), arrivals)
    assert scheduler.accounts()['front']['processed'] == 900


def test_cameras_in_phase_share_batches():
    arrivals = [
        (t + 0.001 * n, camera)
        for n, camera in enumerate(CAMERAS)
        for t, camera in steady(camera, 15.0, 10.0)
    ]
    _, batches = simulate(BatchRule(fps=15.0), arrivals)
    sizes = [len(tickets) for _, tickets in batches[1:]]
    assert sizes.count(4) >= 0.98 * len(sizes)


def test_cameras_out_of_phase_wait_for_nobody():
    arrivals = [
        event
        for n, camera in enumerate(CAMERAS)
        for event in steady(camera, 15.0, 10.0, phase=n / 60)
    ]
    scheduler, batches = simulate(BatchRule(fps=15.0), arrivals)
    waits = [now - ticket.arrival for now, tickets in batches[12:] for ticket in tickets]
    assert max(waits) == pytest.approx(0.0, abs=1e-9)
    assert all(c['processed'] == c['received'] for c in scheduler.accounts().values())


def test_a_silent_camera_is_waited_for_only_until_its_timeout():
    scheduler = Scheduler(CAMERAS[:2], BatchRule(fps=15.0, camera_timeout=0.5))
    scheduler.put('left', 0, 0.0)
    assert scheduler.take(0.0)[0]
    scheduler.put('front', 1, 0.3)
    tickets, again_at = scheduler.take(0.3)
    assert tickets == []
    assert again_at == pytest.approx(0.31)
    assert [t.camera for t in scheduler.take(again_at)[0]] == ['front']
    scheduler.put('front', 2, 0.6)
    assert [t.camera for t in scheduler.take(0.6)[0]] == ['front']


@pytest.mark.parametrize('max_batch', [1, 2, 3])
def test_cameras_take_turns_whoever_comes_first(max_batch):
    arrivals = [
        (i / 15 + 0.001 * place, camera) for i in range(900) for place, camera in enumerate(CAMERAS)
    ]
    scheduler, _ = simulate(BatchRule(fps=15.0, max_batch=max_batch), arrivals, max_batch / 40)
    shares = [counts['processed'] for counts in scheduler.accounts().values()]
    assert sum(shares) == pytest.approx(40 * 60, rel=0.05), 'all that the engine does'
    assert max(shares) - min(shares) <= 0.1 * max(shares)


@pytest.mark.parametrize('count', [2, 3, 4, 9])
def test_three_intervals_are_known_from_the_second_frame_on(count):
    scheduler = Scheduler(CAMERAS, BatchRule(fps=15.0))
    assert scheduler.arrivals('front') == (None, 0.0)
    for number in range(count):
        scheduler.put('front', number, 10.0 + 2.0 * number)
    assert scheduler.arrivals('front') == pytest.approx((8.0 + 2.0 * count, 6.0))


def test_an_old_frame_is_stale():
    scheduler = Scheduler(('front',), BatchRule(fps=15.0, max_frame_age=0.1))
    scheduler.put('front', 0, 0.0)
    assert scheduler.take(0.2) == ([], None)
    assert scheduler.accounts()['front']['stale'] == 1


def test_a_new_rule_counts_at_once():
    scheduler = Scheduler(('front',), BatchRule(fps=1.0))
    scheduler.put('front', 0, 0.0)
    assert scheduler.take(0.0)[0]
    scheduler.put('front', 1, 0.1)
    assert not scheduler.take(0.1)[0]
    scheduler.rule = BatchRule(fps=100.0)
    assert scheduler.take(0.2)[0]
