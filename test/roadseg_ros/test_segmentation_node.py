"""The node over DDS: real processes; the test is the cameras and the planner."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
import signal
import sys

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String


def _load_helpers():
    path = Path(__file__).with_name('node_process.py')
    spec = importlib.util.spec_from_file_location('node_process', path)
    module = importlib.util.module_from_spec(spec)
    sys.modules['node_process'] = module
    spec.loader.exec_module(module)
    return module


helpers = _load_helpers()
frame = helpers.frame
CAMERAS = ('front', 'left', 'right', 'rear')


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    started = []

    def start(*, fault='', **parameters):
        domain = helpers.free_domain()
        bench = helpers.Bench(domain)
        node = helpers.NodeProcess(tmp_path, domain, {
            'diagnostics_period': '0.2', **{k.replace('__', '.'): v
                                            for k, v in parameters.items()}}, fault=fault)
        started.append((bench, node))
        return bench, node

    yield start
    for bench, node in started:
        node.stop()
        bench.close()


def call(bench, kind, service, request):
    client = bench.node.create_client(kind, service)
    bench.until(client.service_is_ready, what=service)
    future = client.call_async(request)
    bench.until(future.done, what=service)
    return future.result()


def change(bench, transition):
    request = ChangeState.Request()
    request.transition.id = transition
    return call(bench, ChangeState, '/segmentation/change_state', request).success


def set_parameter(bench, name, value):
    request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
    return call(bench, SetParameters, '/segmentation/set_parameters', request).results[0]


def publish_until(bench, publishers, condition, what, make=frame):
    """Publish numbered frames to all cameras at about 15 Hz until the condition holds."""
    for number in range(600):
        for publisher in publishers:
            publisher.publish(make(number))
        bench.spin_for(0.066)
        if condition():
            return number
    raise AssertionError(f'600 frames in vain: {what}')


def test_four_cameras_and_one_that_is_missing_then_comes(start):
    bench, node = start(camera_names='[front,left,right,rear]', fps='30.0')
    images = {c: bench.node.create_publisher(
        Image, f'/camera/{c}/image_raw', helpers.BEST_EFFORT) for c in CAMERAS}
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in CAMERAS}
    masks = bench.listen('/segmentation/front/road_mask')
    bench.wait_ready()
    publish_until(bench, [images[c] for c in CAMERAS[:3]],
                  lambda: all(len(labels[c]) >= 5 for c in CAMERAS[:3]) and len(masks) >= 5,
                  'three cameras of four')
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
    front, left = (bench.node.create_publisher(
        Image, f'/camera/{c}/image_raw', helpers.BEST_EFFORT) for c in ('front', 'left'))
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in ('front', 'left')}
    bench.wait_ready()
    publish_until(bench, [front, left], lambda: all(len(v) >= 3 for v in labels.values()), 'both')
    bench.node.destroy_publisher(left)
    alone, before = len(labels['front']), len(labels['left'])
    publish_until(bench, [front], lambda: len(labels['front']) >= alone + 10, 'the one that stays',
                  make=lambda i: frame(1000 + i))
    assert len(labels['left']) <= before + 1  # what was under way when it left
    left = bench.node.create_publisher(Image, '/camera/left/image_raw', helpers.BEST_EFFORT)
    publish_until(bench, [front, left], lambda: len(labels['left']) >= before + 4, 'left again',
                  make=lambda i: frame(2000 + i))
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
    bench.until(lambda: bench.diagnostics[-1]['engine']['state'] == 'STOPPED',
                what='the closing diagnostics')
    assert bench.camera('front')['pending'] == '0'


def test_bad_frames_are_dropped_counted_and_survived(start):
    bench, _ = start(camera_names='[front,left]', left__transport='compressed', fps='60.0')
    raw = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    jpeg = bench.node.create_publisher(
        CompressedImage, '/camera/left/image_raw/compressed', helpers.BEST_EFFORT)
    labels = {c: bench.listen(f'/segmentation/{c}/label') for c in ('front', 'left')}
    bench.wait_ready()
    good = cv2.imencode('.jpg', np.full((90, 130, 3), 99, np.uint8))[1].tobytes()

    def publish_good(number):
        raw.publish(frame(number))
        jpeg.publish(CompressedImage(format='jpeg', data=good))

    class Both:
        publish = staticmethod(publish_good)

    publish_until(bench, [Both], lambda: labels['front'] and labels['left'], 'good frames',
                  make=lambda number: number)
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
    publish_until(bench, [Both], lambda: len(labels['front']) > before[0]
                  and len(labels['left']) > before[1], 'good frames again',
                  make=lambda number: number)
    assert (labels['left'][-1].height, labels['left'][-1].width) == (90, 130)


def not_ready(bench) -> str:
    """Return the front camera's count from diagnostics yet to come."""
    bench.diagnostics.clear()
    bench.until(lambda: bool(bench.camera('front')), what='diagnostics')
    return bench.camera('front')['not_ready']


