"""An engine that never answers: said at once, and ended so that a respawn sees it."""

from __future__ import annotations

import signal
import time

import node_process as helpers
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from node_process import BEST_EFFORT, change, frame, publish_until
from sensor_msgs.msg import Image

NEVER_RETURNS = 'time.sleep(600)'
KEEPS_THE_LOCK = 'import ctypes; ctypes.PyDLL(None).sleep(600)'
"""A native call that holds Python's lock: no other thread of Python runs meanwhile."""


def driving(bench, topic='/camera/front/image_raw'):
    """Return a camera whose frames come out of the node as labels."""
    camera = bench.node.create_publisher(Image, topic, BEST_EFFORT)
    labels = bench.listen('/segmentation/front/label')
    bench.wait_ready()
    publish_until(bench, [camera], lambda: labels, 'labels')
    return camera


def hang(bench, camera, told) -> float:
    """Let the engine hang; return since when it does."""
    told.touch()
    publish_until(bench, [camera], told.with_name('broken').exists, 'a frame to hang at')
    bench.diagnostics.clear()
    return time.monotonic()


def ended(bench, node) -> float:
    """Wait for the end of the node; return when it was."""
    bench.until(lambda: node.process.poll() is not None, 30.0, 'the end of the node')
    return time.monotonic()


@pytest.mark.slow_fault
def test_inference_that_never_returns_is_an_error_and_then_the_end(
    start, engine_that, record_property
):
    fault, told = engine_that(NEVER_RETURNS)
    bench, node = start(fault=fault)
    camera = driving(bench)
    began = hang(bench, camera, told)
    bench.until(
        lambda: bench.diagnostics and bench.diagnostics[-1]['engine']['state'] == 'FAILED',
        what='the error',
    )
    said = time.monotonic() - began
    assert bench.diagnostics[-1]['engine']['level'] == DiagnosticStatus.ERROR
    assert bench.camera('front')['level'] == DiagnosticStatus.ERROR
    assert bench.camera('front')['failed'] == '1'
    took = ended(bench, node) - began
    record_property('seconds to the error', round(said, 2))
    record_property('seconds to the end', round(took, 2))
    assert node.process.returncode == 3
    assert said < 2.5
    assert took < 5.0
    assert 'inference has not returned for 2 s' in node.text()
    assert 'in broken' in node.text(), 'the traceback of the thread that hangs'


@pytest.mark.slow_fault
def test_a_native_call_that_holds_the_lock_is_ended_from_outside(
    start, engine_that, record_property
):
    fault, told = engine_that(KEEPS_THE_LOCK)
    bench, node = start(fault=fault)
    camera = driving(bench)
    began = hang(bench, camera, told)
    took = ended(bench, node) - began
    record_property('seconds to the end', round(took, 2))
    assert took < 10.0
    assert node.process.returncode > 0
    assert 'in broken' in node.text(), 'the traceback of the thread that hangs'


@pytest.mark.slow_fault
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_node_whose_engine_hangs(start, engine_that, number, record_property):
    fault, told = engine_that(NEVER_RETURNS)
    bench, node = start(fault=fault, inference_timeout='60.0')
    camera = driving(bench)
    hang(bench, camera, told)
    bench.spin_for(0.3)
    asked = time.monotonic()
    node.process.send_signal(number)
    took = ended(bench, node) - asked
    record_property('seconds to the end', round(took, 2))
    assert took < 5.0
    assert node.process.returncode == 0


@pytest.mark.slow_fault
def test_a_transition_is_answered_while_the_engine_hangs(start, engine_that, record_property):
    fault, told = engine_that(NEVER_RETURNS)
    bench, node = start(fault=fault)
    camera = driving(bench)
    hang(bench, camera, told)
    bench.spin_for(0.3)
    asked = time.monotonic()
    assert change(bench, Transition.TRANSITION_DEACTIVATE)
    took = time.monotonic() - asked
    record_property('seconds to the answer', round(took, 2))
    assert took < 1.0
    ended(bench, node)
    assert node.process.returncode == 3


OPENS_FOR_EVER = """
import time
from roadseg_core.engines.openvino import OpenVinoEngine
def compile(*_):
    time.sleep(600)
OpenVinoEngine._compile = compile
"""


def building(bench) -> bool:
    return bool(bench.diagnostics) and bench.diagnostics[-1]['engine']['state'] == 'BUILDING'


@pytest.mark.slow_fault
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_node_whose_engine_opens(start, number, record_property):
    bench, node = start(fault=OPENS_FOR_EVER)
    bench.until(lambda: building(bench), what='BUILDING')
    asked = time.monotonic()
    node.process.send_signal(number)
    took = ended(bench, node) - asked
    record_property('seconds to the end', round(took, 2))
    assert took < 5.0
    assert node.process.returncode == 0


@pytest.mark.slow_fault
def test_transitions_are_answered_while_the_engine_opens(start):
    bench, node = start(fault=OPENS_FOR_EVER)
    bench.until(lambda: building(bench), what='BUILDING')
    for transition in (
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_DEACTIVATE,
        Transition.TRANSITION_CLEANUP,
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_ACTIVATE,
    ):
        asked = time.monotonic()
        assert change(bench, transition)
        assert time.monotonic() - asked < 1.0, transition
    bench.until(lambda: building(bench), what='BUILDING')
    assert node.process.poll() is None


@pytest.mark.slow_fault
def test_an_opening_that_takes_too_long_is_the_end(start):
    bench, node = start(fault=OPENS_FOR_EVER, open_timeout='5.0')
    ended(bench, node)
    assert node.process.returncode == 3
    assert bench.diagnostics[-1]['engine']['level'] == DiagnosticStatus.ERROR
    assert 'opening the engine has not returned for 5 s' in node.text()
    assert 'in compile' in node.text()


@pytest.mark.slow_fault
def test_late_frames_are_not_published(start, engine_that):
    fault, told = engine_that('told.unlink(); time.sleep(1.2)')
    bench, _ = start(fault=fault, max_frame_age='0.5')
    camera = driving(bench)
    labels = bench.received['/segmentation/front/label']
    bench.spin_for(0.3)
    labels.clear()
    told.touch()
    camera.publish(frame(77))
    bench.until(lambda: bench.camera('front')['stale'] == '1', what='a stale frame')
    assert labels == []
    publish_until(bench, [camera], lambda: labels, 'labels again')


def test_a_process_ends_while_it_waits_for_its_first_frame(start):
    bench, node = start()
    bench.wait_ready()
    assert helpers.NodeProcess.stop(node) == 0


@pytest.mark.slow_fault
def test_an_engine_that_has_always_been_slow_does_not_hang(start, engine_that):
    fault, told = engine_that('time.sleep(0.4)')
    told.touch()
    bench, node = start(fault=fault, inference_timeout='0.3', max_frame_age='0.0', fps='60.0')
    camera = driving(bench)
    labels = bench.received['/segmentation/front/label']
    publish_until(bench, [camera], lambda: len(labels) >= 5, 'labels')
    assert node.process.poll() is None
