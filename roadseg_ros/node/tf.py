"""Listen to tf, where tf2_msgs is installed, for the poses of cameras."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from roadseg_core.ground.transforms import FrameTree, TransformError, transform_matrix

try:
    from tf2_msgs.msg import TFMessage
except ImportError:
    TFMessage = None

_TOPICS = {'/tf': DurabilityPolicy.VOLATILE, '/tf_static': DurabilityPolicy.TRANSIENT_LOCAL}


class TfListener:
    """Keep the newest transforms while somebody needs them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._subscriptions = []
        self._tree = FrameTree()

    def listen(self, needed: bool) -> None:
        """Start or stop to listen; for the executor's thread."""
        if TFMessage is None or needed == bool(self._subscriptions):
            return
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        self._tree = FrameTree()
        if needed:
            self._subscriptions = [
                self._node.create_subscription(
                    TFMessage,
                    topic,
                    partial(self._take, static=topic == '/tf_static'),
                    QoSProfile(depth=100, durability=durability),
                )
                for topic, durability in _TOPICS.items()
            ]

    def lookup(self, base: str, frame: str) -> np.ndarray:
        """
        Return the float64 [4, 4] matrix from ``frame`` to ``base``.

        :raises TransformError: where tf does not tell it, or cannot be trusted now
        """
        if TFMessage is None:
            raise TransformError(
                'it has no pose, and tf2_msgs is not installed: set its parameter pose'
            )
        return self._tree.lookup(base, frame, time.monotonic())

    def _take(self, message: object, *, static: bool) -> None:
        for problem in put_transforms(self._tree, message.transforms, static=static):
            self._node.get_logger().warning(problem, throttle_duration_sec=1.0)


def put_transforms(
    tree: FrameTree, transforms: Sequence[TransformStamped], *, static: bool
) -> list[str]:
    """Put the transforms of a message into a tree; return what is wrong with those left out."""
    problems, now = [], time.monotonic()
    for transform in transforms:
        header, child = transform.header, transform.child_frame_id
        at, turn = transform.transform.translation, transform.transform.rotation
        try:
            matrix = transform_matrix((at.x, at.y, at.z), (turn.x, turn.y, turn.z, turn.w))
        except TransformError as error:
            problems.append(f'{header.frame_id} -> {child}: {error}')
            continue
        stamp = header.stamp.sec + header.stamp.nanosec * 1e-9
        tree.put(header.frame_id, child, matrix, static=static, stamp=stamp, now=now)
    return problems
