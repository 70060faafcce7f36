"""The sender of a load test: cameras in a process of their own, stamped with the steady clock."""

from __future__ import annotations

import argparse
import json
import time

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from roadseg_core.bags.cdr import compressed_cdr, image_cdr, with_stamp
from roadseg_ros.live.context import make_context

_PICTURES = 8
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
    messages = _messages(options.height, options.width, is_raw)
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
            publisher.publish(with_stamp(messages[sent % _PICTURES], time.monotonic_ns()))
        sent += 1
    took = time.monotonic() - began
    # Best effort: what is on its way must not be lost by the end of this process.
    time.sleep(0.5)
    context.try_shutdown()
    print(json.dumps({'frames': sent, 'seconds': round(took, 3)}))
    return 0


def _messages(height: int, width: int, is_raw: bool) -> list[bytes]:
    """Return some pictures, smooth and rough as a street is, each shifted from the one before."""
    noise = np.random.default_rng(0)
    coarse = noise.integers(0, 256, (height // 60 + 2, width // 60 + 2, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = cv2.add(picture, noise.integers(0, 24, picture.shape, np.uint8))
    messages = []
    for number in range(_PICTURES):
        image = np.roll(picture, 8 * number, axis=1)
        if is_raw:
            messages.append(image_cdr(image, encoding='bgr8', stamp_ns=0, frame_id='load'))
        else:
            data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            messages.append(compressed_cdr(data, file_format='jpeg', stamp_ns=0, frame_id='load'))
    return messages


if __name__ == '__main__':
    raise SystemExit(main())
