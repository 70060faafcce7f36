"""Stages hand on in order, hand on what fails, and end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from roadseg_core.evaluation.drives.stages import Sink, buffered, grouped, mapped


def counting(count: int, closed: list[bool]) -> Iterator[int]:
    try:
        yield from range(count)
    finally:
        closed.append(True)


def failing() -> Iterator[int]:
    yield 1
    raise OSError('no more')


def fill(sink: Sink) -> None:
    for number in range(1000):
        sink.put(number)


def threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


def test_groups_hold_every_item_and_close_what_they_read() -> None:
    closed: list[bool] = []
    assert list(grouped(counting(7, closed), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(grouped([], 3)) == []
    groups = grouped(counting(10**9, closed := []), 4)
    assert next(groups) == [0, 1, 2, 3]
    groups.close()
    assert closed == [True]


def test_items_come_in_order_through_all_stages() -> None:
    closed: list[bool] = []
    taken: list[int] = []
    sink = Sink(taken.append, 2, name='taking', last=lambda: taken.append(-1))
    for item in mapped(
        lambda number: number * number,
        buffered(counting(100, closed), 3, name='reading'),
        workers=4,
        ahead=6,
    ):
        sink.put(item)
    sink.close(drain=True)
    assert taken == [*(number * number for number in range(100)), -1]
    assert closed and not threads('reading') and not threads('taking')


def test_a_consumer_that_stops_ends_the_thread_and_closes_the_iterator() -> None:
    closed: list[bool] = []
    items = buffered(counting(10**9, closed), 2, name='reading')
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert closed and not threads('reading')


def test_what_a_stage_raises_reaches_the_consumer() -> None:
    with pytest.raises(OSError, match='no more'):
        list(buffered(failing(), 2, name='reading'))
    with pytest.raises(ZeroDivisionError):
        list(mapped(lambda number: 1 // number, [1, 0, 1], workers=2, ahead=2))


def test_what_a_sink_raises_reaches_the_producer_and_ends_it() -> None:
    def take(item: int) -> None:
        raise OSError('disk full')

    finished: list[bool] = []
    sink = Sink(take, 1, name='taking', last=lambda: finished.append(True))
    with pytest.raises(OSError, match='disk full'):
        fill(sink)
    with pytest.raises(OSError, match='disk full'):
        sink.close(drain=True)
    assert not finished and not threads('taking')


def test_a_sink_that_is_dropped_does_not_finish() -> None:
    finished: list[bool] = []
    sink = Sink(lambda item: None, 4, name='taking', last=lambda: finished.append(True))
    sink.put(1)
    sink.close(drain=False)
    assert not finished and not threads('taking')
