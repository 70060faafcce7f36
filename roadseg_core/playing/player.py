"""Send packets when they are due."""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from roadseg_core.bags.cdr import BILLION, with_stamp
from roadseg_core.playing.packets import Packet
from roadseg_core.playing.read_ahead import ReadAhead
from roadseg_core.playing.settings import PlaySettings

LATE_NS = 5_000_000
"""A frame sent later than this after it was due counts as late."""


class Output(Protocol):
    """Where packets go; bytes are serialized messages."""

    def send(self, camera: str, image: bytes, camera_info: bytes | None) -> None:
        """Send one frame."""
        ...

    def send_clock(self, time_ns: int) -> None:
        """Send the time."""
        ...


@dataclass
class Played:
    """Count what was sent: frames by camera, frames that were late, and the worst delay."""

    sent: dict[str, int]
    late: int = 0
    worst_delay_ns: int = 0
    seconds: float = 0.0


class Player:
    """
    Send everything, in the order in which it is due, on CLOCK_MONOTONIC; late, too.

    :param clock_speed: recorded seconds per second of /clock
    :raises SourceError: also from ``run``: what reading the sources raised
    """

    def __init__(
        self,
        reading: ReadAhead,
        settings: PlaySettings,
        output: Output,
        *,
        clock_speed: float = 1.0,
        log: TextIO | None = None,
    ) -> None:
        self._reading, self._settings, self._output = reading, settings, output
        self._clock_speed, self._log = clock_speed, log
        self._current = settings.stamps == 'current'
        self._phases = {camera.name: camera.phase_ns for camera in settings.cameras}
        self._played = Played(dict.fromkeys(self._phases, 0))
        packets = ((camera, reading.next(camera)) for camera in self._phases)
        self._heads = {camera: packet for camera, packet in packets if packet is not None}
        # Absolute times, so that no delay adds up.
        self._origin_ns = min((packet.time_ns for packet in self._heads.values()), default=0)
        self._queue = [(self._due_ns(camera), camera) for camera in self._heads]
        heapq.heapify(self._queue)
        self._first_stamp_ns = min((packet.stamp_ns for packet in self._heads.values()), default=0)
        self._newest_stamp_ns = 0
        self._tick_ns = round(BILLION / settings.clock_hz) if settings.clock_hz else 0
        self._next_tick_ns, self._next_report_ns = 0, BILLION
        self._start_ns = time.monotonic_ns()

    def run(
        self, stop: threading.Event, progress: Callable[[Played], None] = lambda played: None
    ) -> Played:
        """Play until all is sent or until ``stop``; call ``progress`` about once a second."""
        while self._queue and not stop.is_set():
            due_ns, camera = self._queue[0]
            if self._ends_before(self._heads[camera], due_ns):
                heapq.heappop(self._queue)
                continue
            elapsed_ns = self._elapsed_ns()
            self._tick(elapsed_ns)
            if elapsed_ns >= self._next_report_ns:
                self._played.seconds = elapsed_ns / BILLION
                progress(self._played)
                self._next_report_ns += BILLION
            if due_ns <= elapsed_ns:
                self._send(camera, due_ns)
                self._advance(camera)
            else:
                wake_ns = min(due_ns, self._next_tick_ns) if self._tick_ns else due_ns
                stop.wait((wake_ns - elapsed_ns) / BILLION)
        self._played.seconds = self._elapsed_ns() / BILLION
        return self._played

    def _elapsed_ns(self) -> int:
        return time.monotonic_ns() - self._start_ns

    def _due_ns(self, camera: str) -> int:
        """Return how long after the start the next packet of a camera is due."""
        packet, settings = self._heads[camera], self._settings
        if settings.fps:
            due_ns = packet.index * BILLION / settings.fps
        else:
            due_ns = (packet.time_ns - self._origin_ns) / settings.rate
        return round(due_ns) + self._phases[camera]

    def _ends_before(self, packet: Packet, due_ns: int) -> bool:
        frames, seconds = self._settings.frames, self._settings.seconds
        return (frames is not None and packet.index >= frames) or (
            seconds is not None and due_ns >= seconds * BILLION
        )

    def _tick(self, elapsed_ns: int) -> None:
        """Send the clock if it is due; ticks that were missed are left out."""
        if not self._tick_ns or elapsed_ns < self._next_tick_ns:
            return
        # Even, and never before a stamp that was sent.
        recorded_ns = self._first_stamp_ns + round(elapsed_ns * self._clock_speed)
        self._output.send_clock(
            time.time_ns() if self._current else max(recorded_ns, self._newest_stamp_ns)
        )
        self._next_tick_ns += self._tick_ns * (
            (elapsed_ns - self._next_tick_ns) // self._tick_ns + 1
        )

    def _send(self, camera: str, due_ns: int) -> None:
        packet = self._heads[camera]
        stamp_ns = time.time_ns() if self._current else packet.stamp_ns
        image = with_stamp(packet.image, stamp_ns)
        info = with_stamp(packet.camera_info, stamp_ns) if packet.camera_info else None
        sent_ns = time.monotonic_ns()
        self._output.send(camera, image, info)
        self._newest_stamp_ns = max(self._newest_stamp_ns, stamp_ns)
        self._played.sent[camera] += 1
        delay_ns = sent_ns - self._start_ns - due_ns
        self._played.late += delay_ns > LATE_NS
        self._played.worst_delay_ns = max(self._played.worst_delay_ns, delay_ns)
        if self._log:
            sent = {'camera': camera, 'stamp_ns': stamp_ns, 'sent_ns': sent_ns}
            self._log.write(json.dumps({**sent, 'index': packet.index}) + '\n')

    def _advance(self, camera: str) -> None:
        following = self._reading.next(camera)
        if following is None:
            heapq.heappop(self._queue)
        else:
            self._heads[camera] = following
            heapq.heapreplace(self._queue, (self._due_ns(camera), camera))
