"""Publish serialized images over ROS."""

from __future__ import annotations

import threading
import time

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.message_types import camera_info_topic
from roadseg_core.bags.records import SourceError

_DEPTH = 10


class RosOutput:
    """
    Publish each camera on its topics.

    :param topics: image topic by camera, without ``/compressed``
    :param transport: ``raw`` or ``compressed``
    :param reliability: ``best_effort``, as most camera drivers, or ``reliable``
    :param clock: whether /clock is published
    """

    def __init__(
        self, node: Node, topics: dict[str, str], *, transport: str, reliability: str, clock: bool
    ) -> None:
        self._node = node
        best_effort = reliability == 'best_effort'
        qos = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=_DEPTH,
            reliability=(
                ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
            ),
        )
        kind, suffix = (Image, '') if transport == 'raw' else (CompressedImage, '/compressed')
        self._images = {
            camera: node.create_publisher(kind, topic + suffix, qos)
            for camera, topic in topics.items()
        }
        self._info_topics = {camera: camera_info_topic(topic) for camera, topic in topics.items()}
        self._infos: dict[str, Publisher] = {}
        self._qos = qos
        # Subscribers of /clock are best effort, keep last 1.
        self._clock = node.create_publisher(Clock, '/clock', 1) if clock else None

    def wait_for_subscribers(self, seconds: float, stop: threading.Event) -> None:
        """
        Wait until each image topic has a subscriber, or until ``stop``.

        :raises SourceError: if one has none after ``seconds``
        """
        deadline = time.monotonic() + seconds
        while True:
            lonely = [
                publisher.topic_name
                for publisher in self._images.values()
                if not publisher.get_subscription_count()
            ]
            if not lonely:
                return
            if time.monotonic() > deadline:
                raise SourceError(
                    f'nobody subscribed to {", ".join(lonely)} within {seconds:g} s; is the '
                    'receiver running, with the same ROS_DOMAIN_ID and topic names?'
                )
            if stop.wait(0.05):
                return

    def add_camera_info(self, camera: str) -> None:
        """Publish the CameraInfo of a camera too."""
        self._infos[camera] = self._node.create_publisher(
            CameraInfo, self._info_topics[camera], self._qos
        )

    def send(self, camera: str, image: bytes, camera_info: bytes | None) -> None:
        """Publish a frame, its CameraInfo first, so that it is there when the image comes."""
        if camera_info is not None:
            if camera not in self._infos:
                self.add_camera_info(camera)
            self._infos[camera].publish(camera_info)
        self._images[camera].publish(image)

    def send_clock(self, time_ns: int) -> None:
        """Publish /clock."""
        if self._clock is not None:
            stamp = Time(sec=time_ns // BILLION, nanosec=time_ns % BILLION)
            self._clock.publish(Clock(clock=stamp))
