"""The names that the package uses of rclpy: all of them are in the oldest ROS it runs on."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / 'roadseg_ros'

IN_HUMBLE = {
    'rclpy.callback_groups': {'ReentrantCallbackGroup'},
    'rclpy.clock': {'Clock', 'ClockType'},
    'rclpy.context': {'Context'},
    'rclpy.duration': {'Duration'},
    'rclpy.exceptions': {'InvalidTopicNameException', 'ParameterException'},
    'rclpy.executors': {'ExternalShutdownException', 'SingleThreadedExecutor'},
    'rclpy.expand_topic_name': {'expand_topic_name'},
    'rclpy.impl.implementation_singleton': {'rclpy_implementation'},
    'rclpy.impl.rcutils_logger': {'RcutilsLogger'},
    'rclpy.lifecycle': {'LifecycleNode', 'LifecycleState', 'TransitionCallbackReturn'},
    'rclpy.node': {'Node'},
    'rclpy.parameter': {'Parameter'},
    'rclpy.publisher': {'Publisher'},
    'rclpy.qos': {
        'DurabilityPolicy',
        'HistoryPolicy',
        'QoSPolicyKind',
        'QoSProfile',
        'ReliabilityPolicy',
        'qos_policy_name_from_kind',
    },
    'rclpy.qos_event': {'PublisherEventCallbacks', 'SubscriptionEventCallbacks'},
    'rclpy.qos_overriding_options': {'QoSOverridingOptions'},
    'rclpy.signals': {'SignalHandlerOptions'},
    'rclpy.subscription': {'Subscription'},
    'rclpy.utilities': {'remove_ros_args'},
    'rclpy.validate_topic_name': {'validate_topic_name'},
}
"""Read from the sources of rclpy's branch humble."""

NEWER = {
    ('rclpy.event_handler', 'PublisherEventCallbacks'),
    ('rclpy.event_handler', 'SubscriptionEventCallbacks'),
}
"""Each in a ``try`` whose ``except ImportError`` takes Humble's."""


def test_every_name_is_in_humble():
    used = {
        (node.module, name.name)
        for path in PACKAGE.rglob('*.py')
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('rclpy')
        for name in node.names
    }
    assert len(used) > 20
    known = {(module, name) for module, names in IN_HUMBLE.items() for name in names}
    assert used - known == NEWER
