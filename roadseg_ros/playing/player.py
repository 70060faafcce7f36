"""Send packets when they are due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import heapq
import json
import threading
import time
from typing import Protocol, TextIO

from roadseg_ros.playing.cdr import BILLION, with_stamp
from roadseg_ros.playing.packets import Packet
from roadseg_ros.playing.read_ahead import ReadAhead
from roadseg_ros.playing.schedule import RecordedClock, Schedule

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
class PlayLimits:
    """When to stop: after so many frames of each camera, after so much time, or neither."""

    frames: int | None = None
    seconds: float | None = None

    def reached(self, packet: Packet, due_ns: int) -> bool:
        """Say whether a packet is no longer to be sent."""
        return ((self.frames is not None and packet.index >= self.frames)
                or (self.seconds is not None and due_ns >= self.seconds * BILLION))


def play(
        reading: ReadAhead, schedules: dict[str, Schedule], output: Output, *,
        current_stamps: bool, limits: PlayLimits, clock_hz: float, clock_speed: float,
        log: TextIO | None, stop: threading.Event,
        progress: Callable[[Played], None] = lambda played: None) -> Played:
    """
    Send everything, in the order in which it is due, on CLOCK_MONOTONIC.

    What is late is still sent. ``clock_speed`` is recorded seconds per second.

    :param stop: ends the playing early
    :param progress: called about once a second
    :raises SourceError: what reading the sources raised
    """
    played = Played(dict.fromkeys(schedules, 0))
    heads = {camera: packet for camera in schedules
             if (packet := reading.next(camera)) is not None}
    if not heads:
        return played
    origin_ns = min(packet.time_ns for packet in heads.values())
    clock = RecordedClock(min(packet.stamp_ns for packet in heads.values()), clock_speed)
    newest_ns = 0
    queue = [(schedules[camera].due_ns(packet, origin_ns), camera)
             for camera, packet in heads.items()]
    heapq.heapify(queue)
    start_ns = time.monotonic_ns()
    tick_ns = round(BILLION / clock_hz) if clock_hz else 0
    next_tick, next_report = 0, BILLION
    while queue and not stop.is_set():
        due_ns, camera = queue[0]
        packet = heads[camera]
        if limits.reached(packet, due_ns):
            heapq.heappop(queue)
            continue
        elapsed = time.monotonic_ns() - start_ns
        if tick_ns and elapsed >= next_tick:
            output.send_clock(
                time.time_ns() if current_stamps else clock.time_ns(elapsed, newest_ns))
            next_tick += tick_ns * ((elapsed - next_tick) // tick_ns + 1)
        if elapsed >= next_report:
            played.seconds = elapsed / BILLION
            progress(played)
            next_report += BILLION
        wake = min(due_ns, next_tick) if tick_ns else due_ns
        if wake > elapsed:
            stop.wait((wake - elapsed) / BILLION)
            continue
        if due_ns > elapsed:
            continue
        stamp_ns = time.time_ns() if current_stamps else packet.stamp_ns
        image = with_stamp(packet.image, stamp_ns)
        info = with_stamp(packet.camera_info, stamp_ns) if packet.camera_info else None
        sent_ns = time.monotonic_ns()
        output.send(camera, image, info)
        newest_ns = max(newest_ns, stamp_ns)
        played.sent[camera] += 1
        delay_ns = sent_ns - start_ns - due_ns
        played.late += delay_ns > LATE_NS
        played.worst_delay_ns = max(played.worst_delay_ns, delay_ns)
        if log:
            log.write(json.dumps({'camera': camera, 'stamp_ns': stamp_ns, 'sent_ns': sent_ns,
                                  'index': packet.index}) + '\n')
        following = reading.next(camera)
        if following is None:
            heapq.heappop(queue)
        else:
            heads[camera] = following
            heapq.heapreplace(
                queue, (schedules[camera].due_ns(following, origin_ns), camera))
    played.seconds = (time.monotonic_ns() - start_ns) / BILLION
    return played
