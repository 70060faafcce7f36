"""The program waits for images on topics: ``receive.py TOPIC...``; 0 once each brought three."""

from __future__ import annotations

import sys
import time

import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

IMAGES = 3
SECONDS = 60.0


def main(topics: list[str]) -> int:
    """Receive until each topic brought enough images, or the time is over."""
    rclpy.init()
    node = rclpy.create_node('receive')
    counts = dict.fromkeys(topics, 0)

    def count(topic: str) -> None:
        counts[topic] += 1

    for topic in topics:
        node.create_subscription(
            Image, topic, lambda _, topic=topic: count(topic), qos_profile_sensor_data
        )
    end = time.monotonic() + SECONDS
    while min(counts.values()) < IMAGES and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    print(counts)
    rclpy.shutdown()
    return int(min(counts.values()) < IMAGES)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
