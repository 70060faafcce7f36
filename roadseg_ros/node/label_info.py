"""Publish vision_msgs/LabelInfo, where vision_msgs is installed."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

from roadseg_core.labels import LabelMap

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None


def create_label_info_publisher(node: Node, qos: QoSProfile) -> Publisher | None:
    """Return a publisher of ``~/label_info``, or None where vision_msgs is not installed."""
    return None if LabelInfo is None else node.create_publisher(LabelInfo, '~/label_info', qos)


def label_info(label_map: LabelMap, stamp: Time) -> object:
    """Return a label map as LabelInfo; call it only where the publisher is not None."""
    message = LabelInfo()
    message.header.stamp = stamp
    message.class_map = [
        VisionClass(class_id=class_id, class_name=name)
        for class_id, name in enumerate(label_map.names)
    ]
    return message
