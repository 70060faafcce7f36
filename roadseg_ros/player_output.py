"""Publish serialized images over ROS."""

from __future__ import annotations

import threading
import time

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.message_types import camera_info_topic
from roadseg_core.bags.records import SourceError
from roadseg_core.playing.settings import PlaySettings

_DEPTH = 10


class RosOutput:
    """Publish each camera on its topics."""

    def __init__(self, node: Node, settings: PlaySettings) -> None:
        self._node = node
        self._qos = QoSProfile(
            depth=_DEPTH, reliability=ReliabilityPolicy[settings.reliability.upper()]
        )
        raw = settings.transport == 'raw'
        kind, suffix = (Image, '') if raw else (CompressedImage, '/compressed')
        self._topics = {camera.name: camera.topic for camera in settings.cameras}
        self._images = {
            camera: node.create_publisher(kind, topic + suffix, self._qos)
            for camera, topic in self._topics.items()
        }
        self._infos: dict[str, Publisher] = {}
        # Subscribers of /clock are best effort, keep last 1.
        self._clock = node.create_publisher(Clock, '/clock', 1) if settings.clock_hz else None

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

    def send(self, camera: str, image: bytes, camera_info: bytes | None) -> None:
        """Publish a frame, its CameraInfo first, so that it is there when the image comes."""
        if camera_info is not None:
            if camera not in self._infos:
                topic = camera_info_topic(self._topics[camera])
                self._infos[camera] = self._node.create_publisher(CameraInfo, topic, self._qos)
            self._infos[camera].publish(camera_info)
        self._images[camera].publish(image)

    def send_clock(self, time_ns: int) -> None:
        """Publish /clock."""
        if self._clock is not None:
            stamp = Time(sec=time_ns // BILLION, nanosec=time_ns % BILLION)
            self._clock.publish(Clock(clock=stamp))
