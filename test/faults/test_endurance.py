"""What a vehicle does to a node in a long drive: killed, starved, reconfigured, fed with noise."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import cv2
import node_process as helpers
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import BEST_EFFORT, frame, publish_until, set_parameter
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image

pytestmark = pytest.mark.slow_fault

TOPIC = '/camera/front/image_raw'
MASK = '/segmentation/front/road_mask'


def driving(bench):
    """Return a camera whose frames come out of the node, and the list of masks."""
    camera = bench.node.create_publisher(Image, TOPIC, BEST_EFFORT)
    masks = bench.listen(MASK)
    bench.wait_ready()
    publish_until(bench, [camera], lambda: masks, 'masks')
    return camera, masks


def test_a_killed_node_comes_back_where_it_is_started_again(start, tmp_path):
    bench, node = start()
    camera, masks = driving(bench)
    for _ in range(2):
        node.process.send_signal(signal.SIGKILL)
        assert node.process.wait(10) == -signal.SIGKILL
        node = helpers.NodeProcess(tmp_path, bench.domain, {'diagnostics_period': '0.2'})
        try:
            bench.diagnostics.clear()
            bench.wait_ready()
            masks.clear()
            publish_until(bench, [camera], lambda: len(masks) >= 20, 'masks again')
            assert bench.camera('front')['failed'] == '0'
        except BaseException:
            node.stop()
            raise
    assert node.stop() == 0


SUBSCRIBER = """
from pathlib import Path
import node_process as helpers
bench = helpers.Bench({domain})
masks = bench.listen({topic!r})
bench.until(lambda: masks, what='masks')
Path({there!r}).touch()
bench.spin_for(600)
"""


def test_a_reliable_subscriber_that_stands_still_harms_nobody(start, tmp_path):
    bench, _ = start()
    camera, masks = driving(bench)
    other = subprocess.Popen(
        [
            sys.executable,
            '-c',
            SUBSCRIBER.format(domain=bench.domain, topic=MASK, there=str(tmp_path / 'there')),
        ],
        env=helpers.environment(bench.domain),
    )
    try:
        publish_until(bench, [camera], (tmp_path / 'there').exists, 'the other subscriber')
        other.send_signal(signal.SIGSTOP)
        bench.spin_for(0.5)
        masks.clear()
        before = bench.camera('front')
        began = time.monotonic()
        for number in range(300):
            camera.publish(frame(number))
            bench.spin_for(max(0.0, began + (number + 1) / 15 - time.monotonic()))
        bench.spin_for(0.5)
        after = bench.camera('front')
        received, processed = (
            int(after[count]) - int(before[count]) for count in ('received', 'processed')
        )
        assert received >= 297
        # A busy machine replaces some; a publisher that waits would lose nearly all.
        assert processed >= 0.8 * received
        assert len(masks) == processed
        assert after['level'] != DiagnosticStatus.ERROR
    finally:
        other.send_signal(signal.SIGCONT)
        other.kill()
        other.wait()


GOOD = {
    'fps': (1.0, 15.0, 240.0),
    'batch_wait': (0.0, 0.05),
    'camera_timeout': (0.05, 5.0),
    'max_frame_age': (0.0, 0.5),
    'max_stamp_age': (0.0,),
    'max_pixels': (1 << 20, 1 << 25),
    'inference_timeout': (0.0, 2.0),
    'least_output': (0.0, 0.9),
    'overlay_alpha': (0.0, 1.0),
    'overlay_mode': ('road', 'palette'),
    'diagnostics_period': (0.05, 0.2),
}
BAD = {
    'fps': (-1.0, 0.0, 1e9, 'fast', 15),
    'batch_wait': (-0.1, 2.0),
    'camera_timeout': (0.0,),
    'max_pixels': (0, -5),
    'inference_timeout': (-1.0, float('inf')),
    'overlay_mode': ('rainbow', ''),
    'model': ('other.onnx',),
    'camera_names': (['left'], []),
    'diagnostics_period': (0.0, float('nan')),
}


def test_two_hundred_changes_of_parameters_good_and_bad(start):
    bench, node = start()
    camera, masks = driving(bench)
    chosen = random.Random(1)
    for number in range(200):
        kind = chosen.choice((GOOD, BAD))
        name = chosen.choice(sorted(kind))
        camera.publish(frame(number))
        result = set_parameter(bench, name, chosen.choice(kind[name]))
        assert result.successful == (kind is GOOD), (name, result.reason)
        assert result.successful or result.reason
    for name, value in (('fps', 15.0), ('max_frame_age', 0.5), ('diagnostics_period', 0.2)):
        assert set_parameter(bench, name, value).successful
    masks.clear()
    publish_until(bench, [camera], lambda: len(masks) >= 10, 'masks')
    assert 'Traceback' not in node.text()


def test_jumps_of_simulated_time_lose_nothing(start):
    bench, node = start(use_sim_time='true')
    clock = bench.node.create_publisher(Clock, '/clock', 10)
    camera, masks = driving(bench)
    bench.spin_for(0.5)
    before = int(bench.camera('front')['processed'])
    for second in (100, 200, 10**9, 50, 0, 2**31 - 1, 1):
        message = Clock()
        message.clock.sec = second
        clock.publish(message)
        for number in range(10):
            camera.publish(frame(number))
            bench.spin_for(0.066)
    bench.spin_for(0.5)
    counts = bench.camera('front')
    assert int(counts['processed']) - before == 70
    assert counts['stale'] == '0'
    assert node.process.poll() is None


def test_corrupt_messages_cost_themselves_alone(start):
    bench, node = start(camera_names='[front,left]', left__transport='compressed')
    camera, masks = driving(bench)
    left = bench.node.create_publisher(
        CompressedImage, '/camera/left/image_raw/compressed', BEST_EFFORT
    )
    noise = random.Random(2)
    contents = [
        serialize_message(frame(1)),
        serialize_message(CompressedImage(format='jpeg', data=b'\xff\xd8\xff' + bytes(500))),
    ]
    for number in range(300):
        for publisher, content in zip((camera, left), contents):
            broken = bytearray(content[: noise.randrange(4, 200)])
            for _ in range(noise.randrange(1, 8)):
                broken[noise.randrange(4, len(broken)) if len(broken) > 4 else 0] = noise.randrange(
                    256
                )
            publisher.publish(bytes(broken))
        if number % 10 == 0:
            bench.spin_for(0.05)
    for name in ('front', 'left'):
        # Of those that came between two batches the newest alone is read.
        assert int(bench.camera(name)['bad']) >= 20
        assert 'frame dropped: ' in bench.camera(name)['last_error']
    masks.clear()
    publish_until(bench, [camera], lambda: len(masks) >= 10, 'masks')
    assert node.process.poll() is None


def fuzzed_image(noise: random.Random, number: int) -> Image:
    message = frame(number)
    encodings = ('bgr8', 'rgb8', 'mono8', 'uyvy', 'nv12', 'bayer_rggb8', '16UC1', '', '\u00e9' * 9)
    for _ in range(noise.randrange(1, 4)):
        what = noise.randrange(5)
        if what == 0:
            message.encoding = noise.choice(encodings)
        elif what == 1:
            message.height = noise.choice((0, 1, 119, 121, 2**31, 2**32 - 1))
        elif what == 2:
            message.width = noise.choice((0, 1, 159, 161, 2**31, 2**32 - 1))
        elif what == 3:
            message.step = noise.choice((0, 1, 479, 481, 2**32 - 1))
        else:
            message.data = noise.randbytes(noise.choice((0, 1, 100, 57599, 57601)))
    return message


def fuzzed_file(noise: random.Random, files: list[bytes]) -> CompressedImage:
    content = bytearray(noise.choice(files))
    for _ in range(noise.randrange(0, 12)):
        content[noise.randrange(len(content))] = noise.randrange(256)
    if noise.random() < 0.3:
        del content[noise.randrange(len(content)) :]
    return CompressedImage(format=noise.choice(('jpeg', 'png', '', 'x' * 300)), data=bytes(content))


def test_two_thousand_images_of_noise_of_either_kind(start):
    bench, node = start(
        camera_names='[front,left]', left__transport='compressed', fps='240.0', max_frame_age='0.0'
    )
    camera, masks = driving(bench)
    left = bench.node.create_publisher(
        CompressedImage, '/camera/left/image_raw/compressed', BEST_EFFORT
    )
    noise = random.Random(3)
    picture = np.random.default_rng(3).integers(0, 256, (90, 130, 3), np.uint8)
    files = [
        cv2.imencode('.jpg', picture)[1].tobytes(),
        cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes(),
        cv2.imencode('.png', picture)[1].tobytes(),
    ]
    for number in range(2000):
        camera.publish(fuzzed_image(noise, number))
        left.publish(fuzzed_file(noise, files))
        bench.spin_for(0.004)
    bench.spin_for(1.0)
    for name in ('front', 'left'):
        counts = bench.camera(name)
        assert int(counts['received']) >= 1900, name
        assert int(counts['bad']) > 100, name
        assert counts['failed'] == '0', name
    masks.clear()
    publish_until(bench, [camera], lambda: len(masks) >= 10, 'masks')
    assert 'Traceback' not in node.text()
