"""The life of the node over DDS: transitions, parameters, QoS, failures."""

from __future__ import annotations

import node_process as helpers
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import GetState
from node_process import call, change, publish_until, set_parameter
from sensor_msgs.msg import CameraInfo, Image


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
    assert set_parameter(bench, 'overlay_jpeg_quality', 30).successful
    for name, value in (
        ('model', 'other.onnx'),
        ('camera_names', ['left']),
        ('road_threshold', 0.0),
        ('output_geometry', 'camera'),
    ):
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
    bench, _ = start(
        camera_names='[front,left]',
        **{f'qos_overrides.{topic}.subscription.reliability': 'reliable'},
    )
    left = bench.node.create_publisher(Image, '/camera/left/image_raw', helpers.BEST_EFFORT)
    labels = bench.listen('/segmentation/left/label')
    bench.wait_ready()
    publish_until(bench, [left], lambda: labels, 'a best-effort camera beside a reliable one')


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


@pytest.mark.parametrize(
    ('parameters', 'word'),
    [
        ({'model': '/nowhere/model.onnx'}, 'cannot read the model file'),
        ({'fps': '-3.0'}, 'fps'),
        ({'fps': 'fast'}, 'fps'),
        ({'backend': 'abacus'}, 'backend'),
        ({'backend': 'torch'}, 'the engine cannot be opened'),
        ({'cache_dir': __file__}, 'cannot be a folder'),
        ({'label_map': 'eight'}, "label_map: 'eight'"),
        ({'camera_names': '[a,a]'}, 'camera_names'),
        ({'front__transport': 'pigeon'}, 'front.transport'),
        ({'front__image_topic': '"/two words"'}, 'front.image_topic'),
        (
            {'camera_names': '[front,left]', 'left__image_topic': '/camera/front/image_raw'},
            'left.image_topic: /camera/front/image_raw is the topic of two cameras',
        ),
        ({'qos_overrides./camera/front/image_raw.subscription.reliability': 'lazy'}, 'on_activate'),
    ],
)
def test_a_start_that_cannot_be_says_why(start, parameters, word):
    _, node = start(**parameters)
    assert node.process.wait(60) in (2, 3)
    assert word in node.text()
    assert 'reopening' not in node.text()
    assert 'Traceback' not in node.text()


def test_a_checkpoint_of_other_classes_is_refused(start, tmp_path):
    pytest.importorskip('torch', reason='checkpoints need torch')

    from checkpoint_files import write_checkpoint

    from roadseg_core.geometry import Geometry

    path, arguments = tmp_path / 'unet.safetensors', {'out_channels': 1, 'filters': 2}
    write_checkpoint(path, 'unet', arguments, Geometry('stretch', (32, 64)))
    _, node = start(model=str(path), label_map='seven')
    assert node.process.wait(60) == 3
    assert "label_map: 'seven', but" in node.text()
    assert 'the engine cannot be opened' in node.text() and 'reopening' not in node.text()
