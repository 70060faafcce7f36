"""Stages that work at the same time, each handing on in order."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar('Item')
Made = TypeVar('Made')

_POLL_SECONDS = 0.1


def buffered(items: Iterable[Item], depth: int, *, name: str) -> Iterator[Item]:
    """
    Let a thread of its own run ``items``, at most ``depth`` items ahead.

    What it raises is raised here. When the consumer stops, the thread ends and the iterator is
    closed in it: what it opened, it closes.
    """
    ready: queue.Queue[tuple[str, object]] = queue.Queue(depth)
    stopped = threading.Event()

    def put(kind: str, value: object) -> bool:
        while not stopped.is_set():
            try:
                ready.put((kind, value), timeout=_POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not put('item', item):
                    break
            else:
                put('end', None)
        except BaseException as error:  # handed to the consumer, whatever it is
            put('error', error)
        finally:
            _close(iterator)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == 'end':
                return
            if kind == 'error':
                raise value
            yield value
    finally:
        stopped.set()
        thread.join()


def grouped(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of so many items, the last of the rest; closed, it closes the items."""
    iterator = iter(items)
    try:
        while group := list(islice(iterator, size)):
            yield group
    finally:
        _close(iterator)


def _close(iterator: Iterator[object]) -> None:
    """Close a generator; other iterators hold nothing."""
    close = getattr(iterator, 'close', None)
    if close is not None:
        close()


def mapped(
    function: Callable[[Item], Made], items: Iterable[Item], *, workers: int, ahead: int
) -> Iterator[Made]:
    """Yield ``function`` of each item in order, computed by some threads, some items ahead."""
    with ThreadPoolExecutor(workers) as executor:
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


class Sink:
    """
    Let a thread of its own take items, in order, at most ``depth`` behind.

    :param function: called with each item in that thread
    :param last: called in that thread after the last item, where the sink is drained
    """

    def __init__(
        self, function: Callable[[Item], None], depth: int, *, name: str, last: Callable[[], None]
    ) -> None:
        self._function = function
        self._last = last
        self._items: queue.Queue[object] = queue.Queue(depth)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: object) -> None:
        """
        Hand over an item.

        :raises Exception: what the function raised for an earlier one
        """
        while self._error is None:
            try:
                self._items.put(item, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue
        raise self._error

    def close(self, *, drain: bool) -> None:
        """
        End the thread: after the items that wait, or at once.

        :raises Exception: what the function raised, where the items were to be taken
        """
        if not drain:
            self._error = self._error or RuntimeError('stopped')
        elif self._error is None:
            self.put(_END)
        self._thread.join()
        if drain and self._error is not None:
            raise self._error

    def _run(self) -> None:
        while self._error is None:
            try:
                item = self._items.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            try:
                if item is _END:
                    self._last()
                    return
                self._function(item)
            except BaseException as error:  # handed to the producer, whatever it is
                self._error = error


_END = object()