def test_lifecycle_parameters_and_lazy_outputs(start):
    bench, _ = start(autostart='false', output_geometry='network')
    state = call(bench, GetState, '/segmentation/get_state', GetState.Request()).current_state
    assert state.label == 'unconfigured'
    assert set_parameter(bench, 'road_threshold', 0.5).successful
    assert change(bench, Transition.TRANSITION_CONFIGURE)
    assert change(bench, Transition.TRANSITION_ACTIVATE)
    bench.wait_ready()
    assert set_parameter(bench, 'fps', 60.0).successful
    assert set_parameter(bench, 'road_threshold', 0.6).successful
    for name, value in (('model', 'other.onnx'), ('camera_names', ['left']),
                        ('road_threshold', 0.0), ('output_geometry', 'camera')):
        result = set_parameter(bench, name, value)
        assert not result.successful
        assert name in result.reason
        assert 'unconfigured' in result.reason
    assert 'overlay_mode' in set_parameter(bench, 'overlay_mode', 'rainbow').reason
    image = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    info = bench.node.create_publisher(CameraInfo, '/camera/front/camera_info', 10)
    overlay = bench.listen('/segmentation/front/overlay')
    infos = bench.listen('/segmentation/front/camera_info', CameraInfo)
    k = [100.0, 0.0, 79.5, 0.0, 100.0, 59.5, 0.0, 0.0, 1.0]

    class Camera:
        @staticmethod
        def publish(message):
            info.publish(CameraInfo(height=120, width=160, k=k))
            image.publish(message)

    publish_until(bench, [Camera], lambda: overlay and infos, 'lazy outputs')
    before = not_ready(bench)
    confidence = bench.listen('/segmentation/front/confidence')
    publish_until(bench, [Camera], lambda: confidence, 'confidence')
    # The engine with confidence was opened beside the one at work: nobody lost a frame by it.
    assert not_ready(bench) == before
    assert (confidence[-1].height, confidence[-1].width) == (320, 480)
    assert overlay[-1].encoding == 'bgr8'
    assert (infos[-1].height, infos[-1].width) == (320, 480)
    assert infos[-1].k[0] == pytest.approx(300.0)
    assert infos[-1].k[2] == pytest.approx(239.5)
    assert infos[-1].header.frame_id == 'optical'
    assert change(bench, Transition.TRANSITION_DEACTIVATE)
    assert change(bench, Transition.TRANSITION_CLEANUP)
    assert set_parameter(bench, 'output_geometry', 'camera').successful
    assert set_parameter(bench, 'camera_names', ['front', 'left']).successful
    assert set_parameter(bench, 'left.image_topic', '/elsewhere/image').successful
    assert change(bench, Transition.TRANSITION_CONFIGURE)
    assert change(bench, Transition.TRANSITION_ACTIVATE)
    bench.wait_ready()
    publish_until(bench, [Camera], lambda: confidence[-1].height == 120, 'camera geometry')


def test_overrides_of_one_topic_leave_the_others(start):
    topic = '/camera/front/image_raw'
    bench, _ = start(camera_names='[front,left]',
                     **{f'qos_overrides.{topic}.subscription.reliability': 'reliable'})
    left = bench.node.create_publisher(Image, '/camera/left/image_raw', helpers.BEST_EFFORT)
    labels = bench.listen('/segmentation/left/label')
    bench.wait_ready()
    publish_until(bench, [left], lambda: labels, 'a best-effort camera beside a reliable one')


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

    publish_until(bench, [front], lambda: int(bench.camera('front')['stale']) > 0,
                  'stale frames', make=before_time)
    publish_until(bench, [front], lambda: '7XYZ' in bench.camera('front')['message'],
                  'a word about the encoding', make=unknown)
    assert bench.camera('front')['level'] == DiagnosticStatus.ERROR
    publish_until(bench, [front], lambda: labels, 'a label image', make=now)
    assert node.stop() == 0


def test_a_qos_mismatch_is_named(start):
    topic = '/camera/front/image_raw'
    bench, node = start(**{f'qos_overrides.{topic}.subscription.reliability': 'reliable'})
    bench.wait_ready()
    bench.node.create_publisher(Image, topic, helpers.BEST_EFFORT)
    bench.until(lambda: f'QoS mismatch on {topic}' in node.text(), what='a warning')
    assert 'RELIABILITY' in node.text()


FAILS_EVERY_TENTH_CALL = """
from roadseg_core.engines import EngineError
from roadseg_core.engines.openvino import OpenVinoEngine
infer, calls = OpenVinoEngine._infer, []
def failing(engine, frames):
    calls.append(1)
    if len(calls) % 10 == 0:
        raise EngineError('the power went away')
    return infer(engine, frames)
OpenVinoEngine._infer = failing
"""


def test_an_engine_that_fails_is_reopened_once_then_the_node_ends(start):
    bench, node = start(fault=FAILS_EVERY_TENTH_CALL, fps='60.0')
    image = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)
    bench.wait_ready()
    publish_until(bench, [image], lambda: node.process.poll() is not None, 'the end of the node')
    assert node.process.returncode == 3
    assert node.text().count('engine failed: the power went away') == 2
    assert node.text().count('reopening the engine') == 1
    assert 'Traceback' not in node.text()
    bench.until(lambda: bench.camera('front')['failed'] == '2', what='the last counts')


@pytest.mark.parametrize(('parameters', 'word'), [
    ({'model': '/nowhere/model.onnx'}, 'cannot read the model file'),
    ({'fps': '-3.0'}, 'fps'),
    ({'fps': 'fast'}, 'fps'),
    ({'camera_names': '[a,a]'}, 'camera_names'),
    ({'front__transport': 'pigeon'}, 'front.transport'),
    ({'front__image_topic': '"/two words"'}, 'front.image_topic'),
    ({'camera_names': '[front,left]', 'left__image_topic': '/camera/front/image_raw'},
     'left.image_topic: /camera/front/image_raw is the topic of two cameras'),
    ({'qos_overrides./camera/front/image_raw.subscription.reliability': 'lazy'}, 'on_activate'),
])
def test_a_start_that_cannot_be_says_why(start, parameters, word):
    _, node = start(**parameters)
    assert node.process.wait(60) == 2
    assert word in node.text()
    assert 'Traceback' not in node.text()
