"""The sender of a load test: cameras in a process of their own, stamped with the steady clock."""

from __future__ import annotations

import argparse
import json
import time

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from roadseg_core.bags.cdr import with_stamp
from roadseg_core.benchmarking.load.messages import picture_messages
from roadseg_ros.live.context import make_context

_FOUND_WITHIN = 30.0
"""Seconds for the node to find the cameras."""


def main() -> int:
    """Send frames at a rate; print how many of each camera."""
    parser = argparse.ArgumentParser()
    parser.add_argument('cameras', nargs='+')
    parser.add_argument('--width', type=int, required=True)
    parser.add_argument('--height', type=int, required=True)
    parser.add_argument('--fps', type=float, required=True)
    parser.add_argument('--duration', type=float, required=True)
    parser.add_argument('--transport', required=True)
    options = parser.parse_args()
    context = make_context()
    node = Node('load_sender', context=context)
    is_raw = options.transport == 'raw'
    quality = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    publishers = [
        node.create_publisher(
            Image if is_raw else CompressedImage,
            f'/camera/{camera}/image_raw{"" if is_raw else "/compressed"}',
            quality,
        )
        for camera in options.cameras
    ]
    messages = picture_messages(options.height, options.width, is_raw)
    until = time.monotonic() + _FOUND_WITHIN
    while not all(publisher.get_subscription_count() for publisher in publishers):
        if time.monotonic() > until:
            print('nobody subscribes to the cameras')
            return 1
        time.sleep(0.05)
    # The node has to hear of it, too.
    time.sleep(0.5)
    began, sent = time.monotonic(), 0
    while (due := began + sent / options.fps) < began + options.duration:
        time.sleep(max(0.0, due - time.monotonic()))
        for publisher in publishers:
            publisher.publish(with_stamp(messages[sent % len(messages)], time.monotonic_ns()))
        sent += 1
    took = time.monotonic() - began
    # Best effort: what is on its way must not be lost by the end of this process.
    time.sleep(0.5)
    context.try_shutdown()
    print(json.dumps({'frames': sent, 'seconds': round(took, 3)}))
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
