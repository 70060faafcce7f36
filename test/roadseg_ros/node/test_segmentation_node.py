"""The node over DDS: real processes; the test is the cameras and the planner."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import cv2
import node_process as helpers
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import frame, publish_until
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

CAMERAS = ('front', 'left', 'right', 'rear')


def test_four_cameras_and_one_that_is_missing_then_comes(start):
    bench, node = start(camera_names='[front,left,right,rear]', fps='30.0')
    images = {
        c: bench.node.create_publisher(Image, f'/camera/{c}/image_raw', helpers.BEST_EFFORT)
        for c in CAMERAS
    }
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in CAMERAS}
    masks = bench.listen('/segmentation/front/road_mask')
    bench.wait_ready()
    publish_until(
        bench,
        [images[c] for c in CAMERAS[:3]],
        lambda: all(len(labels[c]) >= 5 for c in CAMERAS[:3]) and len(masks) >= 5,
        'three cameras of four',
    )
    assert labels['rear'] == []
    publish_until(bench, images.values(), lambda: len(labels['rear']) >= 3, 'the fourth camera')
    for camera in CAMERAS:
        for message in labels[camera]:
            number = message.header.stamp.sec - 1000
            assert message.header.stamp.nanosec == 7 * number
            assert message.header.frame_id == 'optical'
            assert (message.encoding, message.height, message.width) == ('mono8', 120, 160)
            assert max(message.data) < 7
    assert set(masks[-1].data) <= {0, 255}
    late = bench.listen('/segmentation/label_map', String, helpers.LATCHED)
    bench.until(lambda: bool(late), what='the latched label map')
    assert json.loads(late[0].data)['road_ids'] == [2]
    assert 'for 4 x 30 = 120 frames/s' in bench.diagnostics[-1]['engine']['engine_rate']
    assert node.stop() == 0
    assert 'frames/s in batches of 4' in node.text()
    assert 'Traceback' not in node.text()
    assert 'licence: ' in node.text()


def test_a_camera_that_leaves_and_comes_back(start):
    bench, node = start(camera_names='[front,left]', fps='30.0')
    front, left = (
        bench.node.create_publisher(Image, f'/camera/{c}/image_raw', helpers.BEST_EFFORT)
        for c in ('front', 'left')
    )
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in ('front', 'left')}
    bench.wait_ready()
    publish_until(bench, [front, left], lambda: all(len(v) >= 3 for v in labels.values()), 'both')
    bench.node.destroy_publisher(left)
    alone, before = len(labels['front']), len(labels['left'])
    publish_until(
        bench,
        [front],
        lambda: len(labels['front']) >= alone + 10,
        'the one that stays',
        make=lambda i: frame(1000 + i),
    )
    assert len(labels['left']) <= before + 1  # what was under way when it left
    left = bench.node.create_publisher(Image, '/camera/left/image_raw', helpers.BEST_EFFORT)
    publish_until(
        bench,
        [front, left],
        lambda: len(labels['left']) >= before + 4,
        'left again',
        make=lambda i: frame(2000 + i),
    )
    assert labels['left'][-1].header.stamp.sec >= 3000
    assert node.stop() == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_frames_flow_ends_with_the_books_closed(start, number):
    bench, node = start(fps='60.0')
    front = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()
    publish_until(bench, [front], lambda: len(labels) >= 3, 'labels')
    node.process.send_signal(number)
    # Frames keep coming while it ends.
    publish_until(bench, [front], lambda: node.process.poll() is not None, 'the end of the node')
    assert node.process.returncode == 0
    assert 'Traceback' not in node.text()
    bench.until(
        lambda: bench.diagnostics[-1]['engine']['state'] == 'STOPPED',
        what='the closing diagnostics',
    )
    assert bench.camera('front')['pending'] == '0'


def test_ctrl_c_while_the_node_still_loads_ends_without_a_traceback(tmp_path):
    node = helpers.NodeProcess(tmp_path, 0, {})
    loaded = Path(f'/proc/{node.process.pid}/maps')
    while node.process.poll() is None and '/numpy/' not in loaded.read_text():
        time.sleep(0.005)
    assert node.stop() == 0
    assert node.text() == ''


def test_a_large_jpeg_has_outputs_of_its_own_size(start):
    bench, _ = start(front__transport='compressed', fps='30.0')
    camera = bench.node.create_publisher(
        CompressedImage, '/camera/front/image_raw/compressed', helpers.BEST_EFFORT
    )
    infos = bench.node.create_publisher(CameraInfo, '/camera/front/camera_info', 10)
    masks = bench.listen('/segmentation/front/road_mask')
    scaled = bench.listen('/segmentation/front/camera_info', CameraInfo)
    bench.wait_ready()
    # Twice the network's input: it is decoded at half its size while nobody looks at overlays.
    data = cv2.imencode('.jpg', np.full((640, 960, 3), 99, np.uint8))[1].tobytes()
    k = [900.0, 0.0, 480.0, 0.0, 900.0, 320.0, 0.0, 0.0, 1.0]

    class Camera:
        @staticmethod
        def publish(message):
            infos.publish(CameraInfo(width=960, height=640, k=k))
            camera.publish(message)

    def make(number):
        return CompressedImage(format='jpeg', data=data)

    def send_until(condition, what):
        publish_until(bench, [Camera], condition, what, make=make)

    send_until(lambda: masks and scaled, 'a mask')
    overlays = bench.listen('/segmentation/front/overlay')
    send_until(lambda: overlays, 'an overlay')
    for message in (masks[0], masks[-1], overlays[-1], scaled[-1]):
        assert (message.height, message.width) == (640, 960)
    assert list(scaled[-1].k) == k
    report = bench.camera('front')
    assert (report['width'], report['height']) == ('960', '640')
    assert (report['bad'], report['incomplete'], report['last_error']) == ('0', '0', '')


def test_bad_frames_are_dropped_counted_and_survived(start):
    bench, _ = start(camera_names='[front,left]', left__transport='compressed', fps='60.0')
    raw = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    jpeg = bench.node.create_publisher(
        CompressedImage, '/camera/left/image_raw/compressed', helpers.BEST_EFFORT
    )
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in ('front', 'left')}
    bench.wait_ready()
    good = cv2.imencode('.jpg', np.full((90, 130, 3), 99, np.uint8))[1].tobytes()

    def publish_good(number):
        raw.publish(frame(number))
        jpeg.publish(CompressedImage(format='jpeg', data=good))

    class Both:
        publish = staticmethod(publish_good)

    publish_until(
        bench,
        [Both],
        lambda: labels['front'] and labels['left'],
        'good frames',
        make=lambda number: number,
    )
    unknown, short, narrow, empty = (frame(i) for i in range(4))
    unknown.encoding = '7XYZ'
    short.data = short.data[:-50]
    narrow.step = 10
    empty.height = empty.width = empty.step = 0
    empty.data = b''
    for count, message in enumerate((unknown, short, narrow, empty), start=1):
        raw.publish(message)
        bench.until(lambda n=count: bench.camera('front')['bad'] == str(n), what='a bad frame')
    jpeg.publish(CompressedImage(format='jpeg', data=good[:-20]))
    bench.until(lambda: bench.camera('left')['bad'] == '1', what='a truncated JPEG')
    assert bench.camera('left')['last_error']
    before = len(labels['front']), len(labels['left'])
    publish_until(
        bench,
        [Both],
        lambda: len(labels['front']) > before[0] and len(labels['left']) > before[1],
        'good frames again',
        make=lambda number: number,
    )
    assert (labels['left'][-1].height, labels['left'][-1].width) == (90, 130)


def test_frames_that_nobody_expects_cost_themselves_alone(start):
    bench, node = start(max_stamp_age='3600.0')
    front = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()

    def before_time(number):
        message = frame(number)
        message.header.stamp.sec = -1
        return message

    def unknown(number):
        message = now(number)
        message.encoding = '7XYZ'
        return message

    def now(number):
        message = frame(number)
        message.header.stamp = bench.node.get_clock().now().to_msg()
        return message

    publish_until(
        bench,
        [front],
        lambda: int(bench.camera('front')['stale']) > 0,
        'stale frames',
        make=before_time,
    )
    publish_until(
        bench,
        [front],
        lambda: '7XYZ' in bench.camera('front')['message'],
        'a word about the encoding',
        make=unknown,
    )
    assert bench.camera('front')['level'] == DiagnosticStatus.ERROR
    publish_until(bench, [front], lambda: labels, 'a label image', make=now)
    assert node.stop() == 0
