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
from roadseg_ros.player.packets import Packet
from roadseg_ros.player.read_ahead import ReadAhead
from roadseg_ros.player.schedule import Schedule

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


@dataclass(frozen=True)
class Pace:
    """
    Say which stamps to send, when to stop, and the clock.

    :param current_stamps: stamp with the time of sending, rather than as recorded
    :param frames: stop after this many frames of each camera; None for all
    :param seconds: stop after so much time; None for the end
    :param clock_hz: rate of the clock, 0 for none
    :param clock_speed: recorded seconds per second
    """

    current_stamps: bool = False
    frames: int | None = None
    seconds: float | None = None
    clock_hz: float = 0.0
    clock_speed: float = 1.0

    def ends_before(self, packet: Packet, due_ns: int) -> bool:
        """Say whether a packet is no longer to be sent."""
        return (self.frames is not None and packet.index >= self.frames) or (
            self.seconds is not None and due_ns >= self.seconds * BILLION
        )


def play(
    reading: ReadAhead,
    schedules: dict[str, Schedule],
    output: Output,
    *,
    pace: Pace,
    log: TextIO | None,
    stop: threading.Event,
    progress: Callable[[Played], None] = lambda played: None,
) -> Played:
    """
    Send everything, in the order in which it is due, on CLOCK_MONOTONIC.

    What is late is still sent.

    :param stop: ends the playing early
    :param progress: called about once a second
    :raises SourceError: what reading the sources raised
    """
    heads = {camera: packet for camera in schedules if (packet := reading.next(camera)) is not None}
    if not heads:
        return Played(dict.fromkeys(schedules, 0))
    return _Playing(reading, schedules, output, pace, log, heads).run(stop, progress)


class _Playing:
    """One playing: the next packet of each camera, and the time since the start."""

    def __init__(
        self,
        reading: ReadAhead,
        schedules: dict[str, Schedule],
        output: Output,
        pace: Pace,
        log: TextIO | None,
        heads: dict[str, Packet],
    ) -> None:
        self._reading, self._schedules, self._output = reading, schedules, output
        self._pace, self._log, self._heads = pace, log, heads
        self._played = Played(dict.fromkeys(schedules, 0))
        self._origin_ns = min(packet.time_ns for packet in heads.values())
        self._queue = [(self._due_ns(camera), camera) for camera in heads]
        heapq.heapify(self._queue)
        self._first_stamp_ns = min(packet.stamp_ns for packet in heads.values())
        self._newest_stamp_ns = 0
        self._tick_ns = round(BILLION / pace.clock_hz) if pace.clock_hz else 0
        self._next_tick_ns, self._next_report_ns = 0, BILLION
        self._start_ns = time.monotonic_ns()

    def run(self, stop: threading.Event, progress: Callable[[Played], None]) -> Played:
        while self._queue and not stop.is_set():
            due_ns, camera = self._queue[0]
            if self._pace.ends_before(self._heads[camera], due_ns):
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
        return self._schedules[camera].due_ns(self._heads[camera], self._origin_ns)

    def _tick(self, elapsed_ns: int) -> None:
        """Send the clock if it is due; ticks that were missed are left out."""
        if not self._tick_ns or elapsed_ns < self._next_tick_ns:
            return
        # Even, and never before a stamp that was sent.
        recorded_ns = self._first_stamp_ns + round(elapsed_ns * self._pace.clock_speed)
        self._output.send_clock(
            time.time_ns() if self._pace.current_stamps else max(recorded_ns, self._newest_stamp_ns)
        )
        self._next_tick_ns += self._tick_ns * (
            (elapsed_ns - self._next_tick_ns) // self._tick_ns + 1
        )

    def _send(self, camera: str, due_ns: int) -> None:
        packet = self._heads[camera]
        stamp_ns = time.time_ns() if self._pace.current_stamps else packet.stamp_ns
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
            self._log.write(
                json.dumps(
                    {
                        'camera': camera,
                        'stamp_ns': stamp_ns,
                        'sent_ns': sent_ns,
                        'index': packet.index,
                    }
                )
                + '\n'
            )

    def _advance(self, camera: str) -> None:
        following = self._reading.next(camera)
        if following is None:
            heapq.heappop(self._queue)
        else:
            self._heads[camera] = following
            heapq.heapreplace(self._queue, (self._due_ns(camera), camera))
