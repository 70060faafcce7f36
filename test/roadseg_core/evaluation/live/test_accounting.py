"""What became of every frame that was sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.evaluation.live.accounting import CAUSES, account, node_counts, read_sent

MS = 1_000_000


def counts(received: int, **causes: int) -> dict[str, int]:
    return {'received': received, **dict.fromkeys(CAUSES, 0), **causes}


def test_sent_and_received_are_matched_by_camera_and_stamp(tmp_path: Path) -> None:
    log = tmp_path / 'sent.jsonl'
    log.write_text(
        ''.join(
            f'{{"camera": "{camera}", "stamp_ns": {stamp}, "sent_ns": {stamp * 10 * MS}, '
            f'"index": {stamp}}}\n'
            for stamp in range(3)
            for camera in ('front', 'left')
        ),
        encoding='utf-8',
    )
    sent = read_sent(log)
    received = {
        ('front', 0): 5 * MS,
        ('front', 1): 17 * MS,
        ('front', 2): 29 * MS,
        ('left', 2): 21 * MS,
    }
    result = account(
        sent, received, {'front': counts(3, processed=3), 'left': counts(2, processed=1, stale=1)}
    )
    assert result.problems == ()
    assert result.frames['left'] == {
        'sent': 3,
        'lost_by_dds': 1,
        'recorded': 1,
        **counts(2, processed=1, stale=1),
    }
    assert result.frames['total']['sent'] == 6
    assert sorted(result.latencies_ms) == [1.0, 5.0, 7.0, 9.0]
    assert result.fps['front'] == pytest.approx(83.33)


@pytest.mark.parametrize(
    ('count', 'problem'),
    [
        (counts(2, processed=1), 'received 2 frames and accounts for 1'),
        (counts(3, processed=1, bad=2), 'received 3 frames of 2 that were sent'),
        (counts(2, processed=2), 'processed 2 frames, and 1 label images'),
        (counts(2, processed=1, pending=1), '1 frames still pending'),
    ],
)
def test_what_does_not_add_up_is_a_problem(count: dict[str, int], problem: str) -> None:
    result = account({('front', 1): 0, ('front', 2): 0}, {('front', 1): MS}, {'front': count})
    assert any(problem in found for found in result.problems)


def test_a_stamp_that_was_never_sent_is_a_problem() -> None:
    result = account({}, {('front', 1): MS}, {'front': counts(0)})
    assert 'which was never sent' in result.problems[0]


def test_nothing_received_gives_no_latency() -> None:
    result = account({('front', 1): 0}, {}, {'front': counts(0)})
    assert not len(result.latencies_ms)
    assert result.frames['front']['lost_by_dds'] == 1


def test_counters_are_found_by_the_camera_of_the_status() -> None:
    statuses = {
        'engine': {'state': 'READY'},
        'camera front_left': {'received': '9'},
        'camera front': {'received': '4', 'processed': '3', 'bad': '1'},
    }
    found = node_counts(statuses, ('front', 'left'))
    assert found == {'front': counts(4, processed=3, bad=1), 'left': counts(0)}


FATES = ('lost_by_dds', *CAUSES)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(['front', 'left']), st.integers(0, 1000)),
        st.tuples(st.sampled_from(FATES), st.integers(1, 500)),
        min_size=1,
    )
)
def test_whatever_becomes_of_frames_adds_up(
    frames: dict[tuple[str, int], tuple[str, int]],
) -> None:
    sent = {key: key[1] * MS for key in frames}
    received = {
        key: sent[key] + late * MS for key, (fate, late) in frames.items() if fate == 'processed'
    }
    fates = {
        camera: [fate for (name, _), (fate, _) in frames.items() if name == camera]
        for camera in ('front', 'left')
    }
    result = account(
        sent,
        received,
        {
            camera: counts(
                len(own) - own.count('lost_by_dds'), **{cause: own.count(cause) for cause in CAUSES}
            )
            for camera, own in fates.items()
        },
    )
    pending = [camera for camera, own in fates.items() if 'pending' in own]
    assert [problem.partition(':')[0] for problem in result.problems] == pending
    for camera, own in fates.items():
        assert {fate: result.frames[camera][fate] for fate in FATES} == {
            fate: own.count(fate) for fate in FATES
        }
    assert result.frames['total']['sent'] == len(frames)
    assert sorted(result.latencies_ms) == sorted(
        late for fate, late in frames.values() if fate == 'processed'
    )
    assert all(latency > 0 for latency in result.latencies_ms)
