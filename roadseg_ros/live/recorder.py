"""Record what a node publishes in a bag, and when each message came."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import OccupancyGrid
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rosbags.rosbag2 import StoragePlugin, Writer
from sensor_msgs.msg import Image
from std_msgs.msg import String

from roadseg_core.bags.cdr import message_types
from roadseg_core.bags.images import read_stamp
from roadseg_core.bags.message_types import GRID_TYPE, RAW_TYPE
from roadseg_core.evaluation.live.results import output_topic
from roadseg_ros.live.context import make_context

OUTPUTS = ('label', 'road_mask')
_DEPTH = 10
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@dataclass
class Recorded:
    """
    Hold what was recorded.

    :param received_ns: CLOCK_MONOTONIC by camera and stamp, of the label images
    :param label_map: what the node says its labels mean, JSON; None before it said so
    :param statuses: the newest diagnostics: values by status name, less the node's
    :param reports: how many diagnostics came
    """

    received_ns: dict[tuple[str, int], int] = field(default_factory=dict)
    label_map: dict | None = None
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)
    reports: int = 0


class Recorder:
    """
    Subscribe to what a live run needs, in a thread of its own; use it as a context.

    :param path: bag to write; must not exist
    :param node: full name of the node that is listened to
    :param grid: whether the fused road grid is recorded, too
    """

    def __init__(
        self, path: Path, cameras: tuple[str, ...], *, node: str, grid: bool = False
    ) -> None:
        self._target = node
        self._context = make_context()
        self.recorded = Recorded()
        self._bag = Writer(path, version=8, storage_plugin=StoragePlugin.MCAP)
        self._bag.open()
        self._node = Node('live_recorder', context=self._context)
        self._topics = [
            self._subscribe_images(camera, output) for camera in cameras for output in OUTPUTS
        ]
        if grid:
            self._topics.append(self._subscribe_grid())
        self._node.create_subscription(
            DiagnosticArray, '/diagnostics', self._take_diagnostics, _DEPTH
        )
        self._node.create_subscription(String, f'{node}/label_map', self._take_label_map, _LATCHED)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name='recorder', daemon=True)
        self._thread.start()

    def matched(self) -> bool:
        """Say whether every output has a publisher."""
        return all(self._node.count_publishers(topic) for topic in self._topics)

    def __enter__(self) -> Recorder:
        """Return the recorder, which records already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and finish the bag."""
        self._executor.shutdown(timeout_sec=2.0)
        self._context.try_shutdown()
        self._thread.join(timeout=5.0)
        self._bag.close()

    def _subscribe_images(self, camera: str, output: str) -> str:
        topic = output_topic(camera, output, node=self._target)
        connection = self._bag.add_connection(topic, RAW_TYPE, typestore=message_types())
        is_label = output == 'label'

        def take(message: bytes) -> None:
            now_ns = time.monotonic_ns()
            if is_label:
                self.recorded.received_ns[camera, read_stamp(message)] = now_ns
            self._bag.write(connection, time.time_ns(), message)

        # Serialized: the message goes into the bag as it came.
        self._node.create_subscription(Image, topic, take, _DEPTH, raw=True)
        return topic

    def _subscribe_grid(self) -> str:
        topic = f'{self._target}/road_grid'
        connection = self._bag.add_connection(topic, GRID_TYPE, typestore=message_types())

        def take(message: bytes) -> None:
            self._bag.write(connection, time.time_ns(), message)

        self._node.create_subscription(OccupancyGrid, topic, take, _DEPTH, raw=True)
        return topic

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = f'{self._target.lstrip("/")}: '
        mine = [status for status in message.status if status.name.startswith(prefix)]
        for status in mine:
            self.recorded.statuses[status.name.removeprefix(prefix)] = {
                value.key: value.value for value in status.values
            }
        self.recorded.reports += bool(mine)

    def _take_label_map(self, message: String) -> None:
        self.recorded.label_map = json.loads(message.data)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass
