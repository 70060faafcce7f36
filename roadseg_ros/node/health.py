"""Publish the health of a camera: at every change, and when the node's timer asks for it."""

from __future__ import annotations

import math
import platform
import threading

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import QoSProfile

from roadseg_core.health import CameraHealth, Health, HealthSettings
from roadseg_core.labels import LabelMap

_LEVELS = {
    'usable': DiagnosticStatus.OK,
    'degraded': DiagnosticStatus.WARN,
    'unusable': DiagnosticStatus.ERROR,
}
_NO_MASKS = 'no masks'


class HealthTopic:
    """
    Judge one camera and publish ``~/<camera>/health``.

    The engine's thread judges frames; the executor's repeats what is known, and finds silence.

    :param qos: latched
    """

    def __init__(self, node: Node, camera: str, qos: QoSProfile) -> None:
        self._node = node
        self._name = f'{node.get_fully_qualified_name().lstrip("/")}: health {camera}'
        self._publisher = node.create_publisher(DiagnosticStatus, f'~/{camera}/health', qos)
        self._lock = threading.Lock()
        self._judge: CameraHealth | None = None
        self._mask: tuple[Time, float] | None = None
        self._silent_after = math.inf
        self._said: tuple[str, tuple[str, ...]] | None = None

    def look(
        self,
        image: np.ndarray,
        labels: np.ndarray,
        confidence: np.ndarray | None,
        arrival: float,
        label_map: LabelMap,
        settings: HealthSettings,
    ) -> Health:
        """Judge a frame at the network's size, without padding, as :class:`CameraHealth` does."""
        with self._lock:
            if self._judge is None:
                self._judge = CameraHealth(label_map)
            self._judge.settings = settings
            return self._judge.look(image, labels, confidence, arrival)

    def tell_change(self, now: float, mask: Time | None) -> None:
        """Publish what changed; ``mask`` is the stamp of masks that were just published."""
        with self._lock:
            if mask is not None:
                self._mask = mask, now
            health = self._health(now)
            if (health.level, health.reasons) != self._said:
                self._publish(health, now)

    def repeat(self, now: float, silent_after: float) -> None:
        """Publish what is known, every second; masks older than ``silent_after`` are none."""
        with self._lock:
            self._silent_after = silent_after
            self._publish(self._health(now), now)

    def destroy(self) -> None:
        """Take the topic away."""
        self._node.destroy_publisher(self._publisher)

    def _health(self, now: float) -> Health:
        known = self._judge.health if self._judge is not None else Health()
        if self._mask is not None and now - self._mask[1] <= self._silent_after:
            return known
        return Health('unusable', (*known.reasons, _NO_MASKS), 0.0)

    def _publish(self, health: Health, now: float) -> None:
        self._said = health.level, health.reasons
        reasons = ', '.join(health.reasons)
        values = {'state': health.level, 'reasons': reasons, 'trusted_share': health.trusted}
        if self._mask is not None:
            stamp, since = self._mask
            values['mask_stamp'] = f'{stamp.sec}.{stamp.nanosec:09d}'
            values['mask_age'] = now - since
        if self._judge is not None:
            values |= self._judge.values
        self._publisher.publish(
            DiagnosticStatus(
                level=_LEVELS[health.level],
                name=self._name,
                message=f'{health.level}: {reasons}' if reasons else health.level,
                hardware_id=platform.node(),
                values=[
                    KeyValue(key=key, value=f'{value:.3f}' if isinstance(value, float) else value)
                    for key, value in values.items()
                ],
            )
        )
