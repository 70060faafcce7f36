"""One fault costs the frame, the output or the camera that has it, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_process import BEST_EFFORT, ROOT, change, frame, publish_until
from sensor_msgs.msg import CompressedImage, Image

MODEL = ROOT / 'models' / 'mobilenet_fcn_0.5.onnx'
OTHER_MODEL = ROOT / 'models' / 'unet_8.onnx'


def camera(bench, name='front'):
    return bench.node.create_publisher(Image, f'/camera/{name}/image_raw', BEST_EFFORT)


ONE_OUTPUT_CANNOT_BE_SENT = """
from roadseg_ros.node.camera import OutputPublishers
publish = OutputPublishers.publish
def broken(publishers, output, message):
    if output == 'road_mask' and b'broken' in message[:40].tobytes():
        raise OSError('no room for it')
    publish(publishers, output, message)
OutputPublishers.publish = broken
"""


@pytest.mark.slow_fault
def test_an_output_that_cannot_be_sent_is_lost_alone(start):
    bench, node = start(fault=ONE_OUTPUT_CANNOT_BE_SENT, camera_names='[front,left]')
    cameras = [camera(bench, name) for name in ('front', 'left')]
    labels = bench.listen('/segmentation/front/label')
    masks = {c: bench.listen(f'/segmentation/{c}/road_mask') for c in ('front', 'left')}
    bench.wait_ready()
    publish_until(bench, cameras, lambda: all(masks.values()) and labels, 'labels and masks')
    bench.spin_for(0.5)
    for messages in (labels, *masks.values()):
        messages.clear()
    before = bench.camera('front')

    def risen(count: str) -> int:
        return int(bench.camera('front')[count]) - int(before[count])

    def publish(number: int) -> None:
        cameras[0].publish(frame(number, frame_id='broken'))
        cameras[1].publish(frame(number))

    def lost_alone() -> bool:
        front, left = bench.camera('front'), bench.camera('left')
        return (
            risen('incomplete') >= 20
            and front['level'] == DiagnosticStatus.ERROR
            and 'no road_mask published' in front['message']
            and left['level'] == DiagnosticStatus.OK
            and len(masks['left']) >= 20
        )

    both = SimpleNamespace(publish=publish)
    publish_until(bench, [both], lost_alone, 'twenty lost masks', make=int, rate=8.0)
    bench.until(
        lambda: len(labels) == risen('processed') == risen('incomplete'), what='all that was sent'
    )
    assert masks['front'] == []
    assert bench.camera('front')['failed'] == '0'
    assert 'no road_mask published' in bench.camera('front')['last_error']
    assert node.process.poll() is None
    publish_until(bench, cameras, lambda: masks['front'], 'masks again')


NO_SECOND_ENGINE = """
from roadseg_core.engines.openvino import OpenVinoEngine
open_openvino = OpenVinoEngine.__init__
def broken(engine, model, options):
    if 'confidence' in options.outputs:
        raise OSError(28, 'No space left on device')
    open_openvino(engine, model, options)
OpenVinoEngine.__init__ = broken
"""


def test_a_second_engine_that_cannot_open_leaves_the_first_at_work(start):
    bench, node = start(fault=NO_SECOND_ENGINE)
    front = camera(bench)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()
    publish_until(bench, [front], lambda: labels, 'labels')
    bench.listen('/segmentation/front/confidence')
    publish_until(bench, [front], lambda: 'no confidence: ' in node.text(), 'word of it')
    labels.clear()
    publish_until(bench, [front], lambda: len(labels) > 5, 'labels still')
    assert bench.camera('front')['failed'] == bench.camera('front')['not_ready'] == '0'
    assert node.text().count('engine ready') == 1
    assert '[Errno 28]' in node.text()


SECOND_ENGINE_OPENS_WHEN_TOLD = """
import time
from pathlib import Path
from roadseg_core.engines.openvino import OpenVinoEngine
open_openvino, close = OpenVinoEngine.__init__, OpenVinoEngine.close
def waiting(engine, model, options):
    while 'confidence' in options.outputs and not Path({told!r}).exists():
        time.sleep(0.02)
    open_openvino(engine, model, options)
def told_close(engine):
    print('closed', *engine.outputs)
    close(engine)
