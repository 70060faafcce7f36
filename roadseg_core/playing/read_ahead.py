"""Read all sources ahead of time by one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait

from roadseg_core.playing.packets import Packet

DEPTH = 8


class ReadAhead:
    """
    Keep some packets of each camera ready; what was taken is made up for in the order of taking.

    :param streams: packets by camera; only the reading thread touches them
    :param depth: packets to have ready for each camera
    """

    def __init__(self, streams: Mapping[str, Iterator[Packet]], *, depth: int = DEPTH) -> None:
        self._streams = dict(streams)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix='read-ahead')
        self._ready: dict[str, deque[Future[Packet | None]]] = {name: deque() for name in streams}
        for _ in range(depth):
            for camera in streams:
                self._read(camera)

    def next(self, camera: str) -> Packet | None:
        """
        Return the next packet of a camera, waiting for it; None at the end, and once closed.

        :raises SourceError: what reading it raised
        """
        try:
            packet = self._ready[camera].popleft().result()
        except (CancelledError, IndexError):
            return None
        if packet is not None:
            self._read(camera)
        return packet

    def wait_until_filled(self) -> None:
        """Wait until each camera has its packets ready, or has no more."""
        wait([future for ready in self._ready.values() for future in ready])

    def close(self) -> None:
        """Stop reading."""
        self._thread.shutdown(cancel_futures=True)

    def _read(self, camera: str) -> None:
        self._ready[camera].append(self._thread.submit(next, self._streams[camera], None))
