"""The player as a process of its own, received over DDS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    python_path = f'{ROOT}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'
    return {**os.environ, 'PYTHONPATH': python_path}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / 'images'
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f'{index}.png'), np.full((120, 160, 3), 50 * index, np.uint8))
    return folder


class Receiver:
    """Subscribe in this process."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = Node('receiver', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.received: dict[str, list] = {}

    def subscribe(self, kind: type, topic: str) -> None:
        self.received[topic] = []
        self.node.create_subscription(
            kind, topic, self.received[topic].append, qos_profile_sensor_data
        )

    def spin_while(self, process: subprocess.Popen, seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.05)
        for _ in range(50):
            self.executor.spin_once(timeout_sec=0.0)


@pytest.fixture
def receiver(environment: dict[str, str]) -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.executor.shutdown()
    made.node.destroy_node()
    rclpy.shutdown(context=made.context)


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, '-m', 'roadseg_ros.play', *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stamp_of(message: Image) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


def test_what_the_log_tells_is_what_arrives(
    environment: dict[str, str], images: Path, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.subscribe(Image, '/camera/front/image_raw')
    receiver.subscribe(Image, '/other/left')
    receiver.subscribe(Clock, '/clock')
    log = tmp_path / 'logs' / 'sent.jsonl'
    process = start(
        environment,
        '--source',
        f'front={images}',
        '--source',
        f'left={images}',
        '--topic',
        'left=/other/left',
        '--phase',
        'left=0.02',
        '--fps',
        '25',
        '--loop',
        '--frames',
        '10',
        '--clock',
        '50',
        '--wait-subscribers',
        '10',
        '--log',
        str(log),
    )
    receiver.spin_while(process)
    assert process.wait(timeout=5) == 0, process.stdout.read()
    sent = [json.loads(line) for line in log.read_text(encoding='utf-8').splitlines()]
    for camera, topic in (('front', '/camera/front/image_raw'), ('left', '/other/left')):
        messages = receiver.received[topic]
        assert [stamp_of(message) for message in messages] == [
            entry['stamp_ns'] for entry in sent if entry['camera'] == camera
        ]
        assert len(messages) == 10
        assert {(m.encoding, m.height, m.width, m.header.frame_id) for m in messages} == {
            ('bgr8', 120, 160, camera)
        }
        assert [message.data[0] for message in messages[:4]] == [0, 50, 100, 0]
    assert len(receiver.received['/clock']) >= 10


def test_it_sends_compressed_images_until_it_is_stopped(
    environment: dict[str, str], images: Path, receiver: Receiver
) -> None:
    topic = '/camera/front/image_raw/compressed'
    receiver.subscribe(CompressedImage, topic)
    process = start(
        environment,
        '--source',
        str(images),
        '--fps',
        '50',
        '--loop',
        '--transport',
        'compressed',
        '--wait-subscribers',
        '10',
    )
    deadline = time.monotonic() + 10.0
    while len(receiver.received[topic]) < 5 and time.monotonic() < deadline:
        receiver.executor.spin_once(timeout_sec=0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=5) == 0
    assert len(receiver.received[topic]) >= 5
    assert receiver.received[topic][0].format == 'png'
    assert 'Traceback' not in process.stdout.read()


def test_a_missing_receiver_is_an_error(environment: dict[str, str], images: Path) -> None:
    process = start(environment, '--source', str(images), '--wait-subscribers', '0.3')
    assert process.wait(timeout=10) == 1
    assert 'nobody subscribed to /camera/front/image_raw' in process.stdout.read()


def test_a_part_that_holds_no_frame_is_an_error(environment: dict[str, str], images: Path) -> None:
    process = start(environment, '--source', str(images), '--start', '5', '--end', '6')
    assert process.wait(timeout=10) == 1
    assert 'no source holds a frame that can be read from second 5 to second 6' in (
        process.stdout.read()
    )
