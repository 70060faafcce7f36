"""Stages hand on in order, hand on what fails, and end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from roadseg_core.evaluation.drives.stages import Behind, mapped, read_ahead


def counting(count: int, closed: list[bool]) -> Iterator[int]:
    try:
        yield from range(count)
    finally:
        closed.append(True)


def failing() -> Iterator[int]:
    yield 1
    raise OSError('no more')


def threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def test_lists_hold_every_item_and_are_read_and_closed_in_one_thread() -> None:
    seen: set[str] = set()

    def items() -> Iterator[int]:
        try:
            for number in range(7):
                seen.add(threading.current_thread().name)
                yield number
        finally:
            seen.add(threading.current_thread().name)

    assert list(read_ahead(items(), 3, ahead=2)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(read_ahead(counting(0, []), 3, ahead=2)) == []
    assert len(seen) == 1 and seen.pop().startswith('reading') and not threads('reading')


def test_items_come_in_order_through_all_stages() -> None:
    closed: list[bool] = []
    groups = read_ahead(counting(100, closed), 3, ahead=3)
    squares = mapped(
        lambda group: [number * number for number in group], groups, workers=4, ahead=6
    )
    assert sum(squares, []) == [number * number for number in range(100)]
    assert closed == [True] and not threads('reading')


def test_a_consumer_that_stops_ends_the_threads_and_closes_the_iterator() -> None:
    closed: list[bool] = []
    items = mapped(len, read_ahead(counting(10**9, closed), 4, ahead=2), workers=1, ahead=2)
    assert [next(items), next(items)] == [4, 4]
    items.close()
    assert closed == [True] and not threads('reading')


def test_what_a_stage_raises_reaches_the_consumer() -> None:
    with pytest.raises(OSError, match='no more'):
        list(read_ahead(failing(), 1, ahead=2))
    numbers = (number for number in (1, 0, 1))
    with pytest.raises(ZeroDivisionError):
        list(mapped(lambda number: 1 // number, numbers, workers=2, ahead=2))


def test_one_worker_takes_in_order_and_nothing_after_a_failure() -> None:
    taken: list[int] = []

    def take(number: int) -> None:
        if number == 3:
            raise OSError('disk full')
        taken.append(number)

    with pytest.raises(OSError, match='disk full'):
        list(mapped(take, counting(10**9, []), workers=1, ahead=1))
    assert taken == [0, 1, 2]


def test_calls_are_made_in_order_behind_and_what_they_raise_comes_back() -> None:
    made: list[int] = []
    with Behind(2) as behind:
        for number in range(20):
            behind.call(made.append, number)
        behind.finish()
        assert made == list(range(20))
        behind.call(made.remove, -1)
        with pytest.raises(ValueError, match='not in list'):
            behind.finish()
    gate = threading.Event()
    with Behind(3) as behind:
        behind.call(gate.wait)
        behind.call(made.append, 20)
        gate.set()
        behind.finish()
    assert made[-1] == 20
