"""When each frame is due: an absolute schedule, so that no delay adds up."""

from __future__ import annotations

from dataclasses import dataclass

from roadseg_core.bags.cdr import BILLION
from roadseg_ros.player.packets import Packet


@dataclass(frozen=True)
class Schedule:
    """
    Say when the packets of a camera are due.

    :param fps: frames per second to send; None to follow the recorded times
    :param rate: speed of the recorded times (2.0 plays twice as fast); no effect with ``fps``
    :param phase_ns: how much later than its turn the camera sends
    """

    fps: float | None = None
    rate: float = 1.0
    phase_ns: int = 0

    def due_ns(self, packet: Packet, origin_ns: int) -> int:
        """
        Return nanoseconds after the start.

        :param origin_ns: the recorded time that is the start
        """
        if self.fps:
            return round(packet.index * BILLION / self.fps) + self.phase_ns
        return round((packet.time_ns - origin_ns) / self.rate) + self.phase_ns
