"""Serialized messages pass between rcl and NumPy, byte for byte."""

from __future__ import annotations

import gc
import os
import time
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('sensor_msgs.msg', reason='needs sensor_msgs: ROS or its wheels')

from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from roadseg_core.machine import resident_bytes
from roadseg_ros.dds.serialized import publish, take
from roadseg_ros.live.context import make_context


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch):
    """Return a node in a domain of this process's own."""
    monkeypatch.setenv('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    context = make_context()
    node = Node('passing', context=context)
    yield node
    node.destroy_node()
    context.try_shutdown()


class Handle(nullcontext):
    """Stand in for an entity of rclpy that lies at an address."""

    def __init__(self, pointer: int) -> None:
        super().__init__()
        self.pointer = pointer


def wait_for(condition, within: float = 20.0) -> object:
    until = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def taken(subscription) -> np.ndarray:
    return wait_for(lambda: [m for m in [take(subscription)] if m is not None])[0]


def test_what_is_published_is_taken(node):
    subscription = node.create_subscription(Image, 'images', lambda _: None, 10)
    publisher = node.create_publisher(Image, 'images', 10)
    wait_for(publisher.get_subscription_count)
    assert take(subscription) is None
    noise = np.random.default_rng(0)
    kept = []
    for size in (1, 40_000, 7):
        image = Image(height=1, width=size, step=size, encoding='mono8')
        image.header.frame_id = 'front'
        image.data = noise.integers(0, 256, size, np.uint8).tobytes()
        message = np.frombuffer(serialize_message(image), np.uint8).copy()
        publish(publisher, message)
        message[:] = 0  # The memory is the caller's again.
        kept.append((taken(subscription), image))
    gc.collect()
    for found, image in kept:
        assert deserialize_message(found.tobytes(), Image) == image
    assert take(subscription) is None


def test_memory_of_messages_is_given_back(node):
    subscription = node.create_subscription(Image, 'images', lambda _: None, 10)
    publisher = node.create_publisher(Image, 'images', 10)
    wait_for(publisher.get_subscription_count)
    message = np.zeros(1 << 20, np.uint8)
    message[1] = 1
    held = []
    for number in range(150):
        publish(publisher, message)
        assert len(taken(subscription)) == len(message)
        if number in (50, 149):
            held.append(resident_bytes())
    assert held[1] - held[0] < 30 << 20


def test_a_publisher_that_is_gone_is_named(node):
    publisher = node.create_publisher(Image, 'images', 10)
    node.destroy_publisher(publisher)
    with pytest.raises(Exception, match='destruction'):
        publish(publisher, np.zeros(8, np.uint8))


def test_what_rcl_refuses_is_an_error():
    # rcl knows by checks of its own that no publisher lies at an address.
    gone = SimpleNamespace(handle=Handle(0))
    with pytest.raises(RuntimeError, match=r'rcl cannot publish a message \(code \d+\): .'):
        publish(gone, np.zeros(8, np.uint8))
    with pytest.raises(RuntimeError, match=r'rcl cannot take a message \(code \d+\): .'):
        take(gone)
