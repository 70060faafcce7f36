"""Read all sources ahead of time by one thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping

from roadseg_ros.player.packets import Packet

DEPTH = 8


class ReadAhead:
    """
    Keep some packets of each camera ready.

    :param streams: packets by camera; only the reading thread touches them
    :param depth: packets to have ready for each camera
    """

    def __init__(self, streams: Mapping[str, Iterator[Packet]], *, depth: int = DEPTH) -> None:
        self._streams = dict(streams)
        self._depth = depth
        self._ready: dict[str, deque[Packet]] = {camera: deque() for camera in streams}
        self._ended: set[str] = set()
        self._error: Exception | None = None
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='read-ahead', daemon=True)
        self._thread.start()

    def next(self, camera: str) -> Packet | None:
        """
        Return the next packet of a camera, waiting for it; None at the end.

        :raises SourceError: what reading it raised
        """
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._ready[camera] or camera in self._ended or self._error or self._stopping
                )
            )
            if self._ready[camera]:
                packet = self._ready[camera].popleft()
                self._changed.notify_all()
                return packet
            if self._error:
                raise self._error
            return None

    def wait_until_filled(self) -> None:
        """Wait until each camera has its packets ready, or has no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or self._stopping or self._wanting() is None)

    def close(self) -> None:
        """Stop reading."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout=5.0)

    def _wanting(self) -> str | None:
        """Return the camera that has the fewest packets ready, None if all have enough."""
        open_cameras = [camera for camera in self._streams if camera not in self._ended]
        camera = min(open_cameras, key=lambda name: len(self._ready[name]), default=None)
        return camera if camera and len(self._ready[camera]) < self._depth else None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (
                        self._stopping
                        or len(self._ended) == len(self._streams)
                        or self._wanting() is not None
                    )
                )
                camera = self._wanting()
                if self._stopping or camera is None:
                    return
            packet, error = None, None
            try:
                packet = next(self._streams[camera], None)
            except Exception as raised:  # handed to the thread that asks for the packet
                error = raised
            with self._changed:
                if error:
                    self._error = error
                elif packet is None:
                    self._ended.add(camera)
                else:
                    self._ready[camera].append(packet)
                self._changed.notify_all()
                if error:
                    return
