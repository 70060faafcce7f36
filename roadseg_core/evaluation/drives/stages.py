"""Stages that work at the same time, each handing on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TypeVar

Item = TypeVar('Item')
Made = TypeVar('Made')


def read_ahead(items: Iterator[Item], size: int, *, ahead: int) -> Iterator[list[Item]]:
    """
    Yield lists of ``size`` items, which a thread of its own takes some lists ahead.

    The thread also closes the iterator: what was opened in it is closed in it.

    :param items: a generator
    """
    with ThreadPoolExecutor(1, thread_name_prefix='reading') as reader:

        def take() -> Future[list[Item]]:
            return reader.submit(lambda: list(islice(items, size)))

        waiting = deque(take() for _ in range(ahead))
        try:
            while group := waiting.popleft().result():
                waiting.append(take())
                yield group
        finally:
            for future in waiting:
                future.cancel()
            reader.submit(items.close)


def mapped(
    function: Callable[[Item], Made], items: Iterator[Item], *, workers: int, ahead: int
) -> Iterator[Made]:
    """
    Yield ``function`` of each item in order, computed by some threads, some items ahead.

    :param items: a generator; closed with this one
    """
    with closing(items), ThreadPoolExecutor(workers) as executor:
        waiting: deque[Future[Made]] = deque()
        try:
            for item in items:
                waiting.append(executor.submit(function, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Behind:
    """
    Run calls one after another in a thread of its own; use it as a context.

    What a call raises is raised by a later :meth:`call`, or by :meth:`finish`.

    :param most: calls that may wait; another waits until there is room
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._executor = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Behind:
        return self

    def __exit__(self, *failure: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        """Have a function called after those before it."""
        if len(self._waiting) == self._most:
            self._waiting.popleft().result()
        self._waiting.append(self._executor.submit(function, *arguments))

    def finish(self) -> None:
        """Wait for all calls."""
        while self._waiting:
            self._waiting.popleft().result()