OpenVinoEngine.__init__, OpenVinoEngine.close = waiting, told_close
"""


def test_a_second_engine_is_closed_where_the_node_stopped_meanwhile(start, tmp_path):
    told = tmp_path / 'open'
    bench, node = start(fault=SECOND_ENGINE_OPENS_WHEN_TOLD.format(told=str(told)))
    front = camera(bench)
    bench.wait_ready()
    bench.listen('/segmentation/front/confidence')
    publish_until(
        bench, [front], lambda: 'opening the engine with confidence' in node.text(), 'the opening'
    )
    assert change(bench, Transition.TRANSITION_DEACTIVATE)
    assert bench.camera('front')['pending'] == '0'
    told.touch()
    bench.until(lambda: 'closed labels confidence' in node.text(), what='the end of the engine')
    assert change(bench, Transition.TRANSITION_ACTIVATE)
    bench.wait_ready()


def test_the_model_that_was_read_runs_whatever_becomes_of_its_file(start, tmp_path):
    path = tmp_path / 'model.onnx'
    shutil.copy(MODEL, path)
    bench, _ = start(model=str(path), output_geometry='network')
    front = camera(bench)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()
    rng = np.random.default_rng(0)
    message = frame(1)
    small = rng.integers(0, 256, (6, 8, 3), np.uint8)
    message.data = cv2.resize(small, (160, 120)).tobytes()
    publish_until(bench, [front], lambda: labels, 'labels', make=lambda _: message)
    before = bytes(labels[-1].data)
    shutil.copy(OTHER_MODEL, path)
    confidence = bench.listen('/segmentation/front/confidence')
    publish_until(bench, [front], lambda: confidence, 'confidence', make=lambda _: message)
    labels.clear()
    publish_until(bench, [front], lambda: labels, 'labels', make=lambda _: message)
    after = bytes(labels[-1].data)
    same = np.frombuffer(before, np.uint8) == np.frombuffer(after, np.uint8)
    assert same.mean() > 0.999, 'the same network, compiled again'
    sha256 = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert bench.diagnostics[-1]['engine']['model_sha256'] == sha256


@pytest.mark.slow_fault
def test_cameras_take_turns_where_a_batch_holds_fewer(start, tmp_path):
    model = onnx.load(MODEL)
    for entry in model.metadata_props:
        if entry.key == 'roadseg':
            entry.value = json.dumps({**json.loads(entry.value), 'max_batch': 1})
    path = tmp_path / 'single.onnx'
    onnx.save(model, path)
    fault = (
        'import time\nfrom roadseg_core.engines.openvino import OpenVinoEngine\n'
        'infer = OpenVinoEngine._infer\n'
        'OpenVinoEngine._infer = lambda *a: (time.sleep(0.04), infer(*a))[1]'
    )
    names = ('front', 'left', 'right', 'rear')
    bench, _ = start(fault=fault, model=str(path), camera_names='[front,left,right,rear]')
    cameras = [camera(bench, name) for name in names]
    bench.wait_ready()

    def processed() -> list[int]:
        return [int(bench.camera(name)['processed']) for name in names]

    # Always the same one first.
    publish_until(bench, cameras, lambda: sum(processed()) >= 60, 'sixty frames')
    assert max(processed()) - min(processed()) <= 0.1 * max(processed()) + 1
    assert bench.camera('rear')['level'] == DiagnosticStatus.WARN


def many_scans(height: int, width: int, scans: int) -> bytes:
    """Return a small JPEG whose scans all paint the whole image."""
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    content = cv2.imencode('.jpg', np.zeros((height, width), np.uint8), flags)[1].tobytes()
    last = content.rindex(b'\xff\xda')
    return content[:last] + content[last:-2] * scans + content[-2:]


BOMBS = {
    'a JPEG of 67 million pixels': lambda: many_scans(8192, 8192, 110),
    'a JPEG of 110 scans': lambda: many_scans(4096, 4096, 110),
    'a PNG of zeros': lambda: cv2.imencode('.png', np.zeros((8192, 8192), np.uint8))[1].tobytes(),
}


@pytest.mark.slow_fault
@pytest.mark.parametrize('what', BOMBS)
def test_an_image_that_takes_long_to_decode_is_bad_before_it_is_decoded(start, what):
    bomb = CompressedImage(format='jpeg', data=BOMBS[what]())
    bench, _ = start(
        camera_names='[front,left]', front__transport='compressed', max_frame_age='10.0'
    )
    front = bench.node.create_publisher(
        CompressedImage, '/camera/front/image_raw/compressed', BEST_EFFORT
    )
    left = camera(bench, 'left')
    bench.wait_ready()
    # Slowly: on a busy machine, too, no frame is replaced by the next.
    publish_until(
        bench,
        [left],
        lambda: bench.camera('left')['level'] == DiagnosticStatus.OK,
        'left',
        rate=3.0,
    )
    before = bench.camera('left')
    publish_until(
        bench,
        [left, SimpleNamespace(publish=lambda _: front.publish(bomb))],
        lambda: int(bench.camera('front')['bad']) >= 10,
        'ten bad images',
        rate=3.0,
    )
    after = bench.camera('left')
    for cause in ('replaced', 'stale', 'failed', 'bad', 'not_ready'):
        assert after[cause] == before[cause], cause
    assert after['level'] == DiagnosticStatus.OK
    assert bench.camera('front')['level'] == DiagnosticStatus.ERROR


def test_stamps_of_the_future_and_standing_ones_are_stale(start):
    bench, _ = start(max_stamp_age='20.0')
    front = camera(bench)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()

    def stamped(ahead: int, number: int):
        message = frame(number)
        message.header.stamp = bench.node.get_clock().now().to_msg()
        message.header.stamp.sec += ahead
        return message

    publish_until(bench, [front], lambda: labels, 'labels', make=lambda n: stamped(0, n))
    assert bench.camera('front')['stale'] == '0'
    standing = stamped(0, 0)
    for make in (lambda n: stamped(100, n), lambda _: standing):
        bench.spin_for(0.5)
        before = int(bench.camera('front')['stale'])
        labels.clear()
        publish_until(
            bench,
            [front],
            lambda n=before: int(bench.camera('front')['stale']) >= n + 10,
            'stale frames',
            make=make,
        )
        assert len(labels) <= 1, 'the first of the standing ones is new'


def test_the_age_of_stamps_is_told_always(start):
    bench, _ = start()
    front = camera(bench)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()

    def ahead(number):
        message = frame(number)
        message.header.stamp = bench.node.get_clock().now().to_msg()
        message.header.stamp.sec += 100
        return message

    def age_is_told() -> bool:
        age = float(bench.camera('front')['stamp_age'])
        return bool(labels) and age == pytest.approx(-100.0, abs=1.0)

    publish_until(bench, [front], age_is_told, 'the age of stamps', make=ahead)
