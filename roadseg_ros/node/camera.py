"""One camera's subscriptions and publishers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import numpy as np
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2

from roadseg_core.bags.image_buffer import ImageBuffer
from roadseg_ros.dds import serialized
from roadseg_ros.node.parameters import CameraSettings
from roadseg_ros.node.qos_events import ClosedGroup

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)

_OUTPUT_OVERRIDES = QoSOverridingOptions(
    (
        QoSPolicyKind.HISTORY,
        QoSPolicyKind.DEPTH,
        QoSPolicyKind.RELIABILITY,
        # A planner that asks for a deadline gets nothing from a publisher without one.
        QoSPolicyKind.DEADLINE,
    )
)

Message = TypeVar('Message')

OUTPUTS = {
    'label': Image,
    'road_mask': Image,
    'confidence': Image,
    'overlay': Image,
    'overlay/compressed': CompressedImage,
    'camera_info': CameraInfo,
    'road_grid': OccupancyGrid,
    'road_edge': PointCloud2,
    'label_rle': Image,
}
"""What is published of each camera, under ``~/<camera>/``."""

_LOOKS_AFTER = 0.1
"""Seconds after which subscribers are counted again."""

FUSED_OUTPUTS = {'road_grid': OccupancyGrid}
"""What is published of all cameras together, under ``~/``."""


def sensor_qos() -> QoSProfile:
    """
    Return the QoS of one camera's subscription.

    A profile of its own for each topic: rclpy writes a topic's overrides into it.
    """
    # With 5, DDS itself lost 1.5 % of 1280x720 frames of four cameras; the slot keeps the newest.
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.BEST_EFFORT
    )


def output_qos() -> QoSProfile:
    """Return the QoS of one output, a profile of its own, as :func:`sensor_qos`."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=5, reliability=ReliabilityPolicy.RELIABLE
    )


class OutputPublishers:
    """
    Publish outputs.

    :param node: the node to publish from
    :param prefix: what their topics begin with
    :param outputs: their names and types
    :param events: takes the publishers' events
    :ivar buffers: of each output that is an image
    """

    def __init__(
        self, node: Node, prefix: str, outputs: Mapping[str, type], events: ClosedGroup
    ) -> None:
        self._node = node
        self._publishers: dict[str, Publisher] = {}
        self._wanted, self._looked = frozenset[str](), -math.inf
        self.buffers = {
            output: ImageBuffer('bgr8' if output == 'overlay' else 'mono8')
            for output, kind in outputs.items()
            if kind is Image
        }
        try:
            for output, kind in outputs.items():
                topic = f'{prefix}/{output}'
                self._publishers[output] = node.create_publisher(
                    kind,
                    topic,
                    output_qos(),
                    event_callbacks=PublisherEventCallbacks(
                        incompatible_qos=_mismatch_warning(
                            node, node.resolve_topic_name(topic), 'a subscriber asks for'
                        )
                    ),
                    qos_overriding_options=_OUTPUT_OVERRIDES,
                    callback_group=events,
                )
        except BaseException:
            self.destroy()
            raise

    def wanted(self) -> frozenset[str]:
        """Return the outputs that somebody subscribes to, or did a tenth of a second ago."""
        now = time.monotonic()
        if now - self._looked >= _LOOKS_AFTER:
            self._looked = now
            self._wanted = frozenset(
                output
                for output, publisher in list(self._publishers.items())
                if publisher.get_subscription_count()
            )
        return self._wanted

    def publish(self, output: str, message: object) -> None:
        """Publish one output; an array, uint8 [length], is a serialized message."""
        publisher = self._publishers[output]
        if isinstance(message, np.ndarray):
            serialized.publish(publisher, message)
        else:
            publisher.publish(message)

    def destroy(self) -> None:
        """Take the topics away."""
        publishers, self._publishers = self._publishers, {}
        # From now on nobody is looked for.
        self._wanted, self._looked = frozenset(), math.inf
        for publisher in publishers.values():
            self._node.destroy_publisher(publisher)


class CameraSubscriptions:
    """
    Subscribe to one camera's images and CameraInfo.

    :param events: takes the subscriptions' events
    :param on_frame: called with every image message, serialized; must return at once
    :param on_info: called with every CameraInfo
    :ivar takes: of each subscription, takes a message that waits and makes its call; this is for
        a :class:`roadseg_ros.node.receiver.Receiver`
    """

    def __init__(
        self,
        node: Node,
        camera: CameraSettings,
        *,
        events: ClosedGroup,
        on_frame: Callable[[np.ndarray], None],
        on_info: Callable[[CameraInfo], None],
    ) -> None:
        self._node = node
        kind = Image if camera.transport == 'raw' else CompressedImage
        self.takes: dict[Subscription, Callable[[], None]] = {}
        try:
            for message, topic, take, callback in (
                (kind, camera.image_topic, serialized.take, on_frame),
                (CameraInfo, camera.camera_info_topic, _take_info, on_info),
            ):
                subscription = node.create_subscription(
                    message,
                    topic,
                    callback,
                    sensor_qos(),
                    # The receiver takes its messages.
                    callback_group=events,
                    event_callbacks=SubscriptionEventCallbacks(
                        incompatible_qos=_mismatch_warning(
                            node, node.resolve_topic_name(topic), 'a publisher does not offer'
                        )
                    ),
                    qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                )
                self.takes[subscription] = partial(_pass_on, subscription, take, callback)
        except BaseException:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Stop listening."""
        for subscription in self.takes:
            self._node.destroy_subscription(subscription)
        self.takes.clear()


def _take_info(subscription: Subscription) -> CameraInfo | None:
    with subscription.handle:
        taken = subscription.handle.take_message(CameraInfo, False)
    return None if taken is None else taken[0]


def _pass_on(
    subscription: Subscription,
    take: Callable[[Subscription], Message | None],
    callback: Callable[[Message], None],
) -> None:
    message = take(subscription)
    if message is not None:
        callback(message)


def _mismatch_warning(node: Node, topic: str, who: str) -> Callable[[object], None]:
    def warn(event: object) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        node.get_logger().warning(
            f'QoS mismatch on {topic}: {who} the {policy} asked for, so no messages pass between '
            f'them; set it on either side, here by qos_overrides.{topic}'
        )

    return warn
